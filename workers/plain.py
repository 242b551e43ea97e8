"""Sender text made fit to be read: one line, no invisible characters, a known length; and times as people say them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from rules.duration import show_duration
from rules.plain import clip, plain

__all__ = ["clip", "clock", "is_web", "plain", "since"]


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


def since(start: float, now: float, until: float | None = None) -> str:
    """Since when, and for how long: `10:16 UTC, for 14m`; what was over at `until` went on no longer."""
    return f"{clock(start, now)}, for {show_duration(max(0.0, (now if until is None else until) - start))}"
