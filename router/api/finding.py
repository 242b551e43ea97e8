"""The incident that a person means, by its id or the beginning of it."""

from __future__ import annotations

from router.problems import Problem
from rules.incident import Incident
from workers.store import Ambiguous, Store


def incident_named(store: Store, part: str) -> Incident:
    """Raises Problem 404 and, where several begin so, 422."""
    try:
        whole = store.full_id(part)
    except Ambiguous:
        raise Problem(422, f"Several incidents have an id that begins with {part}. Write more of it.") from None
    incident = store.incident(whole) if whole else None
    if incident is None:
        raise Problem(404, "No incident has this id. GET /api/incidents?state=all lists them.")
    return incident
