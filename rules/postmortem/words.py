"""How a post-mortem says things: times of day in UTC, lengths spelt out, and what is still to be filled in."""

from __future__ import annotations

from datetime import UTC, datetime

from rules.postmortem.table import BLANK

_UNITS = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))


def blank(what: str = "") -> str:
    """Something that people must fill in, plain to see.

    >>> blank("how many")
    '[to be filled in: how many]'
    """
    return f"{BLANK}: {what}]" if what else f"{BLANK}]"


def spoken(seconds: float) -> str:
    """The two largest units that matter, spelt out.

    >>> spoken(3900), spoken(40)
    ('1 hour 5 minutes', '40 seconds')
    """
    left, parts = max(0, round(seconds)), list[tuple[int, str]]()
    for name, size in _UNITS:
        number, rest = divmod(left, size)
        if number or parts or size == 1:
            parts.append((number, name))
            left = rest
    said = [f"{number} {name}{'s' if number != 1 else ''}" for number, name in parts[:2] if number]
    return " ".join(said) or "less than a second"


def after(seconds: float) -> str:
    """`after 4 minutes`, or `at once`."""
    return "at once" if seconds < 1 else f"after {spoken(seconds)}"


def day(at: float) -> str:
    """`2026-03-02`, in UTC."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}"


def hour(at: float, since: float) -> str:
    """`09:14`, in UTC; with its day where that is not the one on which it began."""
    moment = datetime.fromtimestamp(at, UTC)
    return f"{moment:%H:%M}" if day(at) == day(since) else f"{moment:%Y-%m-%d %H:%M}"
