"""The slash command: what can be typed in Slack, in any room and in an incident's own, and what is said to it."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.demo import slack
from router.slack import words
from rules.incident import State
from tests.receiver.slacking import GATED, Slacking, ruled
from workers.channels.slack.talking import reply


def test_what_is_open_worst_first(room: Slacking) -> None:
    """One line each, with an id short enough to type; what a sender wrote mentions nobody."""
    assert room.types("list") == "Nothing is open."
    small = room.post("/hooks/anything", {"summary": "a <!channel> & more", "action": "trigger"})
    assert small.status_code == 202
    room.works()
    (minor,) = room.store.incidents()
    major = room.is_down()
    assert room.types("list").split("\n") == [
        f"🛑 P1 `{major.id[:6]}` Shop is DOWN: timeout · Nobody has it yet.",
        f"🟡 P3 `{minor.id[:6]}` a &lt;!channel&gt; &amp; more · Nobody has it yet.",
    ]


def test_an_incident_looked_at(room: Slacking) -> None:
    """How it stands, what comes, and its checklist with the numbers to tick."""
    room.use(ruled(GATED))
    incident = room.is_down()
    room.types(f"tick {incident.id} 2")
    shown = room.types(f"show {incident.id[:6].lower()}").split("\n")
    assert shown[0] == f"🛑 P1 `{incident.id[:6]}` Shop is DOWN: timeout"
    assert shown[1] == "Nobody has it yet."
    assert shown[2].startswith("production · kuma · since 10:00 UTC")
    assert shown[3].startswith("Next, at 10:15 UTC: lead")
    assert shown[-3:] == [
        "1. ☐ Users can &lt;!channel&gt; log in",
        "2. ✓ Payments go through",
        f"<https://tocsin.example.com/incidents/{incident.id}|Open>",
    ]


def test_an_update_is_posted(room: Slacking) -> None:
    """In the words typed, with when the next comes."""
    incident = room.is_down()
    told = room.types(f"update {incident.id} We fail over &amp; wait --next 30m --status mitigating")
    assert told.startswith("Posted: everybody who was told of P1 “Shop is DOWN: timeout” hears it.")
    assert "The next is due at 10:30 UTC." in told
    assert room.incident().response.update.text == "We fail over & wait"


def test_in_its_own_channel_an_incident_needs_no_id(room: Slacking) -> None:
    """The channel says which; another one's id may still be written there."""
    one, other = room.is_down(), room.is_down(8, "Mail")
    room.has_a_channel(one)
    assert "“Shop is DOWN: timeout” is yours" in room.types("ack", room="C0INC")
    assert room.types("note we restarted it", room="C0INC").startswith("Written into the timeline of P1 “Shop")
    assert room.types("resolve restarted the database", room="C0INC").startswith("Resolved: P1 “Shop")
    assert room.types(f"ack {other.id}", room="C0INC").startswith("P1 “Mail")
    assert room.types("show", room="C0INC").startswith(f"🛑 P1 `{one.id[:6]}` Shop")
    assert room.types("ack").startswith("ack ID: which one? In an incident's own channel the ID may be left out.")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "`/tocsin list`: what is open, the worst first"),
        ("help", "`/tocsin list`: what is open, the worst first"),
        ("dance", "“dance” is none of ack, resolve, update, tick, note, snooze, undo, show and list."),
        ("dance <!here>", "“dance” is none of"),
        ("<!here>", "“&lt;!here&gt;” is none of"),
        ("ack ZZZZ99", "No incident here has an ID that begins with “ZZZZ99”."),
        ("ack ID now", "ack ID: nothing more is said there"),
        ("note ID", "note ID text: it lacks what follows the id"),
        ("snooze ID for ever", "for: "),
        ("snooze ID 30d", "for: expected between 1m and 7d."),
        ("update ID x --when 3m", "update ID text [--next 30m]: there is no --when"),
        ("update ID x --next soon", "next: "),
        ("update ID x --status resolved", "status: an update closes nothing"),
    ],
)
def test_what_cannot_be_asked_is_said_with_what_can(room: Slacking, typed: str, said: str) -> None:
    """And nothing has changed."""
    incident = room.is_down()
    assert room.types(typed.replace("ID", incident.id)).startswith(said)
    assert room.incident() == incident
    assert not room.acts()


def test_the_operator_names_the_command(room: Slacking) -> None:
    """Sentences say it as it is called here."""
    answer = room.sends(room.typing("help", command="/oncall"))
    assert room.reads(answer.json()).startswith("`/oncall list`")


def test_a_slip_is_taken_back(room: Slacking) -> None:
    """Whoever pressed Resolve by mistake has half a minute, wherever they take it back."""
    incident = room.is_down()
    room.presses("tocsin-resolve", incident.id)
    assert "only they can take it back" in room.types(f"undo {incident.id}", "U03MARIA")
    assert room.types(f"undo {incident.id}").startswith("Taken back: P1 “Shop is DOWN: timeout” is")
    assert room.incident().state is State.TRIGGERED


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60), st.sampled_from([*words.VERBS.values()]))
def test_whatever_is_typed_is_read_or_refused_in_words(line: str, verb: words.Verb) -> None:
    """Nothing else comes of it."""
    name, rest = words.verb_of(line)
    assert name == name.lower()
    with suppress(words.Unclear):
        assert set(words.given(verb, rest)) <= {verb.takes, *verb.options}


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(alphabet="<!@&>*`abc\u202e\n🛑", max_size=900), min_size=1, max_size=12))
def test_whatever_is_said_slack_takes(lines: list[str]) -> None:
    """Short enough, and with no mark of Slack's but our own link."""
    said = reply(["ok", *lines], "https://tocsin.example.com/incidents/A")
    assert list(slack.faults(said)) == []
    assert said["text"].endswith("\n<https://tocsin.example.com/incidents/A|Open>")
    assert "<" not in said["text"].rpartition("\n")[0]
