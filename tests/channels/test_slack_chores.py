"""The chores of an incident's channel: what is asked of Slack, and what its answers mean."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.demo import slack as receiver
from rules.announcing.room import Chore, Room
from rules.announcing.room_commands import (
    RoomDone,
    RoomGone,
    RoomMade,
    RoomMessageGone,
    RoomRefused,
    RoomSought,
    RoomTaken,
)
from tests.channels.notifications import POISON
from workers.channels.contract import Link, Reply, Undelivered
from workers.channels.slack import SlackOptions, assessment
from workers.channels.slack.chores import METHODS, Material, outcome, request
from workers.channels.slack.web import SCOPES

BOT = SlackOptions(url="${env:X}", token="${env:Y}").model_copy(update={"url": "https://x", "token": "xoxb-secret"})
ROOM = Room(channel="slack", name="inc-2026-03-02-web-is-down", asked_at=1000.0, id="C1", message="17.1", changed=4)
ASSESSED = assessment.message(assessment.Assessment(headline="P1 · web is down", facts={"Severity": "P1"}))
MATERIAL = Material(
    incident="4QXZ81",
    purpose="Tocsin incident 4QXZ81: web is down",
    topic="P1 · web is down",
    message=ASSESSED,
    news=assessment.news(["acknowledged by ana"]),
    member="U02ANA",
    person="Ana",
    changes=4,
    lines=9,
)


def asked(chore: Chore, room: Room = ROOM) -> tuple[str, dict[str, str]]:
    sent = request(chore, room, MATERIAL, BOT)
    assert sent.headers["authorization"] == "Bearer xoxb-secret"
    assert b"xoxb" not in sent.body
    assert "xoxb" not in sent.url
    return sent.url, dict(parse_qsl(sent.body.decode(), keep_blank_values=True))


def answered(chore: Chore, answer: Any, room: Room = ROOM, status: int = 200, **headers: str) -> Any:
    body = answer if isinstance(answer, bytes) else orjson.dumps(answer)
    return outcome(chore, room, MATERIAL, Reply(status=status, headers=headers, body=body))


def refused(chore: Chore, word: str, **more: str) -> Any:
    return answered(chore, {"ok": False, "error": word, **more}, Room(channel="slack", name="inc-x", id="C1"))


@pytest.mark.parametrize(
    ("chore", "said"),
    [
        (Chore.CREATE, {"name": "inc-2026-03-02-web-is-down", "is_private": "false"}),
        (Chore.LOOK, {"limit": "200", "types": "public_channel", "cursor": ""}),
        (Chore.DESCRIBE, {"channel": "C1", "purpose": "Tocsin incident 4QXZ81: web is down"}),
        (Chore.TOPIC, {"channel": "C1", "topic": "P1 · web is down"}),
        (Chore.PIN, {"channel": "C1", "timestamp": "17.1"}),
        (Chore.INVITE, {"channel": "C1", "users": "U02ANA"}),
        (Chore.ARCHIVE, {"channel": "C1"}),
    ],
)
def test_each_chore_is_one_method(chore: Chore, said: dict[str, str]) -> None:
    """The method stands beside chat.postMessage, the token in the header alone, the rest in a form."""
    assert asked(chore) == (f"https://slack.com/api/{METHODS[chore]}", said)


@pytest.mark.parametrize("chore", [Chore.POST, Chore.EDIT, Chore.SAY])
def test_messages_link_and_mention_nothing_by_themselves(chore: Chore) -> None:
    """`parse` and `link_names` are off, nothing is unfurled; an edit says which message."""
    _, said = asked(chore)
    assert (said["parse"], said["link_names"], said["unfurl_links"], said["channel"]) == (
        "none",
        "false",
        "false",
        "C1",
    )
    assert (said.get("ts") == "17.1") is (chore is Chore.EDIT)
    assert not list(receiver.faults({"text": said["text"], "blocks": orjson.loads(said["blocks"])}))


def test_every_method_has_its_scope() -> None:
    """Whoever lacks a scope is told which: the table knows one for each method that is called."""
    assert set(METHODS.values()) == set(SCOPES)
    assert set(METHODS) == set(Chore) - {Chore.NAME}


def test_a_channel_that_was_made_is_known_by_its_id() -> None:
    """Slack's own name counts: it may differ from what was asked for."""
    made = answered(Chore.CREATE, {"ok": True, "channel": {"id": "C9", "name": "inc-web", "purpose": {"value": ""}}})
    assert made == RoomMade(id="C9", name="inc-web")


def test_a_posted_message_is_known_by_its_ts() -> None:
    """With it, how far the incident and its history are told."""
    done = answered(Chore.POST, {"ok": True, "ts": "17.2", "message": {"text": "x" * 5000}})
    assert done == RoomDone(chore=Chore.POST, value="17.2", changes=4, lines=9)


@pytest.mark.parametrize(
    ("channel", "ours"),
    [
        ({"purpose": {"value": "Tocsin incident 4QXZ81: web is down · https://…"}}, True),
        ({"purpose": {"value": "Tocsin incident 4QXZ82: web is down"}}, False),
        ({"purpose": {"value": "We talk about the web"}, "is_member": True, "created": 1001}, False),
        ({"purpose": {"value": ""}, "is_member": True, "created": 1001}, True),
        ({"purpose": {"value": ""}, "is_member": True, "created": 900}, False),
        ({"purpose": {"value": ""}, "is_member": False, "created": 1001}, False),
        ({"is_member": True, "created": 1001}, True),
        ({"purpose": {"value": "Tocsin incident 4QXZ81: web"}, "is_archived": True}, False),
    ],
)
def test_a_taken_name_is_ours_or_not(channel: dict[str, Any], ours: bool) -> None:
    """By its purpose; without one, by when it came and whether the bot is in it. Else the name gets a number."""
    found = answered(Chore.LOOK, {"ok": True, "channels": [{"id": "C7", "name": ROOM.name, **channel}]})
    assert found == (RoomMade(id="C7", name=ROOM.name) if ours else RoomSought(cursor=None))


def test_the_search_goes_on_page_by_page() -> None:
    """Until the channel is found, or there is no further page: then the name is some other, hidden channel's."""
    page = {"ok": True, "channels": [{"id": "C1", "name": "general"}], "response_metadata": {"next_cursor": "dGVhbQ"}}
    assert answered(Chore.LOOK, page) == RoomSought(cursor="dGVhbQ")
    assert answered(Chore.LOOK, {**page, "response_metadata": {"next_cursor": ""}}) == RoomSought(cursor=None)
    assert answered(Chore.LOOK, {"ok": True, "channels": []}) == RoomSought(cursor=None)


@pytest.mark.parametrize(
    ("chore", "word", "means"),
    [
        (Chore.CREATE, "name_taken", RoomTaken),
        (Chore.PIN, "already_pinned", RoomDone),
        (Chore.INVITE, "already_in_channel", RoomDone),
        (Chore.INVITE, "user_not_found", RoomDone),
        (Chore.ARCHIVE, "already_archived", RoomDone),
        (Chore.EDIT, "message_not_found", RoomMessageGone),
        (Chore.EDIT, "is_archived", RoomGone),
        (Chore.SAY, "channel_not_found", RoomGone),
    ],
)
def test_what_a_refusal_means(chore: Chore, word: str, means: type) -> None:
    """What is so already is done; what somebody did over there is taken as it is."""
    assert isinstance(refused(chore, word), means)


def test_who_cannot_be_asked_in_keeps_nobody_else_out() -> None:
    """The history says who, and why; the others are asked in all the same."""
    done = refused(Chore.INVITE, "user_not_found")
    assert (done.value, done.note) == ("U02ANA", "Ana could not be asked into #inc-x: Slack says user_not_found")


@pytest.mark.parametrize(
    ("chore", "word", "vital"),
    [
        (Chore.CREATE, "missing_scope", True),
        (Chore.CREATE, "restricted_action", True),
        (Chore.PIN, "missing_scope", False),
        (Chore.PIN, "not_pinnable", False),
        (Chore.EDIT, "edit_window_closed", False),
        (Chore.TOPIC, "too_long", False),
        (Chore.TOPIC, "invalid_auth", True),
        (Chore.SAY, "not_in_channel", True),
        (Chore.ARCHIVE, "restricted_action", False),
    ],
)
def test_what_cannot_be_done_without(chore: Chore, word: str, vital: bool) -> None:
    """A channel without a pin is still one; with a token that is refused nothing further is tried for a while."""
    found = refused(chore, word)
    assert isinstance(found, RoomRefused)
    assert found.vital is vital


@pytest.mark.parametrize(
    ("needed", "named"),
    [
        ("channels:manage", "channels:manage"),
        ("channels:manage,groups:write,im:write,mpim:write", "channels:manage"),
        ("channels:write", "channels:write"),
        ("", "channels:manage"),
    ],
)
def test_a_missing_scope_is_named(needed: str, named: str) -> None:
    """The sentence says which scope to add, and what else must be done for it to count."""
    found = refused(Chore.CREATE, "missing_scope", needed=needed, provided="chat:write")
    assert found.why == (
        f"Slack does not let «slack» make a channel for this incident: its token lacks the scope {named}. "
        "Add it to the app (OAuth & Permissions, Bot Token Scopes) and install it again."
    )


@pytest.mark.parametrize(
    ("status", "headers", "body", "after"),
    [
        (429, {"retry-after": "30"}, b"", 30.0),
        (200, {"retry-after": "7"}, b'{"ok":false,"error":"ratelimited"}', 7.0),
        (200, {}, b'{"ok":false,"error":"internal_error"}', None),
        (500, {}, b"oops", None),
        (200, {}, b"<html>a hotel's page</html>", None),
        (200, {}, b'{"ok":true,"channel":{"id":"C1"', None),
        (200, {}, b'[{"ok":true}]', None),
    ],
)
def test_what_passes_is_tried_again(status: int, headers: dict[str, str], body: bytes, after: float | None) -> None:
    """Rate limits with as long as Slack asks, faults of Slack, and what is not Slack at all."""
    with pytest.raises(Undelivered) as passing:
        answered(Chore.CREATE, body, status=status, **headers)
    assert (passing.value.permanent, passing.value.after) == (False, after)


TEXT = st.text(max_size=200) | st.sampled_from(POISON)


@given(TEXT, st.lists(TEXT, max_size=60), st.dictionaries(st.sampled_from(["Severity", "Status"]), TEXT))
def test_nothing_a_sender_writes_is_markup(title: str, lines: list[str], facts: dict[str, str]) -> None:
    """Slack takes every assessment and every news, and nothing in them mentions or links anybody."""
    link = Link(text=title, url="https://tocsin.example.com/incidents/4QXZ81")
    drawn = assessment.message(
        assessment.Assessment(headline=f"P1 {title}", facts=facts, sections={"Timeline": lines}, links=[link])
    )
    for sent in (drawn, assessment.news(lines or ["x"])):
        assert not list(receiver.faults({**sent, "text": sent["text"] or "x"}))
        for text in [sent["text"], *(block["text"]["text"] for block in sent["blocks"] if block["type"] == "section")]:
            assert "<" not in text
            assert ">" not in text


def test_the_latest_lines_of_a_long_history_are_shown() -> None:
    """The oldest give way to what fits into one block."""
    drawn = assessment.message(
        assessment.Assessment(
            headline="P1", sections={"Timeline": [f"09:{n:02} line {n} " + "x" * 90 for n in range(60)]}
        )
    )
    timeline = drawn["blocks"][1]["text"]["text"]
    assert timeline.startswith("*Timeline*\n…\n")
    assert "line 59" in timeline
    assert "line 1 " not in timeline
