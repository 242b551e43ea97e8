"""Durations as people write and read them: `90s`, `15m`, `1h30m`, `7d`."""

from __future__ import annotations

import re

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_WHOLE = re.compile(r"(?:[0-9]{1,9}(?:\.[0-9]{1,3})?[smhdw])+", re.ASCII)
_SPELT_OUT = re.compile(
    r"([0-9]{1,9}(?:\.[0-9]{1,3})?) *(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|weeks?)",
    re.ASCII | re.IGNORECASE,
)
_PART = re.compile(r"([0-9.]+)([smhdw])", re.ASCII)


def parse_duration(text: object) -> float:
    """Seconds of `90s`, `15m`, `1h30m`, `7d`. Raises ValueError with what was expected.

    >>> parse_duration("1h30m")
    5400.0
    """
    if not isinstance(text, str) or not _WHOLE.fullmatch(text):
        raise ValueError("expected a duration with its unit, like 90s, 15m, 4h or 7d")
    return float(sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text)))


def meant_duration(text: str) -> str | None:
    """`15m` for somebody who wrote `15min` or `15 minutes`."""
    found = _SPELT_OUT.fullmatch(text.strip())
    return found[1] + found[2][0].lower() if found else None


def show_duration(seconds: float) -> str:
    """The two largest units that matter: `14m`, `1h30m`, `2d4h`, `45s`; negative ones with a sign.

    >>> show_duration(5400)
    '1h30m'
    """
    left = round(abs(seconds))
    sign = "-" if seconds < 0 and left else ""
    parts: list[str] = []
    for unit in ("d", "h", "m", "s"):
        size = _UNITS[unit]
        if left >= size or (unit == "s" and not parts):
            number, left = divmod(left, size)
            if number or not parts:
                parts.append(f"{number}{unit}")
        elif parts:
            break
    return sign + "".join(parts[:2])
