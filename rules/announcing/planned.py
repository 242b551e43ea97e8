"""What the world is told of planned work: in whose words, and what a status page has to say of it next. Pure.

Nothing is queued up here: what a page says is compared with how things stand. One that was away hears the latest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from rules.announcing.status_pages import StatusPageConfig
from rules.holds.maintenance import Maintenance
from rules.turn import moment
from rules.upcast import VERSION


class Phase(StrEnum):
    """How far planned work is, in the words of status pages."""

    SCHEDULED = "scheduled"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"


ITSELF = "Tocsin"
"""Who publishes where the YAML lets pages be told of maintenance without a person."""
TITLE = "Planned maintenance"
TEXT = "We work on our service from {start} to {end}. Short interruptions are possible."
"""What is said without a person: no word of anybody's is in it."""
BEGUN = "The maintenance has begun."
LONGER = "The maintenance takes longer: until {end}."
OVER = "The maintenance is over."
CALLED_OFF = "The maintenance does not take place."


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """What a person has confirmed that the world is told of a maintenance. `at` is Unix seconds."""

    title: str
    text: str
    over: str = OVER
    """What is said at the end."""
    components: tuple[str, ...] = ()
    """Which are worked on, by their names in the YAML."""
    pages: tuple[str, ...]
    by: str
    at: float
    first: float
    """When the first words were confirmed; over there it tells this maintenance from an earlier one of its name."""
    number: int = 1
    """Which of the texts that were said this is."""
    v: int = VERSION


@dataclass(frozen=True, slots=True)
class Saying:
    """What a page has to say next."""

    phase: Phase
    text: str
    until: float
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What one status page says of a maintenance."""

    id: str | None = None
    """The maintenance's over there."""
    url: str | None = None
    phase: Phase | None = None
    """None: nothing yet."""
    until: float = 0.0
    number: int = 0
    tried: Saying | None = None
    """What was begun to be said, and nobody knows whether it is."""
    trouble: str = ""
    """Why it does not say what it should; people are told of it once."""
    v: int = VERSION


def phase_of(one: Maintenance, now: float) -> Phase:
    """How far it is."""
    if now >= one.end:
        return Phase.COMPLETED
    return Phase.IN_PROGRESS if now >= one.start else Phase.SCHEDULED


def saying(one: Maintenance, announced: Announced, on: Standing, now: float) -> Saying | None:
    """What a page has to say next; None: it says everything, or there is no point in it any more."""
    phase = phase_of(one, now)
    text = _text(one, announced, on, phase)
    return None if text is None else Saying(phase, text, one.end, announced.number)


def _text(one: Maintenance, announced: Announced, on: Standing, phase: Phase) -> str | None:
    if phase is Phase.COMPLETED:
        if on.phase is Phase.COMPLETED or (on.phase is None and on.tried is None):
            return None  # What it never said, it need not take back.
        return announced.over if one.end > one.start or announced.over != OVER else CALLED_OFF
    if announced.number > on.number:
        return announced.text
    if phase is not on.phase:
        return BEGUN
    return LONGER.replace("{end}", moment(one.end)) if abs(one.end - on.until) > 1 else None


def looks_at(one: Maintenance, now: float) -> float | None:
    """When a page has something to say next, if nobody changes anything; None when it is over."""
    return next((at for at in (one.start, one.end) if at > now), None)


def stands(on: Standing, said: Saying, id_: str | None, url: str | None) -> Standing:
    """The page says it now."""
    return Standing(id=id_ or on.id, url=url or on.url, phase=said.phase, until=said.until, number=said.number)


def coming(one: Maintenance, announced: Announced, now: float) -> list[tuple[str, str]]:
    """Everything that these words make public, in its order: when, and the text."""
    begins = [] if now >= one.start else [(f"when it begins, {moment(one.start)}", BEGUN)]
    return [
        ("at once", announced.text),
        *begins,
        ("if somebody prolongs it", LONGER.replace("{end}", "its new end")),
        (f"at its end, {moment(one.end)}", announced.over),
        *([("if it is called off before", CALLED_OFF)] if begins and announced.over == OVER else []),
    ]


def itself(one: Maintenance, pages: Mapping[str, StatusPageConfig], now: float) -> Announced | None:
    """What the YAML lets pages be told without a person; None where it lets none."""
    names = tuple(name for name, page in pages.items() if page.maintenance)
    if not names:
        return None
    text = TEXT.replace("{start}", moment(one.start)).replace("{end}", moment(one.end))
    return Announced(title=TITLE, text=text, pages=names, by=ITSELF, at=now, first=now)


def again(before: Announced, after: Announced) -> Announced:
    """The words that a person confirms later, in the same maintenance over there."""
    pages = tuple(dict.fromkeys([*before.pages, *after.pages]))
    components = after.components or before.components
    return replace(after, first=before.first, number=before.number + 1, pages=pages, components=components)
