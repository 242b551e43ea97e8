"""Better Stack: what its outgoing webhooks say."""

from __future__ import annotations

import pytest
from hypothesis import given

from router.sources.betterstack import SOURCE
from router.sources.contract import Delivery, Unreadable
from rules.event import Action
from tests.sources.hearing import at, broken, deliveries, heard, survives, told

WORDS = ["event", "data", "id", "type", "incident", "attributes", "started", "resolved", "started_at", "resolved_at"]
INCIDENT = "betterstack incident 88120457"


@pytest.mark.parametrize(
    ("sample", "action", "occurred_at", "actor"),
    [
        ("incident_started", Action.TRIGGER, at("09:14:05.120"), None),
        ("incident_acknowledged", Action.ACKNOWLEDGE, at("09:16:30"), "Ana Pop"),
        ("incident_resolved", Action.RESOLVE, at("09:21:12.440"), "Better Stack"),
        ("incident_reopened", Action.TRIGGER, None, None),
        ("incident_comment", Action.INFO, None, None),
    ],
)
def test_life_of_an_incident(sample, action, occurred_at, actor):
    """One incident keeps one key to its end; a reopening counts from its arrival, for its times are old."""
    (event,) = heard(SOURCE, sample)
    assert (event.action, event.dedup_key, event.occurred_at, event.actor) == (action, INCIDENT, occurred_at, actor)
    assert (event.summary, event.url) == ("Corner Shop homepage: Status 503", "https://shop.example.com/")
    assert event.labels == {"monitor": "Corner Shop homepage", "monitor_id": "51772", "team": "Shop"}


def test_a_created_monitor_is_no_outage():
    """Monitors are told of in the same envelope with the same word `created`, and page nobody."""
    (event,) = heard(SOURCE, "monitor_created")
    assert (event.action, event.kind) == (Action.INFO, "betterstack.monitor.created")
    assert (event.dedup_key, event.summary) == ("betterstack monitor 51772", "Corner Shop homepage: monitor created")


def test_a_time_before_the_start_is_not_believed():
    """An acknowledgement dated before its incident would count as overtaken, so it counts from its arrival."""
    times = {"started_at": "2026-11-20T09:14:05Z", "acknowledged_at": "2026-11-18T09:14:05Z"}
    (event,) = told(SOURCE, {"event": "acknowledged", "data": {"id": "1", "type": "incident", "attributes": times}})
    assert (event.action, event.occurred_at) == (Action.ACKNOWLEDGE, None)


@pytest.mark.parametrize(
    "body", [{}, {"event": "started"}, {"event": "melted", "data": {"id": "1", "type": "incident"}}, b"\xff"]
)
def test_unreadable(body):
    """Another body, or a word about an incident that Better Stack does not document, is never guessed at."""
    with pytest.raises(Unreadable):
        told(SOURCE, body)


@given(deliveries(WORDS) | broken(SOURCE))
def test_survives_strangers(strange: Delivery):
    """Whatever arrives gives events or Unreadable, never another exception."""
    survives(SOURCE, strange)
