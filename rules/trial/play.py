"""A trial played on a stage: in a rehearsal, or in a test of ours on the real thing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from rules.commands import Command, Resolve
from rules.decision import Judged
from rules.event import Action
from rules.incident import Incident
from rules.oncall.roster import Roster
from rules.reading.config import SourceConfig
from rules.reading.document import Place
from rules.reading.load import Ruleset
from rules.responding.verification import missing, named
from rules.trial.acts import Asks, Breaks, Happens, Lifts, Says, Silences, command_of, event_of
from rules.trial.bodies import INCIDENT, NUMBER, filled_in
from rules.trial.read import Happening, Trial

LONGEST = 400 * 86400.0
"""Seconds after which a test without `until` ends, whatever is still promised."""


class Unplayable(Exception):
    """Something of a test cannot happen: nobody has anything to acknowledge, a file is not there."""

    def __init__(self, why: str, place: Place | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.place = place


class Stage(Protocol):
    """Where a trial is played. Times are Unix seconds."""

    @property
    def now(self) -> float:
        """The time there."""

    @property
    def incidents(self) -> list[Incident]:
        """Every incident so far, in the order in which they opened."""

    def takes_in(self, judged: Iterable[Judged]) -> None:
        """One delivery comes in now."""

    def asks(self, incident_id: str, command: Callable[[Roster], Command]) -> Incident:
        """A person asks something of an incident."""

    def breaks(self, channels: Iterable[str]) -> None:
        """These channels, and only these, refuse everything from now on."""

    def silences(self, said: Mapping[str, Any]) -> None:
        """A person sets a silence, as the YAML would have it."""

    def lifts(self, name: str, by: str) -> None:
        """A person ends a silence before its time; one that is not there is none the more."""

    def works(self) -> None:
        """Everything that is due now is dealt with."""

    def passes_to(self, moment: float) -> None:
        """Time goes by until then."""

    def ends(self, at_latest: float) -> None:
        """Time goes by until nothing is promised any more, or until then."""


Speak = Callable[[Says, str, float, Mapping[str, str]], Sequence[Judged]]
"""`(says, delivery id, now, words)` -> what the source's parser read, judged. Raises Unplayable.

`words` are what stands for `<n>` and `<incident>`."""


def play(trial: Trial, stage: Stage, ruleset: Ruleset, speak: Speak) -> None:
    """Let everything happen at its time, and then go by what is left of it. Raises Unplayable, with its place.

    What is due at a moment comes before what happens at it.
    """
    for number, happening in enumerate(trial.happenings, 1):
        stage.passes_to(trial.start + happening.at)
        try:
            _happen(happening, f"{number:012}", stage, ruleset, speak)
        except Unplayable as wrong:
            wrong.place = wrong.place or happening.place
            raise
    if trial.until is None:
        stage.ends(trial.start + LONGEST)
    else:
        stage.passes_to(trial.start + trial.until)


def _happen(happening: Happening, delivery: str, stage: Stage, ruleset: Ruleset, speak: Speak) -> None:
    act = happening.act
    if isinstance(act, Says):
        stage.takes_in(speak(act, delivery, stage.now, _words(happening, stage)))
    elif isinstance(act, Happens):
        stage.takes_in((_judged(act, delivery, ruleset, stage.now, _words(happening, stage)),))
    elif isinstance(act, Breaks):
        stage.breaks(act.channels)
    elif isinstance(act, Silences):
        stage.silences({"start": datetime.fromtimestamp(stage.now, UTC).isoformat(), **act.said})
    elif isinstance(act, Lifts):
        stage.lifts(act.name, act.by)
    else:
        stage.works()
        asked = _asked(act, stage.incidents)
        if act.what == "resolve" and (why := _not_verified(asked, command_of(act, Roster()), stage.now)):
            raise Unplayable(why)
        stage.asks(asked.id, lambda roster: command_of(act, roster))


def _not_verified(incident: Incident, command: Command, now: float) -> str:
    """Why nobody could resolve it, and what a test writes then; "" where somebody can."""
    left = missing(incident, now) if isinstance(command, Resolve) and command.override is None else []
    if not left or not incident.is_open:
        return ""
    return (
        f"it cannot be resolved before it is verified ({named(left)}): put a step with tick: <who> before it, "
        "or say why with resolve: {by: …, override: …}"
    )


def _words(happening: Happening, stage: Stage) -> dict[str, str]:
    incidents = stage.incidents
    return {NUMBER: str(happening.number), INCIDENT: incidents[-1].id if incidents else ""}


def _judged(act: Happens, delivery: str, ruleset: Ruleset, now: float, words: Mapping[str, str]) -> Judged:
    texts = {name: filled_in(value, words) for name, value in act.written if isinstance(value, str | dict)}
    written = act.written.model_copy(update={**texts, "action": act.written.action})
    source = ruleset.config.sources.get(written.source, SourceConfig(type=written.source))
    event = event_of(written, source, delivery, now)
    return Judged(event=event, decision=ruleset.decide(event, now) if event.action is Action.TRIGGER else None)


def _asked(act: Asks, incidents: Sequence[Incident]) -> Incident:
    """The incident a person means."""
    number = act.answer.incident
    if not incidents:
        raise Unplayable("no incident has opened by then")
    if number is not None:
        if number > len(incidents):
            raise Unplayable(f"there is no incident {number} by then: {len(incidents)} opened so far")
        return incidents[number - 1]
    still_open = [(nth, one) for nth, one in enumerate(incidents, 1) if one.is_open]
    if len(still_open) > 1:
        shown = ", ".join(f"{nth}: {one.title}" for nth, one in still_open[:5])
        raise Unplayable(f"{len(still_open)} incidents are open ({shown}): add incident: {still_open[0][0]}")
    return still_open[0][1] if still_open else incidents[-1]
