"""The resolve gate: what must be so before an incident is closed, what of it is, and when it closes by itself."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rules.duration import show_duration
from rules.incident import Incident, Signal, State
from rules.match import FAMILIES
from rules.plain import clip
from rules.plan import Item
from rules.responding.response import Ticked

SHOWN = 3
"""Missing items that a sentence names; the rest is counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One item as it stands now."""

    number: int
    """As people count, and as the command line takes it."""
    item: Item
    ticked: Ticked | None
    done: bool
    said: str = ""
    """Why it is so, or not yet, where nobody ticked it."""


def checklist(incident: Incident, now: float) -> list[Line]:
    """Every item of the present severity's checklist, in its order."""
    return [_line(incident, number, item, now) for number, item in enumerate(incident.plan.verify, 1)]


def _line(incident: Incident, number: int, item: Item, now: float) -> Line:
    ticked = tick_of(incident, item)
    done, said = (True, "") if ticked is not None else _by_itself(incident, item, now)
    return Line(number=number, item=item, ticked=ticked, done=done, said=said)


def tick_of(incident: Incident, item: Item) -> Ticked | None:
    """Who ticked it since it last became an emergency: what was seen before it fired again says nothing."""
    ticked = incident.response.ticks.get(item.id)
    return ticked if ticked is not None and ticked.at >= incident.fired_at else None


def _by_itself(incident: Incident, item: Item, now: float) -> tuple[bool, str]:
    if item.quiet_for is not None:
        left = _quiet_at(incident, item.quiet_for) - now
        return (True, "quiet") if left <= 0 else (False, f"so in {show_duration(left)}, if nothing comes")
    if item.green is not None:
        fires = [one.summary for one in incident.signals.values() if one.firing and _is_of(one, item.green)]
        return (False, f"fires: {fires[0][:80]}") if fires else (True, "green")
    return False, f"waits for the check «{item.check}»" if item.check is not None else ""


def _quiet_at(incident: Incident, seconds: float) -> float:
    """When there will have been no event for so long."""
    return max((one.last_seen for one in incident.signals.values()), default=incident.opened_at) + seconds


def _is_of(signal: Signal, word: str) -> bool:
    return word in (signal.source, signal.source_type) or signal.source_type in FAMILIES.get(word, ())


def missing(incident: Incident, now: float) -> list[Line]:
    """What keeps it from being closed; empty where nothing does, or nothing is asked."""
    return [line for line in checklist(incident, now) if not line.done] if incident.plan.verify else []


def undone_until(incident: Incident) -> tuple[float, ...]:
    """When each item that keeps it from being closed will be done if nothing comes; infinity: not by itself."""
    left = missing(incident, incident.opened_at)
    ends = [math.inf if one.item.quiet_for is None else _quiet_at(incident, one.item.quiet_for) for one in left]
    return tuple(ends)


def for_people(incident: Incident) -> list[Item]:
    """What is left that no time will bring: a person, or a check, has to say it. Of one in which nothing fires."""
    if incident.state is State.RESOLVED:
        return []
    return [
        item
        for item in incident.plan.verify
        if item.quiet_for is None and item.green is None and tick_of(incident, item) is None
    ]


def closes_at(incident: Incident) -> float | None:
    """When what has recovered counts as resolved; None: not before somebody has verified it."""
    if incident.state is not State.RECOVERED or incident.recovered_at is None or for_people(incident):
        return None
    quiet = [
        _quiet_at(incident, item.quiet_for)
        for item in incident.plan.verify
        if item.quiet_for is not None and tick_of(incident, item) is None
    ]
    return max([incident.recovered_at + incident.plan.resolve_after, *quiet])


def to_verify(incident: Incident) -> bool:
    """Has it recovered, and waits for somebody to look whether it is over?"""
    return incident.state is State.RECOVERED and bool(for_people(incident))


def why_not_resolved(incident: Incident, now: float) -> str:
    """Why it cannot be closed yet, in a sentence with what to do; "" when it can."""
    left = missing(incident, now)
    if not left or not incident.is_open:
        return ""
    number, total = len(left), len(incident.plan.verify)
    return (
        f"Not verified yet, {number} of {total} left: {named(left)}. "
        f"Tick what is so (`tocsin incidents tick {incident.id} {left[0].number}`), or close it all the same and say "
        f'why (`tocsin incidents resolve {incident.id} --override "…"`).'
    )


def named(left: list[Line]) -> str:
    """The first few, and how many more."""
    words = [
        f"{one.number}. {clip(one.item.text, 80)}" + (f" ({one.said})" if one.said else "") for one in left[:SHOWN]
    ]
    more = [f"and {len(left) - SHOWN} more"] if len(left) > SHOWN else []
    return "; ".join([*words, *more])


def checks_wanted(incident: Incident) -> tuple[str, ...]:
    """Names of the checks whose good outcome its list still waits for."""
    items = [one for one in incident.plan.verify if one.check is not None and tick_of(incident, one) is None]
    return tuple(dict.fromkeys(one.check for one in items if one.check is not None)) if incident.is_open else ()


def item_called(incident: Incident, name: str) -> Item | None:
    """The item by its id, or by its number as people count."""
    items = incident.plan.verify
    if name.isascii() and name.isdigit() and len(name) < 4:
        return items[int(name) - 1] if 1 <= int(name) <= len(items) else None
    return next((one for one in items if one.id == name), None)
