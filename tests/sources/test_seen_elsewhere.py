"""Bodies that our samples do not have, in the shapes that senders document or that others have received."""

from __future__ import annotations

from typing import Any

import pytest

from router.sources import alertmanager, pagerduty, sentry, stripe, uptimekuma
from rules.event import Action
from tests.sources.hearing import told

ISSUE = {"id": "12", "title": "Downtime of https://shop.example", "web_url": "https://acme.sentry.io/issues/12/"}


@pytest.mark.parametrize(
    ("kind", "action"),
    [
        ("status_resolved", Action.RESOLVE),
        ("status_resolved_in_release", Action.RESOLVE),
        ("status_resolved_by_age", Action.RESOLVE),
        ("status_resolved_in_commit", Action.RESOLVE),
        ("status_unresolved", Action.TRIGGER),
        ("status_regression", Action.TRIGGER),
        ("status_escalating", Action.TRIGGER),
        ("status_ignored", Action.ACKNOWLEDGE),
        ("seer_root_cause_completed", Action.INFO),
    ],
)
@pytest.mark.parametrize("headers", [{}, {"sentry-hook-resource": "activity_alert"}], ids=["guessed", "named"])
def test_sentry_says_what_became_of_an_issue(kind: str, action: Action, headers: dict[str, str]) -> None:
    """Of a monitor it may be the only word that it is over; the key is the issue's."""
    activity = {"type": kind, "details": {"user": {"name": "Ana"}}}
    body = {"action": "triggered", "data": {"issue": ISSUE, "activity": activity}}
    (event,) = told(sentry.SOURCE, body, headers=headers)
    assert (event.action, event.dedup_key, event.summary) == (action, "sentry issue 12", ISSUE["title"])
    assert (event.kind, event.actor, event.sender_id) == (f"sentry.activity_alert.{kind}", "Ana", None)


def test_stripe_says_that_it_is_in_trouble_and_that_it_is_over() -> None:
    """Thin events about nothing of ours: fired and resolved are of one thing, in words."""
    thin = {"object": "v2.core.event", "id": "evt_1", "context": "acct_1", "related_object": None}
    fires, ends = (
        told(stripe.SOURCE, {**thin, "type": f"v2.core.health.api_error.{state}"})[0]
        for state in ("firing", "resolved")
    )
    assert (fires.action, ends.action) == (Action.TRIGGER, Action.RESOLVE)
    assert fires.dedup_key == ends.dedup_key == "stripe health api_error acct_1"
    assert fires.summary == "Stripe's own health: api error firing"


@pytest.mark.parametrize(
    ("thing", "key"),
    [
        ({"object": "dispute", "charge": "ch_1"}, "stripe dispute ch_1"),
        ({"object": "invoice", "subscription": "sub_1", "customer": "cus_1"}, "stripe invoice sub_1"),
        ({"object": "discount", "customer": "cus_1"}, "stripe discount cus_1"),
    ],
)
def test_what_stripe_gives_no_id_is_known_by_whom_it_is_about(thing: dict[str, str], key: str) -> None:
    """Or an end would be that of everybody's."""
    (event,) = told(stripe.SOURCE, {"id": "evt_1", "type": "invoice.upcoming", "data": {"object": thing}})
    assert event.dedup_key == key


PLACE = {"html_url": "https://acme.pagerduty.com/x", "summary": None}


@pytest.mark.parametrize(
    ("what", "data", "key"),
    [
        (
            "incident.role.assigned",
            {"type": "incident_role_assignment", "incident_role_assignments": [{"incident": {"id": "PB", **PLACE}}]},
            "pagerduty incident PB",
        ),
        (
            "service.custom_field_values.updated",
            {"type": "service_field_values", "service": {"id": "PY", **PLACE}},
            "pagerduty service PY",
        ),
    ],
)
def test_pagerduty_speaks_of_what_it_names_inside(what: str, data: dict[str, Any], key: str) -> None:
    """Roles of an incident, fields of a service: their keys and pages, and a title that is not empty."""
    (event,) = told(pagerduty.SOURCE, {"event": {"id": "1", "event_type": what, "data": data}})
    assert (event.dedup_key, event.url, event.action) == (key, PLACE["html_url"], Action.INFO)
    assert not event.summary.endswith(": ")


def test_alertmanager_has_no_value_and_a_description() -> None:
    """What a template could not fill in hides nothing that it could."""
    alert = {
        "status": "firing",
        "labels": {"alertname": "HighLatency"},
        "annotations": {"summary": "<no value>", "description": "disk full on db1"},
    }
    (event,) = told(alertmanager.SOURCE, {"version": "4", "status": "firing", "alerts": [alert]})
    assert event.summary == "HighLatency: disk full on db1"


def test_uptime_kuma_writes_nothing_as_not_available() -> None:
    """`N/A` is no reason."""
    body = {
        "heartbeat": {"monitorID": 1, "status": 0, "msg": "N/A"},
        "monitor": {"id": 1, "name": "nightly"},
        "msg": "",
    }
    assert told(uptimekuma.SOURCE, body)[0].summary == "nightly is DOWN"


def test_a_template_may_break_a_line_within_a_text() -> None:
    """Kuma puts messages into custom bodies as they are; the others of the body must be read all the same."""
    (event,) = told(uptimekuma.SOURCE, b'{"text": "[Shop] [\xf0\x9f\x94\xb4 Down] line1\nline2"}')
    assert (event.action, event.dedup_key) == (Action.TRIGGER, "uptimekuma monitor named Shop")
    assert event.summary == "Shop is DOWN: line1 line2"
