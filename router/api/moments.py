"""A moment as machines read it."""

from __future__ import annotations

from datetime import UTC, datetime


def stamp(at: float) -> str:
    """What `<time datetime>` holds; `at` in Unix seconds.

    >>> stamp(1795516200)
    '2026-11-24T10:30:00Z'
    """
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"
