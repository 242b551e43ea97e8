"""What a person has reported, as the history of its incident tells it. Pure."""

from __future__ import annotations

from rules.event import Event
from rules.match import FAMILIES
from rules.responding.response import Response

PEOPLE = FAMILIES["people"]
"""Types of source through which people report."""
_SAID = {"affected": "affected", "since": "since", "reference": "about", "details": "details"}
"""Label -> what it is called in the history."""


def by_a_person(event: Event) -> bool:
    """Did somebody report it with their own words?"""
    return event.source_type in PEOPLE


def line(event: Event, how: str = "reported") -> str:
    """Who reported it, and what they said beside the summary.

    >>> line(Event(kind="x.y", action="trigger", dedup_key="1", summary="x", actor="Ana", labels={"since": "10:15"}))
    'reported by Ana; since: 10:15'
    """
    said = [f"{called}: {event.labels[label]}" for label, called in _SAID.items() if event.labels.get(label)]
    again = f": {event.summary}" if how != "reported" else ""
    return "; ".join([f"{how} by {event.actor or 'somebody'}{again}", *said])


def response(event: Event) -> Response:
    """What is known of the impact, when a person's report opens an incident."""
    affected = event.labels.get("affected") if by_a_person(event) else None
    return Response(affected=affected) if affected else Response()
