"""S20: what PagerDuty says about an incident of ours is believed by its signature, once, and of that incident alone."""

from __future__ import annotations

from typing import Any

import httpx
import orjson
import pytest
from redis import Redis

from router.sources.contract import Options
from router.sources.pagerduty import sign
from rules.incident import State
from rules.reading.load import load
from tests.receiver.ear import RULES, SECRET, Ear

HOOK = "/hooks/pages"
PAGED = RULES.replace("  anything:", '  pages: {type: pagerduty, secret: "${env:SENTRY_NEW}"}\n  anything:')


@pytest.fixture
def paged(valkey: str, redis: Redis) -> Ear:
    """A receiver that PagerDuty calls back."""
    ear = Ear(valkey, redis)
    ear.use(load({"rules.yaml": PAGED}))
    return ear


def pressed(key: str, event: str = "incident.acknowledged", id_: str = "01PRESSED") -> bytes:
    """Somebody pressed a button in PagerDuty's app, on the page with this key."""
    person = {"type": "user_reference", "id": "P1", "summary": "Eve of PagerDuty"}
    data = {"type": "incident", "id": "Q1", "title": "Shop", "incident_key": key}
    return orjson.dumps({"event": {"id": id_, "event_type": event, "agent": person, "data": data}})


def calls_back(ear: Ear, body: bytes, secret: str | None = SECRET) -> httpx.Response:
    """PagerDuty, or whoever claims to be it, posts; the workers deal with what was believed."""
    proof = {} if secret is None else sign(body, secret.encode(), ear.clock.at, Options())
    answer = ear.ask("POST", HOOK, content=body, headers={"Content-Type": "application/json", **proof})
    if answer.status_code == 202:
        ear.works()
    return answer


def key_of(ear: Ear, monitor: int = 7) -> tuple[str, str]:
    """The shop is down, and its page stands in PagerDuty: the incident, and the key."""
    incident = ear.is_down(monitor, f"Shop {monitor}").id
    return incident, f"tocsin-{incident}-lead"


def state(ear: Ear, incident: str) -> Any:
    """How it stands."""
    found = ear.store.incident(incident)
    assert found is not None
    return found.state


def test_a_button_pressed_there_answers_here(paged: Ear) -> None:
    """By its signature; the timeline has who pressed it."""
    incident, key = key_of(paged)
    assert calls_back(paged, pressed(key)).status_code == 202
    assert state(paged, incident) is State.ACKNOWLEDGED
    assert any("Eve of PagerDuty" in f"{line.by} {line.text}" for line in paged.store.timeline(incident))


@pytest.mark.parametrize("secret", [None, "", "another team's secret", SECRET + " "])
def test_what_is_not_signed_by_our_secret_changes_nothing(paged: Ear, secret: str | None) -> None:
    """401, and the incident stays as it is."""
    incident, key = key_of(paged)
    assert calls_back(paged, pressed(key), secret).status_code == 401
    assert state(paged, incident) is State.TRIGGERED


def test_a_signature_of_another_body_changes_nothing(paged: Ear) -> None:
    """A caught acknowledgement cannot be made a resolve."""
    incident, key = key_of(paged)
    body, other = pressed(key), pressed(key, "incident.resolved")
    proof = sign(body, SECRET.encode(), paged.clock.at, Options())
    assert paged.ask("POST", HOOK, content=other, headers=proof).status_code == 401
    assert state(paged, incident) is State.TRIGGERED


def test_a_caught_answer_sent_again_does_nothing(paged: Ear) -> None:
    """Whoever replays an acknowledgement after the incident has burnt anew does not quiet it."""
    first, key = key_of(paged)
    caught = pressed(key)
    calls_back(paged, caught)
    paged.clock.at += 3600
    before = paged.store.timeline(first)
    assert calls_back(paged, caught).status_code in (200, 202)
    assert paged.store.timeline(first) == before


def test_a_page_of_another_tocsin_is_none_of_ours(paged: Ear) -> None:
    """Of an incident we do not have, or with a key that only looks like one: nothing of ours moves, nothing opens."""
    incident, key = key_of(paged)
    for foreign in ("tocsin-NOTOURS123-lead", f"x{key}", key.removesuffix("-lead"), f"tocsin-{incident.lower()}-lead"):
        assert calls_back(paged, pressed(foreign, id_=foreign)).status_code == 202
    assert state(paged, incident) is State.TRIGGERED
    assert len(paged.store.incidents(open_only=False)) == 1


def test_an_answer_is_for_one_incident_alone(paged: Ear) -> None:
    """Not for its neighbour."""
    one, key = key_of(paged)
    other, _ = key_of(paged, 8)
    calls_back(paged, pressed(key, "incident.resolved"))
    assert (state(paged, one), state(paged, other)) == (State.RESOLVED, State.TRIGGERED)
