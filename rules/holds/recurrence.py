"""Rules of repetition, as calendars write them (RFC 5545, 3.3.10): read by dateutil, and nothing within a day."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache

from dateutil.rrule import rrule, rrulestr

ALLOWED = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY")

MOST_APART = 1000
"""What recurs every 0 days would be looked for without an end."""
SOON = timedelta(days=9 * 366)
"""Within so long it must come once: 29 February does."""


def check_repeats(text: str, start: datetime) -> str:
    """The rule itself. Raises ValueError with what was expected (RFC 5545, 3.3.10, but nothing within a day)."""
    words = dict(part.partition("=")[::2] for part in text.upper().split(";"))
    if words.get("FREQ") not in ALLOWED or {"BYHOUR", "BYMINUTE", "BYSECOND"} & words.keys():
        raise ValueError(
            f"expected a rule like FREQ=WEEKLY;BYDAY=SA,SU (one of {', '.join(ALLOWED)}, the time of day is start's),"
            f" found '{text}'"
        )
    apart = words.get("INTERVAL", "1")
    if not (apart.isdecimal() and len(apart) < 5 and 0 < int(apart) <= MOST_APART):
        raise ValueError(f"expected an INTERVAL from 1 to {MOST_APART}, found '{text}'")
    try:
        # What never comes (30 February) is looked for up to the year 9999: seconds, spent here and never while paging.
        first = next(iter(recurrence(text, start)), None)
        if first is None or first > start + SOON:
            raise ValueError("it does not come within nine years")  # noqa: TRY301 said like what dateutil says
    except (ValueError, TypeError, OverflowError) as wrong:
        raise ValueError(f"'{text}' is no rule of repetition: {wrong}") from None
    return text


@lru_cache(maxsize=256)
def recurrence(text: str, start: datetime) -> rrule:
    """When it comes again, in the wall-clock time of `start`. Raises ValueError."""
    found = rrulestr(text, dtstart=start, cache=True)
    if not isinstance(found, rrule):
        raise ValueError("more than one rule")  # noqa: TRY004 the text is wrong, not the type
    return found
