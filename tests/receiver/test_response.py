"""The response to an incident through the API, the console and the signed link: what may be asked, and is answered."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from redis import Redis

from rules.incident import Incident, State
from rules.reading.load import load
from rules.responding.response import Part
from rules.responding.response_commands import PostUpdate, TakePart
from tests.receiver.browsing import dangers, words
from tests.receiver.ear import BEARER, DOWN, KUMA, RULES, RUNBOOKS, Ear
from tests.receiver.sitting import Sitting
from tests.receiver.test_answer import link, press
from workers.channels import OPTIONS

LIST = """
checklists:
  all is well:
    - Users can <b>log in</b>
    - {quiet_for: 10m}
"""
P1 = "respond_within: 15m, channels: [slack]}"
GATED = RULES.replace(P1, P1.replace("}", ", update_every: 30m, verify: all is well}"), 1) + LIST
HOSTILE = "<script>alert(1)</script> [x](javascript:alert(2)) **b**\n# not a heading"


@pytest.fixture
def gated(ear: Ear) -> Ear:
    """A receiver whose P1 must be verified."""
    ear.use(load({"rules.yaml": GATED}, runbooks=RUNBOOKS))
    return ear


@pytest.fixture
def sitting(valkey: str, redis: Redis) -> Sitting:
    """Somebody at the console of such a Tocsin."""
    sitting = Sitting(valkey, redis)
    sitting.use(load({"rules.yaml": GATED}, runbooks=RUNBOOKS, channel_options=OPTIONS))
    return sitting


def asks(ear: Ear, one: Incident, what: str, **body: Any) -> httpx.Response:
    """Ana asks it through the API."""
    return ear.ask("POST", f"/api/incidents/{one.id}/{what}", headers=BEARER, json={"by": "ana", **body})


def test_a_resolve_before_its_time_is_409_with_what_is_missing(gated: Ear) -> None:
    """The sentence names it, and the command that ticks it; nothing has changed."""
    one = gated.is_down()
    answer = asks(gated, one, "resolve")
    assert answer.status_code == 409
    assert answer.json()["detail"].startswith("Not verified yet, 2 of 2 left: 1. Users can <b>log in</b>; 2. no event")
    assert f"`tocsin incidents tick {one.id} 1`" in answer.json()["detail"]
    left = answer.json()["left"]
    assert ([item["text"] for item in left], answer.json()["of"]) == (
        ["Users can <b>log in</b>", "no event for 10m"],
        2,
    )
    assert (left[0]["said"], left[1]["said"][:6]) == ("", "so in ")
    assert gated.incident() == one
    assert asks(gated, one, "resolve", override="it is a drill").json()["state"] == "resolved"


def test_ticked_it_says_who_and_what_is_left(gated: Ear) -> None:
    """By number, by id, or all; taken back it is open again."""
    one = gated.is_down()
    said = asks(gated, one, "tick", item="1", answer="tried it").json()
    assert (said["changed"], [item["done"] for item in said["checklist"]]) == (True, [True, False])
    ticked = said["checklist"][0]["ticked"]
    assert (ticked["by"], ticked["answer"], ticked["via"]) == ("ana", "tried it", "api")
    assert asks(gated, one, "tick", item="1", answer="tried it").json()["changed"] is False
    assert asks(gated, one, "untick", item=said["checklist"][0]["id"]).json()["checklist"][0]["done"] is False
    assert all(item["done"] for item in asks(gated, one, "tick", item="all").json()["checklist"])
    assert asks(gated, one, "resolve").json()["state"] == "resolved"


@pytest.mark.parametrize(
    ("what", "body", "status", "said"),
    [
        ("tick", {"item": "9"}, 409, "Its checklist has no item 9: it has 2"),
        ("tick", {}, 422, "item: missing"),
        ("update", {"text": " "}, 422, "text:"),
        ("update", {"text": "x", "status": "resolved"}, 422, "an update closes nothing: resolve the incident instead"),
        ("update", {"text": "x", "status": "fine"}, 422, "status:"),
        ("update", {"text": "x", "next": "5s"}, 422, "expected between 1m and 7d"),
        ("update", {"text": "x", "next": "soon"}, 422, "next: expected a duration"),
        ("impact", {}, 422, "expected affected, broken or users_noticed"),
        ("part", {"part": "captain"}, 422, "part:"),
        ("part", {"part": "scribe", "to": "dann"}, 422, "there is no person 'dann'"),
        ("resolve", {"override": ""}, 422, "override:"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(
    gated: Ear, what: str, body: dict[str, str], status: int, said: str
) -> None:
    """A designed answer for every bad input; the incident stays as it was."""
    one = gated.is_down()
    answer = asks(gated, one, what, **body)
    assert (answer.status_code, said in answer.json()["detail"]) == (status, True), answer.text
    assert gated.incident() == one


def test_roles_are_taken_and_given_by_the_names_people_know(gated: Ear) -> None:
    """Without a name it is whoever asks; `nobody` lays it down."""
    one = gated.is_down()
    assert asks(gated, one, "part", part="commander").json()["response"]["commander"] == "ana"
    assert asks(gated, one, "part", part="commander", to="maria").json()["response"]["commander"] == "maria"
    assert asks(gated, one, "part", part="commander", to="nobody").json()["response"]["commander"] is None


def test_the_briefing_is_the_runbooks_template(gated: Ear) -> None:
    """As data and as Markdown, and nothing anybody wrote can form it."""
    one = gated.is_down()
    asks(gated, one, "acknowledge")
    asks(gated, one, "part", part="commander")
    asks(gated, one, "update", text=HOSTILE, status="mitigating", affected="everybody", broken="the *shop*")
    asks(gated, one, "tick", item="1")
    said = gated.ask("GET", f"/api/incidents/{one.id}/brief", headers=BEARER).json()
    assert (said["status"], said["responders"], said["next_update"]) == (
        "mitigating", [{"name": "ana", "part": "commander"}], gated.clock.now() + 1800,
    )  # fmt: skip
    assert said["markdown"] == (
        "## Incident: Shop is DOWN: timeout\n"
        "**Severity:** P1  \n"
        "**Status:** Mitigating  \n"
        "**Started:** 2026-11-20 10:00 UTC  \n"
        "**Responders:** ana (commander)\n"
        "\n"
        "### Impact\n"
        "- Who is affected: everybody\n"
        "- What is broken: the \\*shop\\*\n"
        "- Users have noticed: not that we know\n"
        "\n"
        "### Timeline\n"
        "- 10:00 UTC - First alert received: Shop is DOWN: timeout\n"
        "- 10:00 UTC - on-call engineer (ana) is told\n"
        "- 10:00 UTC - Investigation started: acknowledged by ana\n"
        "- 10:00 UTC - ana is the commander\n"
        "- 10:00 UTC - Mitigating: \\<script\\>alert(1)\\</script\\> \\[x\\](javascript:alert(2)) "
        "\\*\\*b\\*\\* \\# not a heading (ana)\n"
        "- 10:00 UTC - impact: affected: everybody; broken: the \\*shop\\* (ana)\n"
        "- 10:00 UTC - done: Users can \\<b\\>log in\\</b\\> (ana)\n"
        "\n"
        "### Current Status\n"
        "\\<script\\>alert(1)\\</script\\> \\[x\\](javascript:alert(2)) \\*\\*b\\*\\* \\# not a heading "
        "(10:00 UTC, ana)  \n"
        "Acknowledged; ana has it.\n"
        "\n"
        "### Verification\n"
        "- [x] Users can \\<b\\>log in\\</b\\> (ana, 10:00 UTC)\n"
        "- [ ] no event for 10m (so in 9m59s, if nothing comes)\n"
        "\n"
        "### Next Update\n"
        "In 30 minutes (10:30 UTC)\n"
    )


def test_the_page_shows_it_and_its_buttons_work(sitting: Sitting) -> None:
    """Roles, impact, the countdown to the next update, the checklist; every form is answered by a redirect."""
    assert sitting.post(KUMA, DOWN).status_code == 202
    sitting.all_work()
    one = sitting.incident().id
    page, act = f"/incidents/{one}", f"/incidents/{one}/act"
    said = words(sitting.opens(page).text)
    assert "Status Investigating" in said
    assert "30m after somebody has it" in said
    assert "To verify before it is resolved 2 of 2 left" in said
    item = sitting.incident().plan.verify[0].id
    for fields in (
        {"do": "acknowledge"},
        {"do": "part", "part": "commander", "to": "ana"},
        {"do": "part", "part": "scribe", "to": "Demo admin"},
        {
            "do": "update",
            "text": HOSTILE,
            "status": "mitigating",
            "next": "",
            "affected": "all",
            "users_noticed": "yes",
        },
        {"do": "impact", "broken": "the shop", "users_noticed": "yes"},
        {"do": "tick", "item": item},
    ):
        answered = sitting.presses(page, act, **fields)
        assert answered.status_code == 303, (fields, answered.text)
        assert "wrong" not in str(answered.cookies), fields
        assert answered.headers["location"] == (f"{page}#verify" if fields["do"] == "tick" else page)
    text = sitting.opens(page).text
    said = words(text)
    assert "Status Mitigating" in said
    assert "Affected all" in said
    assert "Broken the shop" in said
    assert "Users noticed yes" in said
    assert "Commander ana" in said
    assert f'data-due="{sitting.clock.now() + 1800}"' in text
    assert "1 of 2 left" in said
    assert not dangers(text)
    sitting.presses(page, act, do="untick", item=item)
    assert sitting.incident().response.ticks == {}


def test_the_page_refuses_and_lets_an_override_through(sitting: Sitting) -> None:
    """What is missing is said at the top; with a reason it is closed, and the page says so from then on."""
    assert sitting.post(KUMA, DOWN).status_code == 202
    sitting.all_work()
    one = sitting.incident().id
    page, act = f"/incidents/{one}", f"/incidents/{one}/act"
    assert 'name="override"' in sitting.opens(page).text
    answered = sitting.presses(page, act, do="resolve")
    cookies = "; ".join(f"{name}={value}" for name, value in answered.cookies.items())
    shown = sitting.ask("GET", page, headers={"Host": "127.0.0.1:8080", "Cookie": cookies}).text
    assert "Not verified yet: 2 of 2 left. Tick them below, or resolve all the same and say why." in words(shown)
    assert '<a href="#verify">To the list</a>' in shown
    assert f"tocsin incidents tick {one}" not in shown.partition('id="answer"')[0]
    assert sitting.incident().state is State.TRIGGERED
    sitting.presses(page, act, do="resolve", override="the shop is closed")
    assert sitting.incident().state is State.RESOLVED
    assert "Closed before it was verified: the shop is closed" in words(sitting.opens(page).text)


def test_recovered_the_list_and_the_queue_say_that_it_waits(sitting: Sitting) -> None:
    """In words, with who will be asked to look."""
    assert sitting.post(KUMA, DOWN).status_code == 202
    sitting.all_work()
    up = {**DOWN, "heartbeat": {**DOWN["heartbeat"], "status": 1, "time": "2026-11-20 10:01:00.000"}}
    sitting.clock.at += 60
    assert sitting.post(KUMA, up).status_code == 202
    sitting.all_work()
    one = sitting.incident()
    assert one.state is State.RECOVERED
    assert "to be verified: 1 of 2 by somebody; then on-call engineer (ana) is reminded to verify it" in words(
        sitting.opens("/").text
    )
    assert f"remind on-call engineer to verify whether it is over: P1 incident {one.id}" in words(
        sitting.opens("/agenda").text
    )


def test_the_link_refuses_and_its_page_ticks(gated: Ear) -> None:
    """Behind the link of a page: what is missing, a button for each, and a reason where it is closed all the same."""
    one = gated.is_down()
    path = link(one.id)
    refused = press(gated, path, "resolve")
    assert refused.status_code == 422
    assert "Not verified yet, 2 of 2 left" in words(refused.text)
    assert not dangers(refused.text)
    assert press(gated, path, f"tick {one.plan.verify[0].id}").status_code == 303
    assert gated.incident().response.ticks[one.plan.verify[0].id].by == "ana"
    assert press(gated, path, "resolve", override="a drill").status_code == 303
    assert gated.incident().response.unverified == "a drill"


def test_the_link_says_that_it_waits_to_be_verified(gated: Ear) -> None:
    """Nobody must think that it will close by itself."""
    one = gated.is_down()
    gated.ledger.answer(one.id, TakePart(part=Part.COMMANDER, by="maria", via="api", to="maria"))
    gated.ledger.answer(one.id, PostUpdate(by="maria", via="api", text="we look"))
    up = {**DOWN, "heartbeat": {**DOWN["heartbeat"], "status": 1, "time": "2026-11-20 10:01:00.000"}}
    gated.clock.at += 60
    gated.post(KUMA, up)
    gated.works()
    assert "it stays open until somebody has verified it" in words(gated.ask("GET", link(one.id)).text)
