"""Action items changed: by the rows of an edited document, or one at a time. Numbers stay what they were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from rules.postmortem.record import ActionItem, Postmortem, Status
from rules.postmortem.table import MOST_ITEMS, Row, replaced


class NoItem(ValueError):
    """There is no item of this number."""


class TooMany(ValueError):
    """There are as many as there may be."""


def recognised(owner: str | None, people: Mapping[str, str]) -> str | None:
    """The name in the YAML of whoever is meant, by it or by the one that is shown; else what was written.

    `people` is name -> shown name.
    """
    if owner is None or owner in people:
        return owner
    wanted = owner.casefold()
    meant = [name for name, shown in people.items() if wanted in (name.casefold(), shown.casefold())]
    return meant[0] if len(meant) == 1 else owner


def by_rows(one: Postmortem, rows: Sequence[Row], by: str, now: float) -> Postmortem:
    """What the rows of an edited table make of the items, in their order.

    A row is the item of the same words; else, reworded, the one that stood where it stands. What has no row any more
    is dropped with that as its reason, and not forgotten: what was agreed is not undone by a deleted line.
    """
    pairs = _paired(one.actions, rows)
    numbered, items = one.numbered, []
    for row, known in zip(rows, pairs, strict=True):
        if known is None:
            numbered += 1
            known = ActionItem(number=numbered, text=row.text)
        said = replace(known, text=row.text, owner=row.owner, due=row.due)
        items.append(_settled(said, row.status, row.reason, now))
    kept = {known.number for known in pairs if known is not None}
    gone = [item for item in one.actions if item.number not in kept]
    items += [_settled(item, *_gone(item, by), now) for item in gone]
    return replace(one, actions=tuple(items), numbered=numbered)


def _gone(item: ActionItem, by: str) -> tuple[Status, str]:
    if item.status is Status.OPEN:
        return Status.DROPPED, f"taken out of the document by {by}"
    return item.status, item.reason


def _paired(items: Sequence[ActionItem], rows: Sequence[Row]) -> list[ActionItem | None]:
    free = {item.number: item for item in items}
    found: list[ActionItem | None] = []
    for row in rows:
        same = next((item for item in free.values() if item.text == row.text), None)
        found.append(free.pop(same.number) if same is not None else None)
    for place, (known, item) in enumerate(zip(found, items, strict=False)):
        if known is None and item.number in free:
            found[place] = free.pop(item.number)
    return found


def _settled(item: ActionItem, status: Status, reason: str, now: float) -> ActionItem:
    """With another due date or owner, reminding begins anew; what is opened again was never closed."""
    closed = None if status is Status.OPEN else item.closed_at or now
    return replace(item, status=status, reason=reason if status is Status.DROPPED else "", closed_at=closed)


def added(one: Postmortem, text: str, owner: str | None, due: str | None) -> Postmortem:
    """With one more, also in its document. Raises TooMany."""
    if len(one.actions) >= MOST_ITEMS:
        raise TooMany(f"There are {MOST_ITEMS} action items already; a post-mortem that asks for more asks for none.")
    item = ActionItem(number=one.numbered + 1, text=text, owner=owner, due=due)
    return _rewritten(replace(one, actions=(*one.actions, item), numbered=item.number))


def changed(one: Postmortem, number: int, now: float, **said: Any) -> Postmortem:
    """With another text, owner, due date or status, also in its document. Raises NoItem."""
    item = next((each for each in one.actions if each.number == number), None)
    if item is None:
        known = ", ".join(str(each.number) for each in one.actions) or "none"
        raise NoItem(f"There is no action item {number}; there are: {known}.")
    status, reason = said.pop("status", item.status), said.pop("reason", item.reason)
    otherwise = said.get("due", item.due) != item.due or status is not item.status
    again: dict[str, Any] = {"reminded": 0} if otherwise else {}
    new = _settled(replace(item, **said, **again), status, reason, now)
    return _rewritten(replace(one, actions=tuple(new if each is item else each for each in one.actions)))


def _rewritten(one: Postmortem) -> Postmortem:
    return replace(one, text=replaced(one.text, one.actions), revision=one.revision + 1)
