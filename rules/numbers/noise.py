"""What makes most noise: the keys and the rules with most pages, and then most events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rules.event import Severity
from rules.numbers.course import Course, Heard
from rules.numbers.spread import within

MOST = 10
"""Keys and rules that are shown."""

Part = tuple[Course, int, int, Heard | None]
"""An incident, and how many of its events and of its pages are this key's; what the key said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """What one key, or one rule, has cost."""

    name: str
    rule: str
    """That opened the last of them."""
    severity: Severity
    """The worst that one of them ended with."""
    incidents: int
    over: int
    events: int
    pages: int
    false_positives: int
    nobody_acted: int
    """Over without anybody having done anything with them."""
    usual: int
    """Half of the incidents had so many events, or fewer."""
    last: Heard | None = None
    """What it said last; None for a rule."""


def noisiest_keys(courses: Iterable[Course]) -> list[Noise]:
    """By key. Pages are counted for the key with most events of an incident, as it cannot be known which was read."""
    found: dict[str, list[Part]] = {}
    for one in courses:
        for number, heard in enumerate(one.heard):
            found.setdefault(heard.key, []).append((one, heard.events, 0 if number else len(one.pages), heard))
    return _most(found)


def noisiest_rules(courses: Iterable[Course]) -> list[Noise]:
    """By the rule that opened the incident."""
    found: dict[str, list[Part]] = {}
    for one in courses:
        found.setdefault(one.rule, []).append((one, one.events, len(one.pages), None))
    return _most(found)


def _most(found: dict[str, list[Part]]) -> list[Noise]:
    cost = {name: (sum(part[2] for part in parts), sum(part[1] for part in parts)) for name, parts in found.items()}
    ordered = sorted(found, key=lambda name: (-cost[name][0], -cost[name][1], name))
    return [_noise(name, found[name]) for name in ordered[:MOST]]


def _noise(name: str, parts: Sequence[Part]) -> Noise:
    last, _, _, heard = max(parts, key=lambda part: part[0].opened_at)
    courses = [part[0] for part in parts]
    return Noise(
        name=name,
        rule=last.rule,
        severity=min(one.severity for one in courses),  # P1 < P2, as texts.
        incidents=len(courses),
        over=sum(one.over_at is not None for one in courses),
        events=sum(part[1] for part in parts),
        pages=sum(part[2] for part in parts),
        false_positives=sum(one.false_positive for one in courses),
        nobody_acted=sum(one.over_at is not None and not one.acted for one in courses),
        usual=int(within([float(part[1]) for part in parts], 0.5)),
        last=heard,
    )
