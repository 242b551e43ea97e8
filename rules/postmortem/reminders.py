"""Who must be reminded of a post-mortem, when: before and at each deadline, then by the matrix; of items, weekly.

Everything is worked out from the record; what has gone out already is counted in it. Nobody is reminded twice at once:
where several reminders have come due, the last of them is the one that is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from rules.clock import zone
from rules.duration import show_duration
from rules.plan import Plan
from rules.postmortem.record import ActionItem, Postmortem, Stage
from rules.postmortem.terms import DAY, Terms

WEEK = 7 * DAY
MORNING = "T09:00"
"""When on its day an action item is due, by its owner's clock."""

ZoneOf = Callable[[str | None], str]
"""The time zone of a person, by their name; of anybody else UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """One person or role that is told what is due, and what to do; the sentence goes on after their name."""

    text: str
    loud: bool = False
    """Where everybody reads it, too."""
    owner: str | None = None
    """Whose item it is; None: it goes to whoever writes the post-mortem."""
    role: str | None = None
    """A role of the matrix; then it goes to whoever has it."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One reminder of a deadline: when, and which roles hear it beside whoever writes."""

    at: float
    roles: tuple[str, ...] = ()


def rung(number: int, due: float, plan: Plan, terms: Terms) -> Rung:
    """The reminders of a deadline in their order: before it, at it, then up the matrix, then every week."""
    roles = tuple(dict.fromkeys(step.role for step in plan.steps))
    late = number - 1
    if number == 0:
        return Rung(_open(terms, due - terms.remind_before))
    if late <= len(roles):
        return Rung(_open(terms, due + late * terms.escalate_after), roles[late - 1 : late] if late else ())
    weeks = late - len(roles)
    return Rung(_open(terms, due + len(roles) * terms.escalate_after + weeks * WEEK), roles[:1])


def _open(terms: Terms, at: float) -> float:
    return at if terms.hours is None else terms.hours.opens(at)


def next_at(one: Postmortem, plan: Plan, terms: Terms, zone_of: ZoneOf) -> float | None:
    """When the next reminder is due; None: there is none to come."""
    coming = [_item_at(item, terms, zone_of) for item in one.open_actions if item.due]
    if one.due_at is not None:
        coming.append(rung(one.reminded, one.due_at, plan, terms).at)
    return min(coming, default=None)


def due(
    one: Postmortem, plan: Plan, terms: Terms, zone_of: ZoneOf, now: float
) -> tuple[Postmortem, tuple[Reminder, ...]]:
    """The reminders that have come due by `now`, and the record that knows of them."""
    reminders: list[Reminder] = []
    number = one.reminded
    while one.due_at is not None and rung(number, one.due_at, plan, terms).at <= now:
        number += 1
    if one.due_at is not None and number > one.reminded:
        reminders += _of_deadline(one, one.due_at, rung(number - 1, one.due_at, plan, terms), now)
    items = []
    for item in one.actions:
        told = _times(item, terms, zone_of, now) if item in one.open_actions else item.reminded
        if told > item.reminded:
            reminders.append(_of_item(one, item, now, zone_of))
        items.append(replace(item, reminded=max(told, item.reminded)))
    return replace(one, reminded=number, actions=tuple(items)), tuple(reminders)


def _of_deadline(one: Postmortem, due_at: float, last: Rung, now: float) -> Iterator[Reminder]:
    review, left = one.stage is Stage.DRAFTED, due_at - now
    when = f"due in {show_duration(left)}" if left > 0 else f"overdue by {show_duration(-left)}" if left < 0 else "due"
    what = "the team's review of the post-mortem" if review else "the draft of the post-mortem"
    said = f"{what} is {when} ({one.why[0] if one.why else 'somebody asked for one'})"
    do = (
        f"Meet, and then say so on its page or with `tocsin postmortem review {one.incident}`."
        if review
        else f"Finish it on its page, or with `tocsin postmortem submit {one.incident} FILE`."
    )
    yield Reminder(text=f"{said}. {do}", loud=left <= 0)
    for role in last.roles:
        text = f"{said}, and nobody has seen to it. Please see that somebody does, or say why there will be none."
        yield Reminder(text=text, role=role)


def item_due(item: ActionItem, zone_of: ZoneOf) -> float:
    """When an item is due: in the morning of its day, by its owner's clock. It must have a day."""
    return datetime.fromisoformat(f"{item.due}{MORNING}").replace(tzinfo=zone(zone_of(item.owner))).timestamp()


def _item_at(item: ActionItem, terms: Terms, zone_of: ZoneOf) -> float:
    return _open(terms, item_due(item, zone_of) + item.reminded * WEEK)


def _times(item: ActionItem, terms: Terms, zone_of: ZoneOf, now: float) -> int:
    """How often its owner should have been reminded by now."""
    told = item.reminded
    while item.due and _item_at(replace(item, reminded=told), terms, zone_of) <= now:
        told += 1
    return told


def _of_item(one: Postmortem, item: ActionItem, now: float, zone_of: ZoneOf) -> Reminder:
    late = now - item_due(item, zone_of)
    when = f"overdue by {show_duration(late)}" if late >= DAY else "due today"
    do = f"Once it is done: `tocsin postmortem actions done {one.incident} {item.number}`, or on its page."
    return Reminder(text=f"action item {item.number} is {when}: {item.text}. {do}", owner=item.owner, loud=late >= DAY)


def overdue(one: Postmortem, zone_of: ZoneOf, now: float) -> list[str]:
    """What is late, each in words; empty: nothing is."""
    found = []
    if one.due_at is not None and one.due_at < now:
        what = "review" if one.stage is Stage.DRAFTED else "draft"
        found.append(f"the {what} is overdue by {show_duration(now - one.due_at)}")
    late = [item for item in one.open_actions if item.due and item_due(item, zone_of) + DAY <= now]
    return found + [f"action item {item.number} was due on {item.due}" for item in late]
