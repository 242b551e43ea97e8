"""Times as the command line writes them, and what an answer of the API is there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from rules.duration import show_duration

Record = dict[str, Any]


def moment(at: float | None) -> str:
    """`2026-03-01 10:15 UTC`; a dash for a time that is not there."""
    return "–" if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")


def exact(at: float) -> str:
    """`2026-03-01 10:15:07 UTC`."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def about(seconds: float) -> str:
    """`14m` or `45s`: seconds count only below a minute."""
    return show_duration(seconds if abs(seconds) < 60 else round(seconds / 60) * 60)


def ahead(seconds: float) -> str:
    """`in 14m`, `now`, or `2m late`."""
    if seconds >= 1:
        return f"in {about(seconds)}"
    return "now" if seconds > -1 else f"{about(-seconds)} late"
