"""What happened to an incident, as people read it: its history joined with the attempts that stand behind it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from rules.incident import TimelineEntry
from rules.telling import what
from workers.telling.attempts import Attempt, Became

_TONES = {
    "opened": "bad", "fired again": "bad", "failed": "bad", "undelivered": "bad", "exhausted": "bad", "expired": "bad",
    "acknowledged": "person", "assigned": "person", "note": "person", "mitigated": "person", "severity": "bad",
    "ticked": "person", "decided": "person", "reported": "person", "assessed": "checked",
    "resolved": "good", "recovered": "good", "cleared": "good", "sent": "sent",
}  # fmt: skip
_QUIET = frozenset({"silent"})
"""Kinds that say that there was nothing to say: of use when a fault is looked for, noise when one reads on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that happened. Times are Unix seconds."""

    at: float
    kind: str
    text: str
    by: str | None = None
    via: str | None = None
    tone: str = ""
    """`bad`, `good`, `person`, `checked` or `sent`: how it is marked."""
    count: int = 1
    """How often the same was said one after the other, the last time at `last_at`."""
    last_at: float = 0.0
    delivery: str | None = None
    """The delivery it came from."""
    attempts: tuple[Attempt, ...] = ()
    """Every try of the notification it tells of, the oldest first."""

    @property
    def took(self) -> float | None:
        """Seconds of the last try."""
        return self.attempts[-1].took if self.attempts and self.attempts[-1].took else None


def joined(lines: Sequence[TimelineEntry], attempts: Iterable[Attempt], *, pending: bool = True) -> list[Line]:
    """The history with its attempts, the oldest first. `pending`: with those that are still being tried, too."""
    tried: dict[str, list[Attempt]] = {}
    for attempt in attempts:
        tried.setdefault(attempt.entry, []).append(attempt)
    told = [_line(line, tried) for line in lines if line.kind not in _QUIET]
    if pending:
        concluded = {line.detail.get("entry") for line in lines}
        told += [_trying(each) for entry, each in tried.items() if entry not in concluded and _goes_on(each[-1])]
        told.sort(key=lambda one: one.at)
    return _folded(told)


def _goes_on(last: Attempt) -> bool:
    return last.became in {Became.AGAIN, Became.GIVEN_UP}


def _line(line: TimelineEntry, tried: dict[str, list[Attempt]]) -> Line:
    return Line(
        at=line.at,
        kind=line.kind,
        text=line.text,
        by=line.by,
        via=line.via,
        tone=_TONES.get(line.kind, ""),
        last_at=line.at,
        delivery=line.detail.get("delivery"),
        attempts=tuple(tried.get(line.detail.get("entry", ""), ())),
    )


def _trying(attempts: Sequence[Attempt]) -> Line:
    """A notification that has not arrived yet has no line in the history: its attempts are all there is."""
    last = attempts[-1]
    text = f"{what(last.channel, last.role or '', last.person, last.reason)} has not arrived: {last.why}"
    return Line(at=last.at, kind="trying", text=text, tone="bad", last_at=last.at, attempts=tuple(attempts))


def _folded(lines: Iterable[Line]) -> list[Line]:
    """The same said many times in a row is said once, with how often."""
    told: list[Line] = []
    for line in lines:
        before = told[-1] if told else None
        if before is not None and _same(before, line):
            told[-1] = replace(before, count=before.count + 1, last_at=line.at)
        else:
            told.append(line)
    return told


def _same(one: Line, other: Line) -> bool:
    return (one.kind, one.text, one.by) == (other.kind, other.text, other.by) and not other.attempts
