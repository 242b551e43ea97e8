"""Which deliveries somebody looks for, read off the address: the API and the page understand the same words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from router.context import Context
from router.problems import Problem
from rules.duration import parse_duration
from rules.incident import Incident
from rules.reading.problem import nearest
from workers.deliveries.became import Outcome
from workers.deliveries.leafing import BadCursor, Leaf, Leafing, Sought
from workers.store import Ambiguous

LONGEST = 200
"""Characters of `q` that are looked at."""


def read_sought(context: Context, asked: Mapping[str, str]) -> Sought:
    """What was asked for. Raises Problem 422 or 404 for what makes no sense; blocks on Redis."""
    now = context.clock.now()
    return Sought(
        source=asked.get("source") or None,
        since=_moment("since", asked.get("since", ""), now),
        until=_moment("until", asked.get("until", ""), now),
        incident=_incident(context, asked.get("incident", "")),
        outcome=Outcome.QUARANTINED if asked.get("unreadable") == "true" else _outcome(asked.get("outcome", "")),
        words=tuple(asked.get("q", "")[:LONGEST].split()),
    )


def leafed(context: Context, sought: Sought, limit: int, before: str | None) -> Leaf:
    """One page. Raises Problem 422 for a `before` that no page has given; blocks on Redis."""
    try:
        return Leafing(context.redis).leaf(sought, limit, before)
    except BadCursor:
        raise Problem(422, "`before` is what the page before gave as `more`. Leave it out to begin anew.") from None


def _moment(name: str, text: str, now: float) -> float | None:
    """Unix seconds, an ISO time (UTC where it names no zone), or a duration before now."""
    if not text:
        return None
    for read in (float, _iso, lambda given: now - parse_duration(given)):
        try:
            return read(text)
        except (ValueError, OverflowError):
            continue
    raise Problem(
        422, f"`{name}` is a time like 2026-11-20T10:00 (UTC), a duration before now like 2h, or Unix seconds."
    )


def _iso(text: str) -> float:
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()


def _outcome(text: str) -> Outcome | None:
    if not text:
        return None
    try:
        return Outcome(text)
    except ValueError:
        hint = nearest(text, Outcome) or f"one of {', '.join(Outcome)}"
        raise Problem(422, f"`outcome` {text!r}: there is none of this name; {hint}.") from None


def _incident(context: Context, part: str) -> Incident | None:
    if not part:
        return None
    try:
        whole = context.store.full_id(part)
    except Ambiguous:
        raise Problem(422, f"Several incidents have an id that begins with {part}. Write more of it.") from None
    incident = context.store.incident(whole) if whole else None
    if incident is None:
        raise Problem(404, "No incident has this id. GET /api/incidents?state=all lists them.")
    return incident
