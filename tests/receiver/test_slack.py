"""Answering from inside Slack: who may, what comes of it, what they are told, and what a stranger cannot do."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import orjson
import pytest

from router.slack import desk
from router.slack.reading import sign
from rules.incident import State
from rules.reading.load import load
from rules.reading.problem import Wrong
from tests.receiver.ear import RUNBOOKS
from tests.receiver.slacking import ANSWERS_AT, BOT, GATED, HERE, SECRET, SLACK, Slacking, ruled
from workers.channels import OPTIONS
from workers.store import connect

ACK, RESOLVE, SNOOZE = "tocsin-acknowledge", "tocsin-resolve", "tocsin-snooze"


def test_ana_acknowledges_by_the_button(room: Slacking) -> None:
    """Her member id is in the YAML: it is ana who has it, in the timeline and the audit log, and she is told so."""
    incident = room.is_down()
    told = room.presses(ACK, incident.id)
    assert told.startswith("P1 “Shop is DOWN: timeout” is yours. Nobody else will be woken.")
    assert told.endswith(f"<https://tocsin.example.com/incidents/{incident.id}|Open>")
    assert room.incident().acknowledged_by == "ana"
    assert room.history(incident) == ["acknowledged ana slack"]
    assert room.acts() == [("ana", "answered an incident", f"acknowledge {incident.id}", "slack")]


def test_of_two_who_press_at_once_one_has_it(room: Slacking) -> None:
    """And the other is told who."""
    incident = room.is_down()
    bodies = [room.pressing(ACK, incident.id, member) for member in ("U02ANA", "U03MARIA")]

    async def both(client: httpx.AsyncClient) -> list[httpx.Response]:
        signed = [sign(one, SECRET, room.clock.now()) for one in bodies]
        pairs = zip(bodies, signed, strict=True)
        return await asyncio.gather(*(client.post(HERE, content=one, headers=said) for one, said in pairs))

    assert [answer.status_code for answer in room.converse(both)] == [200, 200]
    has = room.incident().acknowledged_by
    yours, joined = sorted(room.told, key=lambda told: "have joined" in told)
    assert " is yours. " in yours
    assert joined.startswith(f"{has} had P1 “Shop is DOWN: timeout” already since 10:00 UTC; you have joined.")


def test_snoozed_for_an_hour(room: Slacking) -> None:
    """Until when is said, and that it calls again."""
    told = room.presses(SNOOZE, room.is_down().id)
    assert "is yours until 11:00 UTC; then it calls again." in told
    until = room.incident().acknowledged_until
    assert until is not None
    assert until == pytest.approx(room.clock.now() + 3600, abs=5)


def test_resolved_and_resolved_again(room: Slacking) -> None:
    """The second is told by whom."""
    incident = room.is_down()
    assert room.presses(RESOLVE, incident.id).startswith("Resolved: P1 “Shop is DOWN: timeout”.")
    assert room.incident().resolved_by == "ana"
    assert "was resolved already by ana" in room.presses(RESOLVE, incident.id, "U03MARIA")
    assert "was resolved already by ana" in room.presses(ACK, incident.id, "U03MARIA")
    assert len(room.acts()) == 1


def test_what_is_not_verified_is_not_closed(room: Slacking) -> None:
    """What is left is named, with what to type here; ticked, it is closed."""
    room.use(ruled(GATED))
    incident = room.is_down()
    told = room.presses(RESOLVE, incident.id)
    assert told.startswith(
        "Not verified yet, 2 of 2 left: 1. Users can &lt;!channel&gt; log in; 2. Payments go through."
    )
    assert f"`/tocsin tick {incident.id} 1`" in told
    assert "tocsin incidents" not in told
    assert room.incident().state is State.TRIGGERED
    assert not room.acts()
    assert room.types(f"tick {incident.id} 1").startswith(
        "Ticked: 1. Users can &lt;!channel&gt; log in. 1 of 2 left to verify."
    )
    assert room.types(f"tick {incident.id} 9").startswith("Its checklist has no item 9")
    assert room.types(f"tick {incident.id} 2").startswith("Ticked: 2. Payments go through. All is verified")
    assert room.presses(RESOLVE, incident.id).startswith("Resolved:")


def test_closed_all_the_same_with_a_reason(room: Slacking) -> None:
    """As the refusal says how, with a telephone's dash and quotes too."""
    room.use(ruled(GATED))
    incident = room.is_down()
    assert room.types(f"resolve {incident.id} —override “it is a drill”").startswith("Resolved:")
    assert room.incident().state is State.RESOLVED
    assert "it is a drill" in " ".join(one.text for one in room.store.timeline(incident.id))


def test_somebody_the_rules_do_not_know(room: Slacking) -> None:
    """Whoever is in the room may answer; under the name Slack has of them, which cannot be taken for a person's."""
    incident = room.is_down()
    room.presses(ACK, incident.id, "U0STRANGE")
    assert room.incident().acknowledged_by == "mihai (Slack U0STRANGE)"


@pytest.mark.parametrize(
    "forge",
    [
        lambda *_: {"X-Slack-Signature": "v0=" + "0" * 64},
        lambda *_: {"X-Slack-Signature": ""},
        lambda body, now: {"X-Slack-Signature": sign(body, SECRET, now)["X-Slack-Signature"].replace("v0=", "v1=")},
        lambda *_: {"X-Slack-Request-Timestamp": ""},
        lambda _, now: {"X-Slack-Request-Timestamp": f"{now + 1:.0f}"},
        lambda body, now: sign(body, b"another secret", now),
        lambda body, now: sign(body + b" ", SECRET, now),
        lambda body, now: sign(body, SECRET, now - 301),
        lambda body, now: sign(body, SECRET, now + 301),
    ],
)
def test_what_slack_did_not_sign_changes_nothing(room: Slacking, forge: Any) -> None:
    """Forged, not signed, signed by another, of another body or moment: 401 with what to compare."""
    incident = room.is_down()
    body = room.pressing(ACK, incident.id)
    answer = room.sends(body, **forge(body, room.clock.now()))
    assert answer.status_code == 401
    assert "Signing Secret" in answer.json()["detail"]
    assert (room.incident(), room.told) == (incident, [])


@pytest.mark.parametrize("name", ["slackk", "mail", "%2e%2e"])
def test_a_channel_that_nobody_answers_in_is_refused_alike(room: Slacking, name: str) -> None:
    """Which channels there are is nobody's business."""
    incident = room.is_down()
    answer = room.sends(room.pressing(ACK, incident.id), f"/slack/{name}")
    assert answer.status_code == 401
    assert room.incident() == incident
    room.use(ruled(SLACK.replace(', signing_secret: "${env:SLACK_SIGNING}"', "")))
    assert room.sends(room.pressing(ACK, incident.id)).json() == answer.json()


def test_a_request_that_is_sent_again_is_done_once(room: Slacking) -> None:
    """Whoever recorded it, within its five minutes; the note stands there once, and two alike by hand are two."""
    incident = room.is_down()
    body = room.typing(f"note {incident.id} DNS looks odd")
    signed = sign(body, SECRET, room.clock.now())
    assert room.reads(room.sends(body, **signed).json()).startswith("Written into the timeline")
    room.clock.at += 290
    assert "asked already" in room.reads(room.sends(body, **signed).json())
    digits = signed["X-Slack-Signature"].removeprefix("v0=")
    for written in (digits.upper(), f"{digits[:2]} {digits[2:]}"):
        otherwise = {**signed, "X-Slack-Signature": f"v0={written}"}
        assert "asked already" in room.reads(room.sends(body, **otherwise).json())
    assert room.history(incident) == ["note ana slack"]
    room.types(f"note {incident.id} DNS looks odd")
    assert len(room.history(incident)) == 2


def test_without_redis_the_person_is_told_in_words(room: Slacking) -> None:
    """Slack shows no status of ours, so it gets 200 and the sentence; a press that comes back later is done."""
    incident = room.is_down()
    there, room.redis = room.redis, connect("redis://127.0.0.1:1/0", 0.2)
    assert room.types("list").startswith("This may not be done: Tocsin cannot reach its memory")
    assert room.presses(ACK, incident.id).startswith("This may not be done: Tocsin cannot reach its memory")
    room.redis = there
    room.told.clear()
    assert " is yours. " in room.presses(ACK, incident.id)


def test_slack_is_answered_in_time_whatever_redis_does(room: Slacking, monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes longer is said afterwards, where a press is told too."""
    monkeypatch.setattr(desk, "WITHIN", 0.0)
    incident = room.is_down()
    answer = room.sends(room.typing(f"ack {incident.id}"))
    assert room.reads(answer.json()) == "This takes a moment. What came of it is said here."
    assert " is yours. " in room.told.pop()
    assert room.incident().acknowledged_by == "ana"


def test_a_slack_that_cannot_be_told_changes_nothing(room: Slacking) -> None:
    """The incident is answered all the same."""
    room.slack_is_away = True
    incident = room.is_down()
    assert room.sends(room.pressing(ACK, incident.id)).status_code == 200
    assert room.incident().acknowledged_by == "ana"
    assert not room.told


@pytest.mark.parametrize("url", ["http://169.254.169.254/", "https://hooks.slack.com.evil.example/x", "", "file:///x"])
def test_only_slack_is_told(room: Slacking, url: str) -> None:
    """An address that is not Slack's is never called, whoever signed it."""
    incident = room.is_down()
    assert room.sends(room.pressing(ACK, incident.id, response_url=url)).status_code == 200
    assert not room.told


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"ssl_check=1&token=x",
        b"payload=%7B%22type%22%3A%22view_submission%22%7D",
        b"payload=%7B%22type%22%3A%22block_actions%22%2C%22actions%22%3A%5B%7B%22action_id%22%3A%22open-1%22%7D%5D%7D",
    ],
)
def test_what_asks_nothing_is_taken(room: Slacking, body: bytes) -> None:
    """A link that was opened, a look at our certificate: 200, so that Slack shows no error, and nothing more."""
    answer = room.sends(body)
    assert (answer.status_code, answer.content, room.told) == (200, b"", [])


@pytest.mark.parametrize("body", [b"payload=%7B", b"payload=1", b"&".join(b"a=b" for _ in range(50))])
def test_what_is_no_request_of_slacks_is_refused(room: Slacking, body: bytes) -> None:
    """With a reason; a body that is too large is not read to its end."""
    assert room.sends(body).status_code == 422
    assert room.sends(b"x" * (1024 * 1024 + 1)).status_code == 413


def test_nobody_keeps_tocsin_busy(room: Slacking) -> None:
    """Thirty times a minute are many; the next minute is another."""
    for _ in range(30):
        assert room.types("list") == "Nothing is open."
    assert room.types("list").startswith("That was more than 30 within a minute")
    assert room.types("list", "U03MARIA") == "Nothing is open."


def test_another_tocsins_incident_is_none_of_ours(room: Slacking) -> None:
    """Two that share an app do not answer for each other."""
    room.is_down()
    assert room.presses(ACK, "0123456789").startswith("This incident is not here")
    assert room.incident().state is State.TRIGGERED


def test_nothing_secret_is_logged(room: Slacking, caplog: pytest.LogCaptureFixture, capsys: Any) -> None:
    """Neither the signing secret nor the address at which a person is told, nor what they typed."""
    incident = room.is_down()
    room.slack_is_away = True
    room.sends(room.pressing(ACK, incident.id))
    room.sends(room.typing(f"note {incident.id} between us"), **{"X-Slack-Signature": "v0=00"})
    said = caplog.text + "".join(capsys.readouterr())
    for secret in (SECRET.decode(), ANSWERS_AT, "between us", "xoxb"):
        assert secret not in said
    assert SECRET.decode() not in repr(room.in_force)


def test_a_signing_secret_needs_its_bot() -> None:
    """`tocsin check` says so, with the place."""
    lonely = BOT.replace('token: "${env:SLACK_BOT}", channel: C0OPS', 'url: "${env:SLACK}"')
    with pytest.raises(Wrong) as wrong:
        load({"rules.yaml": SLACK.replace(BOT, lonely)}, runbooks=RUNBOOKS, channel_options=OPTIONS)
    (problem,) = wrong.value.problems
    assert "signing_secret is of a bot's app: it needs the token of that bot" in problem.message
    assert orjson.dumps(problem.message)
