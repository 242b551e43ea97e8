"""Two rehearsals of the same time side by side: which incidents and which pages are different.

An incident of one is the same as one of the other when the same event opened it, else when they share most events.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from rules.event import Severity
from rules.incident import Reason
from rules.replay.account import ONE_PAGE, Account, Heard, Page, Past

IsNight = Callable[[str, float], bool]
"""`(person or role, Unix seconds)`: is it night where they are?"""


class Pairs:
    """Which incidents of the two rehearsals the same events went to; told event by event, kept as numbers."""

    def __init__(self) -> None:
        self.shared: Counter[tuple[str, str]] = Counter()
        self._once: tuple[dict[Heard, str | None], dict[Heard, str | None]] = ({}, {})

    def went(self, before: Mapping[Heard, str | None], now: Mapping[Heard, str | None]) -> None:
        """Where events went, before and now; each side may hear of an event a little later than the other."""
        for mine, others, went in ((0, 1, before), (1, 0, now)):
            for heard, incident in went.items():
                other = self._once[others].pop(heard, "")
                if other == "":
                    self._once[mine][heard] = incident
                elif other is not None and incident is not None:
                    self.shared[(incident, other) if mine == 0 else (other, incident)] += 1

    def settle(self) -> None:
        """Both sides have heard all there was: what one of them did not hear, it never will."""
        self._once[0].clear()
        self._once[1].clear()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An incident that appears (`before` is None), vanishes (`now` is None), or is as severe as it was not."""

    title: str
    at: float
    before: tuple[Severity, str] | None
    """How severe, and by which rule."""
    now: tuple[Severity, str] | None
    other: str = ""
    """The title of the incident that its events have come to, or have come from."""

    @property
    def kind(self) -> str:
        """`appears`, `vanishes`, `severity`."""
        return "appears" if self.before is None else "vanishes" if self.now is None else "severity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A page that is added (`before` is None), removed (`now` is None), or moved: another time, channels or team."""

    who: str
    title: str
    severity: Severity
    reason: Reason
    before: float | None
    now: float | None
    by_before: tuple[str, ...] = ()
    by_now: tuple[str, ...] = ()
    team_before: str | None = None
    team_now: str | None = None
    """Told beside them."""

    @property
    def kind(self) -> str:
        """`added`, `removed`, `moved`."""
        return "added" if self.before is None else "removed" if self.now is None else "moved"

    @property
    def at(self) -> float:
        """When it comes; when it came, if it comes no longer."""
        at = self.before if self.now is None else self.now
        assert at is not None  # noqa: S101 - one of them is there
        return at


@dataclass(slots=True)
class Share:
    """One person's pages."""

    before: int = 0
    now: int = 0
    added: int = 0
    removed: int = 0
    moved: int = 0
    night_before: int = 0
    night_now: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What is different, and the sums."""

    incidents: tuple[int, int]
    """Before and now."""
    updates: tuple[int, int]
    """Messages that call nobody."""
    changes: tuple[Change, ...]
    """By time."""
    pages: tuple[Moved, ...]
    """By time."""
    people: Mapping[str, Share] = field(default_factory=dict)
    """By name."""

    @property
    def same(self) -> bool:
        """Is nobody told anything else, and is nothing as severe as it was not?"""
        return not self.changes and not self.pages

    def of_all(self) -> Share:
        """Everybody's pages together."""
        names = Share.__slots__
        return Share(*(sum(getattr(one, name) for one in self.people.values()) for name in names))


def compare(before: Account, now: Account, pairs: Pairs, is_night: tuple[IsNight, IsNight]) -> Comparison:
    """What the second rehearsal made different."""
    same = _matched(before, now, pairs)
    people: dict[str, Share] = defaultdict(Share)
    pages: list[Moved] = []
    for one, other in _both(before, now, same):
        pages += _pages(one, other, people)
    _count(people, before.incidents.values(), is_night[0], "before", "night_before")
    _count(people, now.incidents.values(), is_night[1], "now", "night_now")
    changes = _changes(before, now, same, pairs)
    return Comparison(
        incidents=(len(before.incidents), len(now.incidents)),
        updates=(before.updates, now.updates),
        changes=tuple(sorted(changes, key=lambda change: change.at)),
        pages=tuple(sorted(pages, key=lambda page: (page.at, page.who))),
        people=dict(sorted(people.items())),
    )


def _matched(before: Account, now: Account, pairs: Pairs) -> dict[str, str]:
    """Which incident of now is which of before."""

    def likeness(pair: tuple[tuple[str, str], int]) -> tuple[bool, int]:
        (one, other), shared = pair
        opened = before.incidents[one].opened_by == now.incidents[other].opened_by
        return (not opened, -shared)

    known = [
        (pair, shared)
        for pair, shared in pairs.shared.items()
        if pair[0] in before.incidents and pair[1] in now.incidents
    ]
    found: dict[str, str] = {}
    taken: set[str] = set()
    for (one, other), _ in sorted(known, key=likeness):
        if one not in found and other not in taken:
            found[one] = other
            taken.add(other)
    return found


def _both(before: Account, now: Account, same: Mapping[str, str]) -> Iterator[tuple[Past | None, Past | None]]:
    """Every incident, beside the same one of the other side."""
    for name, past in before.incidents.items():
        yield past, now.incidents[same[name]] if name in same else None
    matched = set(same.values())
    yield from ((None, past) for name, past in now.incidents.items() if name not in matched)


def _changes(before: Account, now: Account, same: Mapping[str, str], pairs: Pairs) -> Iterator[Change]:
    went, came = _others(before, now, pairs)
    for one, other in _both(before, now, same):
        shown = other or one
        if shown is None or (one is not None and other is not None and one.severity == other.severity):
            continue
        elsewhere = came.get(shown.id, "") if one is None else went.get(shown.id, "") if other is None else ""
        yield Change(
            title=shown.title,
            at=shown.opened_at,
            before=None if one is None else (one.severity, one.rule),
            now=None if other is None else (other.severity, other.rule),
            other=elsewhere,
        )


def _others(before: Account, now: Account, pairs: Pairs) -> tuple[dict[str, str], dict[str, str]]:
    """Where most events of each incident have gone, and where they came from: titles."""
    went: dict[str, str] = {}
    came: dict[str, str] = {}
    for (one, other), _ in sorted(pairs.shared.items(), key=lambda pair: -pair[1]):
        if one in before.incidents and other in now.incidents:
            went.setdefault(one, now.incidents[other].title)
            came.setdefault(other, before.incidents[one].title)
    return went, came


def _pages(one: Past | None, other: Past | None, people: dict[str, Share]) -> Iterator[Moved]:
    """What is different in the pages of one incident."""
    shown = other or one
    if shown is None:
        return
    olds, news = _by_who(one), _by_who(other)
    was, now = (None if past is None else past.team for past in (one, other))
    for who in dict.fromkeys([*olds, *news]):
        for old, new in _aligned(olds.get(who, []), news.get(who, [])):
            page = new or old
            if page is None or (_alike(old, new) and was == now):
                continue
            moved = Moved(
                who=who,
                title=shown.title,
                severity=shown.severity,
                reason=page.reason,
                before=None if old is None else old.at,
                now=None if new is None else new.at,
                by_before=() if old is None else old.by,
                by_now=() if new is None else new.by,
                team_before=was,
                team_now=now,
            )
            setattr(people[who], moved.kind, getattr(people[who], moved.kind) + 1)
            yield moved


def _by_who(past: Past | None) -> dict[str, list[Page]]:
    found: dict[str, list[Page]] = {}
    for page in past.pages if past is not None else ():
        found.setdefault(page.who, []).append(page)
    return found


def _aligned(olds: list[Page], news: list[Page]) -> Iterator[tuple[Page | None, Page | None]]:
    """A person's pages of one incident, side by side: those of about the same time first, the rest in their order."""
    left, rest = list(news), []
    for old in olds:
        near = next((new for new in left if abs(new.at - old.at) < ONE_PAGE), None)
        if near is None:
            rest.append(old)
        else:
            left.remove(near)
            yield old, near
    for number in range(max(len(rest), len(left))):
        yield (rest[number] if number < len(rest) else None, left[number] if number < len(left) else None)


def _alike(old: Page | None, new: Page | None) -> bool:
    return old is not None and new is not None and abs(old.at - new.at) < ONE_PAGE and set(old.by) == set(new.by)


def _count(people: dict[str, Share], incidents: Iterable[Past], is_night: IsNight, all_: str, night: str) -> None:
    for past in incidents:
        for page in past.pages:
            share = people[page.who]
            setattr(share, all_, getattr(share, all_) + 1)
            setattr(share, night, getattr(share, night) + is_night(page.who, page.at))
