"""Sentry: what its webhooks say, and who may send them."""

from __future__ import annotations

import functools

import pytest
from hypothesis import given

from router.sources.contract import Delivery, Options, Unauthentic, Unreadable
from router.sources.sentry import SOURCE, sign, verify
from rules.event import Action
from tests.sources.hearing import NOW, at, broken, deliveries, heard, survives, told

WORDS = ["data", "action", "issue", "event", "metric_alert", "error", "comment_id", "tags", "id", "message", "metadata"]
TITLE = "PaymentTimeout: the card terminal did not answer"
ISSUE = "sentry issue 5300128817"
PAGE = "https://corner-shop.sentry.io/issues/5300128817/"
EVENT_PAGE = PAGE + "events/c0ffee11c0ffee11c0ffee11c0ffee11/"
METRIC_PAGE = "https://corner-shop.sentry.io/alerts/rules/details/612/?alert=31"
DEEP = functools.reduce(lambda inner, _: [inner], range(900), [])
SLOW = "Checkout answers slowly (p95 of 4200 ms in the last 5 minutes)"


@pytest.mark.parametrize(
    ("sample", "kind", "action", "key", "summary", "severity", "url"),
    [
        ("issue_created", "issue.created", Action.TRIGGER, ISSUE, TITLE, "error", PAGE),
        ("issue_unresolved", "issue.unresolved", Action.TRIGGER, ISSUE, TITLE, "error", PAGE),
        ("issue_resolved", "issue.resolved", Action.RESOLVE, ISSUE, TITLE, "error", PAGE),
        ("issue_ignored", "issue.ignored", Action.ACKNOWLEDGE, ISSUE, TITLE, "error", PAGE),
        ("issue_archived", "issue.archived", Action.ACKNOWLEDGE, ISSUE, TITLE, "error", PAGE),
        ("issue_assigned", "issue.assigned", Action.INFO, ISSUE, TITLE, "error", PAGE),
        ("event_alert_triggered", "event_alert.triggered", Action.TRIGGER, ISSUE, TITLE, "error", EVENT_PAGE),
        ("event_alert_old_body", "event_alert.triggered", Action.TRIGGER, ISSUE, TITLE, "error", EVENT_PAGE),
        ("error_created", "error.created", Action.TRIGGER, ISSUE, TITLE, "error", EVENT_PAGE),
        ("legacy_plugin", "legacy_plugin", Action.TRIGGER, ISSUE, TITLE, "fatal", PAGE + "?referrer=webhooks_plugin"),
        (
            *("metric_alert_critical", "metric_alert.critical", Action.TRIGGER, "sentry metric 90210"),
            *(f"Critical: {SLOW}", "critical", METRIC_PAGE),
        ),
        (
            *("metric_alert_warning", "metric_alert.warning", Action.TRIGGER, "sentry metric 90210"),
            *(f"Warning: {SLOW}", "warning", METRIC_PAGE),
        ),
        (
            *("metric_alert_resolved", "metric_alert.resolved", Action.RESOLVE, "sentry metric 90210"),
            *(f"Resolved: {SLOW}", None, METRIC_PAGE),
        ),
        (
            *("comment_created", "comment.created", Action.INFO, ISSUE),
            *("Comment created on issue 5300128817: The bank is looking into it.", None, None),
        ),
        (
            *("installation_created", "installation.created", Action.INFO),
            *("sentry installation 5b1f7a52-9f0e-4d6d-8f0a-2c4e6a8b0d13", "Sentry integration installed", None, None),
        ),
        (
            *("seer_finished", "seer.root_cause_completed", Action.INFO, ISSUE),
            *("Sentry seer.root_cause_completed", None, None),
        ),
    ],
)
def test_samples(sample, kind, action, key, summary, severity, url):
    """Every resource is read, and what concerns one issue has one key, whichever resource tells of it."""
    (event,) = heard(SOURCE, sample)
    assert (event.kind, event.action, event.dedup_key) == (f"sentry.{kind}", action, key)
    assert (event.summary, event.severity, event.url) == (summary, severity, url)


def test_an_occurrence_tells_where_it_happened():
    """Rules need the environment and the project; the time is Sentry's, not that of the machine that failed."""
    (event,) = heard(SOURCE, "event_alert_triggered")
    assert event.labels == {
        "project": "shop-checkout",
        "environment": "production",
        "release": "shop@8.2.0",
        "server_name": "shop-web-3",
        "culprit": "checkout.pay in charge_card",
        "platform": "python",
        "rule": "Checkout fails for customers",
    }
    assert event.occurred_at == at("09:13:59") + 0.25


@pytest.mark.parametrize(
    "tags",
    [
        [["level", "fatal"], ["release", "1"]],
        [[" level\n", "fatal"], ["le\u200bvel", "fatal"]],
        [["level", "fatal"], "level", ["level"], [{"level": 1}, "x"], [None, "info"], 5],
        [[DEEP, "info"], ["level", "fatal", "info"]],
    ],
)
def test_tags_are_found_by_their_names(tags):
    """However they are spaced; what is no tag is passed over, an array as a name too, however deep."""
    body = {"action": "triggered", "data": {"event": {"issue_id": "1", "title": "Boom", "tags": tags}}}
    (event,) = told(SOURCE, body, headers={"sentry-hook-resource": "event_alert"})
    assert event.severity == "fatal"


def test_who_did_it():
    """A person who resolved is named; Sentry itself is nobody."""
    assert heard(SOURCE, "issue_resolved")[0].actor == "Ana Ionescu"
    assert heard(SOURCE, "issue_created")[0].actor is None


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ({"issue": {"id": 1}}, "sentry.issue.created"),
        ({"event": {}}, "sentry.event_alert.created"),
        ({"error": {}}, "sentry.error.created"),
        ({"metric_alert": {}}, "sentry.metric_alert.created"),
        ({"comment_id": 1}, "sentry.comment.created"),
        ({"installation": {}}, "sentry.installation.created"),
        ({"novelty": 1}, "sentry.unknown.created"),
    ],
)
def test_without_the_header_the_resource_is_guessed(data, kind):
    """A proxy that drops `Sentry-Hook-Resource` costs nothing."""
    assert told(SOURCE, {"action": "created", "data": data})[0].kind == kind


def test_an_empty_body_is_news_of_nothing():
    """Sentry signs and sends empty bodies now and then; they must not be quarantined."""
    (event,) = told(SOURCE)
    assert (event.action, event.kind) == (Action.INFO, "sentry.empty")


@pytest.mark.parametrize("body", [b"nonsense", b"[]", b"{}", {"id": 5}, {"message": "no id"}])
def test_unreadable(body):
    """What is neither an integration's body nor the plugin's is said to be so."""
    with pytest.raises(Unreadable):
        told(SOURCE, body)


@pytest.mark.parametrize("header", ["sentry-hook-signature", "sentry-app-signature"])
@pytest.mark.parametrize("body", [b"", b'{"a":1}\n'])
@pytest.mark.parametrize("change", [str.lower, str.upper])
def test_signed(header, body, change):
    """Either header, either case, an empty body, and any of several secrets while they are rotated."""
    proof = change(sign(body, b"new", NOW, Options())["Sentry-Hook-Signature"])
    verify(Delivery(received_at=NOW, headers={header: proof}, body=body), [b"old", b"new"], NOW, Options())


@pytest.mark.parametrize(
    ("headers", "secrets"),
    [
        ({}, [b"new"]),
        ({"sentry-hook-signature": ""}, [b"new"]),
        ({"sentry-hook-signature": "zz"}, [b"new"]),
        ({"sentry-hook-signature": sign(b"{}", b"other", NOW, Options())["Sentry-Hook-Signature"]}, [b"new"]),
        ({"sentry-hook-signature": sign(b"{}\n", b"new", NOW, Options())["Sentry-Hook-Signature"]}, [b"new"]),
        ({"sentry-hook-signature": sign(b"{}", b"new", NOW, Options())["Sentry-Hook-Signature"]}, []),
        ({"sentry-hook-signature": sign(b"{}", b"", NOW, Options())["Sentry-Hook-Signature"]}, [b""]),
    ],
)
def test_not_signed(headers, secrets):
    """Missing, empty, malformed, another's, of a body with one newline more, no secret at all, an empty secret."""
    with pytest.raises(Unauthentic):
        verify(Delivery(received_at=NOW, headers=headers, body=b"{}"), secrets, NOW, Options())


@given(deliveries(WORDS) | broken(SOURCE))
def test_survives_strangers(strange: Delivery):
    """Whatever arrives gives events or Unreadable, never another exception."""
    survives(SOURCE, strange)


def test_the_same_body_is_the_same_message():
    """Nothing that Sentry signs tells a replay from the first but the body, whatever the headers say."""
    body = {"action": "created", "data": {"issue": {"id": "1", "title": "Boom"}}}
    first, replayed = (told(SOURCE, body, headers={"request-id": each})[0] for each in ("a", "b"))
    other = told(SOURCE, {"action": "created", "data": {"issue": {"id": "2", "title": "Boom"}}})[0]
    assert first.sender_id == replayed.sender_id
    assert first.sender_id != other.sender_id


@pytest.mark.parametrize("action", ["resolved", "unresolved", "ignored", "assigned"])
def test_what_people_do_twice_is_two_messages(action):
    """Resolved, reopened and resolved again, the body may be the same to the byte: it counts each time."""
    body = {"action": action, "data": {"issue": {"id": "1", "title": "Boom"}}}
    assert told(SOURCE, body)[0].sender_id is None
