"""PagerDuty: what its three generations of webhooks say, and which of it is about incidents of ours."""

from __future__ import annotations

import pytest
from hypothesis import given

from router.sources.contract import Delivery, Options, Unauthentic, Unreadable
from router.sources.pagerduty import SOURCE, our_incident, sign, verify
from rules.event import Action
from tests.sources.hearing import NOW, at, broken, deliveries, heard, survives, told

WORDS = [
    "event",
    "event_type",
    "data",
    "incident",
    "messages",
    "id",
    "type",
    "incident.trigger",
    "title",
    "log_entries",
]
KEY = "pagerduty incident Q1SAMPLEINCIDENT"
TITLE = "Disk of shop-web-3 is full"
PAGE = "https://corner-shop.pagerduty.com/incidents/Q1SAMPLEINCIDENT"
OTHER_PAGE = "https://corner-shop.pagerduty.com/incidents/Q3SAMPLEINCIDENT"
SERVICE_PAGE = "https://corner-shop.pagerduty.com/services/PSHOP01"


@pytest.mark.parametrize(
    ("sample", "kind", "action", "key", "summary", "url"),
    [
        ("v3_triggered", "incident.triggered", Action.TRIGGER, KEY, TITLE, PAGE),
        ("v3_acknowledged", "incident.acknowledged", Action.ACKNOWLEDGE, KEY, TITLE, PAGE),
        ("v3_unacknowledged", "incident.unacknowledged", Action.TRIGGER, KEY, TITLE, PAGE),
        ("v3_escalated", "incident.escalated", Action.INFO, KEY, TITLE, PAGE),
        ("v3_resolved", "incident.resolved", Action.RESOLVE, KEY, TITLE, PAGE),
        ("v3_reopened", "incident.reopened", Action.TRIGGER, KEY, TITLE, PAGE),
        ("v3_merged", "incident.resolved", Action.RESOLVE, KEY, TITLE, PAGE),
        ("v3_annotated", "incident.annotated", Action.INFO, KEY, f"{TITLE} - Rotating the logs now.", PAGE),
        (
            *("v3_ours_acknowledged", "incident.acknowledged", Action.ACKNOWLEDGE),
            *("pagerduty incident Q3SAMPLEINCIDENT", "The checkout is down", OTHER_PAGE),
        ),
        (
            *("v3_service_updated", "service.updated", Action.INFO, "pagerduty service PSHOP01"),
            *("PagerDuty service.updated: Corner Shop", SERVICE_PAGE),
        ),
        (
            *("v3_ping", "pagey.ping", Action.INFO, "pagerduty ping"),
            *("PagerDuty test ping: Hello from your friend Pagey!", None),
        ),
        ("v2_trigger", "incident.triggered", Action.TRIGGER, KEY, TITLE, PAGE),
        ("v1_trigger", "incident.triggered", Action.TRIGGER, KEY, TITLE, PAGE),
    ],
)
def test_samples(sample, kind, action, key, summary, url):
    """One incident has one key in every version and for all its news, also when the news has an id of its own."""
    (event,) = heard(SOURCE, sample)
    assert (event.kind, event.action, event.dedup_key) == (f"pagerduty.{kind}", action, key)
    assert (event.summary, event.url) == (summary, url)


def test_what_rules_can_ask_about():
    """Priority before urgency as the hint, and who did it."""
    (event,) = heard(SOURCE, "v3_acknowledged")
    assert (event.severity, event.actor, event.occurred_at) == ("p2", "Ana Ionescu", at("09:05:00") + 0.25)
    assert event.labels == {
        "service": "Corner Shop",
        "urgency": "high",
        "priority": "P2",
        "team": "Shop",
        "assignee": "Ana Ionescu",
        "number": "204",
    }


def test_a_merge_says_so():
    """A merged incident is closed, not mended: it tells into which one it went."""
    assert heard(SOURCE, "v3_merged")[0].labels["merged_into"] == "Q2SAMPLEINCIDENT"


def test_two_messages_in_one_body():
    """V2 may say two things at once; both count, in their order."""
    first, second = heard(SOURCE, "v2_acknowledge_and_resolve")
    assert [first.action, second.action] == [Action.ACKNOWLEDGE, Action.RESOLVE]
    assert [first.actor, first.severity, first.occurred_at] == ["Dan Pop", "low", at("09:05:00")]


@pytest.mark.parametrize(
    ("key", "incident"),
    [
        ("tocsin-4QXZ81-oncall_engineer", "4QXZ81"),
        ("tocsin-4QXZ81-oncall-engineer", ""),
        ("tocsin--ceo", ""),
        ("x-tocsin-4QXZ81-ceo", ""),
        ("shop-web/disk", ""),
        ("", ""),
    ],
)
def test_our_own_key(key, incident):
    """Only a key exactly of our making names an incident of ours."""
    assert our_incident(key) == incident


def test_an_echo_names_our_incident():
    """An acknowledgement in PagerDuty's app is about the incident that we opened there."""
    assert heard(SOURCE, "v3_ours_acknowledged")[0].incident == "4QXZ81"
    assert heard(SOURCE, "v3_acknowledged")[0].incident is None


@pytest.mark.parametrize(
    ("event_id", "header", "kept"),
    [("01ABC", "W1", "01ABC"), (None, "W1", "W1"), ("0" * 26, "", None), (None, "", None)],
)
def test_the_same_id_on_every_retry(event_id, header, kept):
    """The event's id, else the delivery's; a test send's zeros are no id."""
    body = {"event": {"id": event_id, "event_type": "incident.triggered", "data": {"type": "incident", "id": "Q1"}}}
    assert told(SOURCE, body, headers={"x-webhook-id": header})[0].sender_id == kept


@pytest.mark.parametrize("body", [b"nonsense", b"[]", {}, {"event": {}}, {"messages": []}, {"messages": ["x", {}]}])
def test_unreadable(body):
    """A body of none of the three versions."""
    with pytest.raises(Unreadable):
        told(SOURCE, body)


def _proof(secret: bytes, body: bytes = b"{}") -> str:
    return sign(body, secret, NOW, Options())["X-PagerDuty-Signature"]


@pytest.mark.parametrize(
    "header",
    [
        _proof(b"new"),
        f"{_proof(b'old')},{_proof(b'new')}",
        f"v2=beef , {_proof(b'other')} , {_proof(b'new')}",
        "v1=" + _proof(b"new")[3:].upper(),
    ],
)
def test_signed(header):
    """Any v1 of the list fits, with or without spaces."""
    verify(
        Delivery(received_at=NOW, headers={"x-pagerduty-signature": header}, body=b"{}"),
        [b"old2", b"new"],
        NOW,
        Options(),
    )


@pytest.mark.parametrize(
    "header",
    ["", "v1=", _proof(b"other"), _proof(b"new", b"{}\n"), _proof(b"new")[3:], "v2=" + _proof(b"new")[3:], "v1=é"],
)
def test_not_signed(header):
    """Missing, empty, another's, another body's, without a version, of another version, not hex."""
    with pytest.raises(Unauthentic):
        verify(
            Delivery(received_at=NOW, headers={"x-pagerduty-signature": header}, body=b"{}"), [b"new"], NOW, Options()
        )


@given(deliveries(WORDS) | broken(SOURCE))
def test_survives_strangers(strange: Delivery):
    """Whatever arrives gives events or Unreadable, never another exception."""
    survives(SOURCE, strange)


@pytest.mark.parametrize(
    ("agent", "incident_key", "action"),
    [
        ({"type": "user_reference"}, "tocsin-4QXZ81-ceo", Action.RESOLVE),
        (None, "tocsin-4QXZ81-ceo", Action.RESOLVE),
        ({"type": "events_api_v2_inbound_integration_reference"}, "tocsin-4QXZ81-ceo", Action.INFO),
        ({"type": "service_reference"}, "tocsin-4QXZ81-ceo", Action.INFO),
        ({"type": "events_api_v2_inbound_integration_reference"}, "of another sender", Action.RESOLVE),
    ],
)
def test_of_a_page_of_ours_only_people_say_anything_new(agent, incident_key, action):
    """Our own resolve comes back as the integration's: it is kept, and ends nothing that may fire again by then."""
    data = {"id": "Q1", "type": "incident", "title": "Down", "incident_key": incident_key}
    newer = {"event": {"event_type": "incident.resolved", "agent": agent, "data": data}}
    older = {"messages": [{"event": "incident.resolve", "incident": data, "log_entries": [{"agent": agent or {}}]}]}
    assert [told(SOURCE, body)[0].action for body in (newer, older)] == [action, action]
