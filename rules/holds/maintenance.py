"""Work that is planned: when people are reminded that its silence is on, whom that concerns, in which words. Pure.

The silence is what holds pages back; this stands beside it, and is only about people.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rules.duration import show_duration
from rules.event import Severity
from rules.holds.silence import Silence
from rules.incident import Incident, Reason, State
from rules.oncall.roster import Roster
from rules.oncall.schedule import Way
from rules.reading.load import Ruleset
from rules.turn import moment
from rules.upcast import VERSION

REMIND_BEFORE = 600.0
"""Seconds before the end at which people are reminded; of short ones a quarter of their time before it."""
NAMED = 5
"""So many incidents are named in a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintenance:
    """Somebody works on something, for a time (Unix seconds). `name` is that of its silence, which knows the scope."""

    name: str
    service: str
    reason: str
    by: str
    severity: Severity
    """Through whose channels people are reminded."""
    start: float
    end: float
    told: bool = False
    """People have heard of it: then they hear of its end, too."""
    prolonged: int = 0
    ended: float | None = None
    """When somebody ended it before its time."""
    v: int = VERSION

    @property
    def remind_at(self) -> float:
        """When people are told that it ends soon."""
        return self.end - min(REMIND_BEFORE, (self.end - self.start) / 4)

    def looks_at(self, now: float) -> float | None:
        """When something is due next: the reminder, or the end; None when it is over."""
        return next((at for at in (self.remind_at, self.end) if at > now), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something that people are told which is of no incident, in the words of a notification."""

    title: str
    why: str
    next: str
    note: str | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """One way on which a notice goes."""

    channel: str
    role: str
    person: str | None
    room: bool


def waiting(silence: Silence, incidents: Sequence[Incident], now: float) -> list[Incident]:
    """Open incidents that nobody has and that a silence covers, the worst first: what is told when it ends."""
    held = [one for one in incidents if one.state is State.TRIGGERED and silence.covers(one, now)]
    return sorted(held, key=lambda one: (one.severity, one.opened_at))


def still_on(one: Maintenance, held: Sequence[Incident], now: float) -> Notice:
    """Shortly before the end."""
    return Notice(
        title=f"Maintenance of {one.service} is still on, and ends in {show_duration(one.end - now)}",
        why=f"{one.by} started it at {moment(one.start)}: {one.reason}",
        next=f"it ends at {moment(one.end)}. `tocsin maintenance prolong {one.name} --for 30m` makes it longer,"
        f" `tocsin maintenance end {one.name}` ends it now",
        note=_held(held, "are told at its end if they still burn", "is told at its end if it still burns")
        or "It holds nothing back so far.",
    )


def prolonged(one: Maintenance, by: str) -> Notice:
    """Somebody needs longer; `one` as it is now."""
    return Notice(
        title=f"Maintenance of {one.service} goes on until {moment(one.end)}",
        why=f"{by} prolonged it; {one.by} started it at {moment(one.start)}: {one.reason}",
        next=f"people are reminded at {moment(one.remind_at)}, and it ends at {moment(one.end)}",
        by=by,
    )


def over(one: Maintenance, burning: Sequence[Incident], by: str | None) -> Notice:
    """It has come to its end, or `by` has ended it."""
    ended = f"{by} ended it" if by else "its time is up"
    return Notice(
        title=f"Maintenance of {one.service} is over",
        why=f"{ended}; {one.by} started it at {moment(one.start)}: {one.reason}",
        next="what still burns is told now" if burning else "nothing: what happens from now on is told as ever",
        note=_held(burning, "still burn", "still burns") or "Nothing that it held back still burns.",
        by=by,
    )


def _held(incidents: Sequence[Incident], many: str, single: str) -> str | None:
    if not incidents:
        return None
    named = ", ".join(f"{one.severity} «{one.title}» (incident {one.id})" for one in incidents[:NAMED])
    more = f" and {len(incidents) - NAMED} more" if len(incidents) > NAMED else ""
    return f"{named}{more} {single if len(incidents) == 1 else many}."


def whom(one: Maintenance, ruleset: Ruleset, ways: Mapping[str, Way], roster: Roster) -> list[Told]:
    """Rooms of the severity, and whoever started it; where the rules do not know them, its first responder.

    Where that reaches nobody, whatever of the severity's ways does: better the wrong person than none.
    """
    plan = ruleset.policy.plans[one.severity]
    first = roster.reach(plan.responder).person
    known = one.by in ruleset.config.people
    person, role = (one.by, "whoever started it") if known else (first, plan.responder)
    channels = [name for name in plan.channels if name in ways]
    found = list(_ways(channels, ways, ruleset, person, role))
    if not found and person != first:
        found = list(_ways(channels, ways, ruleset, first, plan.responder))
    return found or list(_ways(plan.fallback, ways, ruleset, person, role))


def _ways(
    channels: Sequence[str], ways: Mapping[str, Way], ruleset: Ruleset, person: str | None, role: str
) -> Iterator[Told]:
    for name in channels:
        way = ways.get(name)
        if way is None or Reason.REMINDER in way.silent:
            continue
        if way.room or (person is not None and way.reaches(ruleset.config.people.get(person))):
            yield Told(name, role, person, way.room)
