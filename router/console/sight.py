"""Which of the open incidents somebody wants to see: the filters in the address of the list."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from router.console.board import Row
from rules.event import Severity
from rules.incident import State

AT_ONCE = 100
"""Rows on one page."""
_STATES = {one.value: one for one in State if one is not State.RESOLVED}


@dataclass(frozen=True, slots=True)
class Sight:
    """Filters, all of which must fit; what the address says wrongly filters nothing."""

    severity: Severity | None = None
    state: State | None = None
    who: str = ""
    words: tuple[str, ...] = ()
    page: int = 1

    @classmethod
    def asked(cls, query: Mapping[str, str]) -> Sight:
        """The filters of an address."""
        severity, page = query.get("severity", ""), query.get("page", "1")
        return cls(
            Severity(severity) if severity in list(Severity) else None,
            _STATES.get(query.get("state", "")),
            query.get("who", "").casefold(),
            tuple(query.get("q", "")[:200].casefold().split()),
            max(1, int(page[:4])) if page.isascii() and page.isdigit() else 1,
        )

    def shows(self, row: Row) -> bool:
        """Does it fit?"""
        return (
            (self.severity is None or row.severity is self.severity)
            and (self.state is None or row.state is self.state)
            and (not self.who or (row.who or "").casefold() == self.who)
            and all(word in row.searched for word in self.words)
        )


@dataclass(frozen=True, slots=True)
class Seen:
    """What one page of the list shows."""

    rows: list[Row]
    fitting: int
    open: int
    by_severity: Mapping[Severity, int]
    page: int
    pages: int
    people: list[str]


def seen(rows: Iterable[Row], sight: Sight) -> Seen:
    """The rows of one page, worst first, and how many there are."""
    everything = list(rows)
    fitting = sorted((row for row in everything if sight.shows(row)), key=lambda row: row.order)
    pages = max(1, -(-len(fitting) // AT_ONCE))
    page = min(sight.page, pages)
    return Seen(
        rows=fitting[(page - 1) * AT_ONCE : page * AT_ONCE],
        fitting=len(fitting),
        open=len(everything),
        by_severity=Counter(row.severity for row in everything),
        page=page,
        pages=pages,
        people=sorted({row.who for row in everything if row.who}),
    )
