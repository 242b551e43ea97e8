"""Sender text made fit to be read: one line, no invisible characters, a known length; and times as people say them."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from rules.duration import show_duration

_INVISIBLE = frozenset({"Cc", "Cf", "Co", "Cn", "Cs"})
# Drawn as nothing, yet letters or marks by category: fillers, joiners and variation selectors.
_BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | {chr(code) for code in range(0xFE00, 0xFE10)}


def plain(text: str, limit: int | None = None) -> str:
    """`text` on one line without control, zero-width and direction-changing characters, at most `limit` long.

    >>> plain("disk\\n\\u200bfull\\u202e")
    'disk full'
    """
    # Most text is plain already: to see that takes a hundredth of looking at each character.
    if not (text.isascii() and text.isprintable()):
        text = "".join(" " if char.isspace() else char for char in text if char.isspace() or _visible(char))
    line = " ".join(text.split())
    return line if limit is None else clip(line, limit)


def _visible(char: str) -> bool:
    return char not in _BLANKS and unicodedata.category(char) not in _INVISIBLE


def clip(text: str, limit: int) -> str:
    """`text` cut to `limit` characters, with an ellipsis where something is missing.

    >>> clip("database", 5)
    'data…'
    """
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def is_web(url: str, limit: int = 3000) -> bool:
    """May a person be sent to `url`? Only http and https, nothing invisible in it, not longer than `limit`."""
    return (
        url.lower().startswith(("http://", "https://")) and len(url) <= limit and plain(url) == url and " " not in url
    )


def clock(at: float, now: float, timezone: str | None = None) -> str:
    """The time of day, in UTC and in `timezone` (an IANA name) where that differs; with its day when it is not today's.

    >>> clock(1795516200, 1795515300, "Europe/Bucharest")
    '10:30 UTC (12:30 EET)'
    """
    moment = datetime.fromtimestamp(at, UTC)
    day = "" if moment.date() == datetime.fromtimestamp(now, UTC).date() else f"{moment:%d %b} "
    utc = f"{day}{moment:%H:%M} UTC"
    local = moment.astimezone(ZoneInfo(timezone)) if timezone else moment
    return utc if local.utcoffset() == moment.utcoffset() else f"{utc} ({local:%H:%M %Z})"


def since(start: float, now: float) -> str:
    """Since when, and for how long: `10:16 UTC, for 14m`."""
    return f"{clock(start, now)}, for {show_duration(max(0.0, now - start))}"
