"""Real HTTP, a real Valkey, real worker processes: escalation in seconds, and crashes at the worst moments."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import pytest

from tests.processes.tocsin import a_tocsin, wait_for

pytestmark = pytest.mark.processes

KILLS = 8
UNAUDITED = {"urgent": "unaudited", "calm": "unaudited"}


def test_nobody_answers_and_everybody_is_called_once_and_in_time(tmp_path: Path) -> None:
    """On-call at once, the lead after 2 s, the CEO after 4 s: each once, none early, none more than 5 s late."""
    with a_tocsin(tmp_path) as tocsin:
        began = time.time()
        assert tocsin.post("web") == 202
        assert wait_for(lambda: len(tocsin.sink.pages()) == 3, 20)
        people = [whom for whom, _ in tocsin.sink.pages()]
        assert people == ["ana-key", "maria-key", "victor-key"]
        for person, due in (("ana-key", 0), ("maria-key", 2), ("victor-key", 4)):
            assert due <= tocsin.sink.at(person) - began < due + 5


def test_an_acknowledgement_between_two_steps_keeps_the_ceo_asleep(tmp_path: Path) -> None:
    """Acknowledged after the lead was called: PagerDuty hears it for both pages, and the CEO is never called."""
    with a_tocsin(tmp_path, lead="1s", ceo="6s") as tocsin:
        tocsin.post("web")
        assert wait_for(lambda: len(tocsin.sink.pages()) == 2, 10)
        (incident,) = tocsin.api("GET", "/incidents")["incidents"]
        tocsin.api("POST", f"/incidents/{incident['id']}/acknowledge", {"by": "maria"})
        assert wait_for(lambda: len(tocsin.sink.heard) == 4, 10)
        assert not wait_for(lambda: "victor-key" in [whom for whom, _ in tocsin.sink.pages()], 7)
        assert [said["event_action"] for _, said in tocsin.sink.heard[2:]] == ["acknowledge", "acknowledge"]


def test_a_report_is_told_which_incident_it_became(tmp_path: Path) -> None:
    """Whoever reports by hand can at once see who is being woken for it, and a second report of it joins the first."""
    with a_tocsin(tmp_path, lead="1h", ceo="2h") as tocsin:
        said = tocsin.api("POST", "/incidents", {"summary": "Nobody can log in", "dedup_key": "login", "by": "dan"})
        assert said["severity"] == "P1"
        assert tocsin.api("GET", f"/incidents/{said['incident']}")["title"] == "Nobody can log in"
        again = tocsin.api("POST", "/incidents", {"summary": "Still nobody", "dedup_key": "login", "by": "ana"})
        assert again["incident"] == said["incident"]


def test_a_worker_killed_while_it_sends_loses_no_page(tmp_path: Path) -> None:
    """kill -9 of the sending worker, 8 times: every page arrives within 30 s, and only what was in flight doubles."""
    with a_tocsin(tmp_path, lead="1h", ceo="2h") as tocsin:
        tocsin.sink.delay = 0.4
        kills = struck = 0
        began: dict[str, float] = {}
        while kills < KILLS:
            key = f"host {kills}"
            began[key] = time.time()
            assert tocsin.post(key) == 202
            assert wait_for(lambda key=key: any(key + " is" in one for one in tocsin.sink.begun), 20)
            kills += tocsin.kill("urgent")
            struck += tocsin.sink.in_flight
        assert wait_for(lambda: len({page for _, page in tocsin.sink.pages()}) == KILLS, 40)
        arrived: dict[str, float] = {}
        for at, said in tocsin.sink.heard:
            arrived.setdefault(said["payload"]["summary"].removesuffix(" is down").split(" · ")[-1], at)
        late = max(arrived[key] - began[key] for key in tocsin.posted)
        doubles = sum(Counter(page for _, page in tocsin.sink.pages()).values()) - len(tocsin.posted)
        print(f"kills {kills}, struck {struck}, pages {len(tocsin.posted)}, doubles {doubles}, latest {late:.1f} s")
        assert late <= 30
        assert doubles <= struck


def test_a_worker_that_dies_right_after_its_transaction_loses_no_page(tmp_path: Path) -> None:
    """The entry stands in the same MULTI as the incident: dying between EXEC and the bell loses nothing."""
    with a_tocsin(tmp_path, lead="1h", ceo="2h", modes=UNAUDITED | {"intake": "dies-after-commit"}) as tocsin:
        assert _lost(tocsin, 30) == set()


def test_the_oracle_goes_red_when_the_entry_is_written_after_the_transaction(tmp_path: Path) -> None:
    """The same crash with a Tocsin that writes its promises later: pages are lost, and this check sees it."""
    with a_tocsin(tmp_path, lead="1h", ceo="2h", modes=UNAUDITED | {"intake": "promises-later"}) as tocsin:
        assert _lost(tocsin, 8) != set()


def _lost(tocsin: object, seconds: float) -> set[str]:
    """What was handed over and did not reach PagerDuty."""
    for number in range(3):
        assert tocsin.post(f"host {number}") == 202  # type: ignore[attr-defined]
        time.sleep(0.5)

    def missing() -> set[str]:
        told = {said["payload"]["summary"].split(" · ")[-1].removesuffix(" is down") for _, said in tocsin.sink.heard}  # type: ignore[attr-defined]
        return set(tocsin.posted) - told  # type: ignore[attr-defined]

    wait_for(lambda: not missing(), seconds)
    return missing()
