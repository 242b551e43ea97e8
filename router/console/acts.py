"""The buttons of an incident, in one table: what each asks, and when it makes sense. A new one is a line here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from router.problems import Problem
from rules.event import Severity
from rules.incident import Incident, State
from rules.reading.config import Config
from rules.responding.verification import missing
from rules.transitions.answering import why_not
from rules.transitions.on_room import why_not_archived
from rules.transitions.on_triage import checks_of

_OPEN = frozenset(State) - {State.RESOLVED}


@dataclass(frozen=True, slots=True)
class Field:
    """What a button asks beside being pressed."""

    name: str
    label: str
    kind: str = "line"
    """`line`, `words` or `choice`."""
    needed: bool = True


@dataclass(frozen=True, slots=True)
class Act:
    """One button: the command of the API it asks for, what it says, and the states in which it makes sense."""

    command: str
    label: str
    fields: tuple[Field, ...] = ()
    states: frozenset[State] = _OPEN
    kind: str = ""
    """The class of its button."""


ACTS = (
    Act("acknowledge", "Acknowledge", states=frozenset({State.TRIGGERED}), kind="first"),
    Act("acknowledge", "I am on it too", states=frozenset({State.ACKNOWLEDGED, State.MITIGATED})),
    Act("escalate", "Escalate now", states=frozenset({State.TRIGGERED, State.ACKNOWLEDGED, State.MITIGATED})),
    Act("mitigate", "Mitigated", states=frozenset({State.TRIGGERED, State.ACKNOWLEDGED})),
    Act("undo", "Undo my last answer", states=frozenset(State)),
    Act("check", "Check again"),
    Act("snooze", "Snooze", (Field("for", "for", "choice"),)),
    Act("resolve", "Resolve", (Field("note", "Note (may stay empty)", needed=False),)),
    Act("assign", "Assign", (Field("to", "to", "choice"),)),
    Act("severity", "Change severity", (Field("severity", "to", "choice"),)),
    Act("false-positive", "False positive", (Field("reason", "Why was it none?"),), kind="grave"),
    Act("archive-channel", "Archive its channel", states=frozenset({State.RESOLVED})),
    Act("note", "Write down", (Field("text", "Note", "words"),), states=frozenset(State)),
)
"""In the order in which they are shown."""

OVERRIDE = Field("override", "Not all is verified: close it all the same, because", needed=False)
"""What resolving asks besides, while its checklist is not done."""

RESPONSE = (
    Act("part", "Take it", (Field("part", "as", "choice"), Field("to", "to", "choice", needed=False))),
    Act(
        "update",
        "Post the update",
        (
            Field("text", "What do we know, what are we doing?", "words"),
            Field("status", "Status", "choice", needed=False),
            Field("affected", "Who is affected", needed=False),
            Field("broken", "What is broken", needed=False),
            Field("users_noticed", "Users have noticed", "choice", needed=False),
            Field("next", "Next update in", "choice", needed=False),
            Field("publish", "The world reads it too", "choice", needed=False),
        ),
    ),
    Act(
        "impact",
        "Write it down",
        (
            Field("affected", "Who is affected", needed=False),
            Field("broken", "What is broken", needed=False),
            Field("users_noticed", "Users have noticed", "choice", needed=False),
        ),
    ),
    Act("tick", "Done", (Field("item", "item"),)),
    Act("untick", "Not done", (Field("item", "item"),)),
)
"""What the section about the response asks; it draws them itself."""


def acts(incident: Incident, by: str, now: float) -> tuple[list[Act], list[Act]]:
    """Those that only need to be pressed, and those that ask something too. `by` may undo only what was theirs."""
    useless = {"undo"} if why_not(incident, by, now) else set()
    if not checks_of(incident):
        useless.add("check")
    useless |= {"archive-channel"} if why_not_archived(incident) else set()
    known = [act for act in ACTS if incident.state in act.states and act.command not in useless]
    if missing(incident, now):
        known = [replace(act, fields=(*act.fields, OVERRIDE)) if act.command == "resolve" else act for act in known]
    return [act for act in known if not act.fields], [act for act in known if act.fields]


def choices(act: Act, incident: Incident, config: Config) -> list[tuple[str, str]]:
    """What may be chosen there: the value, and what people call it."""
    if act.command == "snooze":
        return [(one, one) for one in ("15m", "1h", "4h", "1d")]
    if act.command == "severity":
        verb = {True: "raise to", False: "lower to"}
        return [(one.value, f"{verb[one < incident.severity]} {one}") for one in Severity if one != incident.severity]
    return [(name, person.name or name) for name, person in config.people.items()]


def given(command: str, form: Mapping[str, str]) -> dict[str, str]:
    """The fields of that button, and no others. Raises Problem 422 for a button there is none of."""
    found = next((act for act in (*ACTS, *RESPONSE) if act.command == command), None)
    if found is None:
        raise Problem(422, f"No button of ours says “{command[:40]}”. Please go back.")
    fields = (*found.fields, OVERRIDE) if command == "resolve" else found.fields
    return {one.name: form[one.name] for one in fields if form.get(one.name, "").strip()}
