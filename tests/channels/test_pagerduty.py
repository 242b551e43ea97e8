"""PagerDuty: one page per role, opened, acknowledged and closed under one key."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given, settings

from router.demo import pagerduty as receiver
from rules.event import Severity
from rules.incident import Reason
from tests.channels.notifications import PAGE, every_text, hostile
from workers.channels.contract import Recipient, Reply, Undelivered
from workers.channels.pagerduty import CHANNEL, PagerDutyOptions

OPTIONS = PagerDutyOptions()


def event(notification: Any = PAGE, options: PagerDutyOptions = OPTIONS) -> Any:
    request = CHANNEL.post(notification, options)
    return None if request is None else orjson.loads(request.body)


def test_a_page_is_a_trigger_with_everything_in_it() -> None:
    """The responder sees title, place, reason, next step and the links inside PagerDuty."""
    page = event()
    assert (page["event_action"], page["dedup_key"]) == ("trigger", "tocsin-inc-7-engineering_lead")
    assert page["routing_key"] == "U02MARIA"
    assert page["payload"]["summary"] == "P1 · Checkout is down"
    assert page["payload"]["timestamp"] == "2026-11-24T10:15:00.000+00:00"
    assert page["payload"]["custom_details"]["next"] == "ceo at 10:45 UTC, in 16m, if nobody acknowledges"
    assert [link["text"] for link in page["links"]] == ["Acknowledge", "Runbook", "Incident"]
    assert (page["client"], page["client_url"]) == ("Tocsin", "https://tocsin.example.com/a/abc")


@pytest.mark.parametrize(
    ("reason", "action"),
    [
        (Reason.OPENED, "trigger"),
        (Reason.ESCALATED, "trigger"),
        (Reason.SEVERITY_RAISED, "trigger"),
        (Reason.RETRIGGERED, "trigger"),
        (Reason.EXHAUSTED, "trigger"),
        (Reason.ACKNOWLEDGED, "acknowledge"),
        (Reason.RECOVERED, "resolve"),
        (Reason.RESOLVED, "resolve"),
        (Reason.FALSE_POSITIVE, "resolve"),
        (Reason.SEVERITY_LOWERED, None),
        (Reason.ASSIGNED, None),
        (Reason.UPDATE, None),
        (Reason.MITIGATED, None),
    ],
)
def test_reasons(reason: Reason, action: str | None) -> None:
    """News that change no page are not sent."""
    said = event(replace(PAGE, reason=reason))
    assert (said and said["event_action"]) == action


def test_acknowledge_and_resolve_close_the_same_page() -> None:
    """One key for the whole life of a role's page, and nothing but the key is sent."""
    end = event(replace(PAGE, reason=Reason.RESOLVED))
    assert end == {"routing_key": "U02MARIA", "event_action": "resolve", "dedup_key": event()["dedup_key"]}


@pytest.mark.parametrize(
    ("severity", "word"),
    [(Severity.P1, "critical"), (Severity.P2, "error"), (Severity.P3, "warning"), (Severity.P4, "info")],
)
def test_severities(severity: Severity, word: str) -> None:
    """The four levels have PagerDuty's four words."""
    assert event(replace(PAGE, severity=severity))["payload"]["severity"] == word


def test_the_key_of_the_channel_serves_whoever_has_none() -> None:
    """Without a person's key the channel's is used; without both it fails for good, saying for whom."""
    nobody = replace(PAGE, recipient=Recipient(name="Dan"))
    assert event(nobody, OPTIONS.model_copy(update={"routing_key": "R-default"}))["routing_key"] == "R-default"
    with pytest.raises(Undelivered, match="no PagerDuty routing key for Dan") as refused:
        event(nobody)
    assert refused.value.permanent


@settings(max_examples=100, deadline=None)
@given(hostile)
def test_pagerduty_takes_whatever_a_sender_writes(notification: Any) -> None:
    """No text is too long or unprintable for the event, and no link leads outside the web."""
    said = event(notification)
    if said is not None:
        assert list(receiver.faults(said)) == []
        assert all(text.isprintable() for text in every_text(said))
        assert all(link["href"].startswith("https://") for link in said.get("links", []))


@pytest.mark.parametrize(
    ("status", "headers", "permanent", "after"),
    [(400, {}, True, None), (404, {}, True, None), (429, {"retry-after": "30"}, False, 30.0), (503, {}, False, None)],
)
def test_refusals(status: int, headers: dict[str, str], permanent: bool, after: float | None) -> None:
    """A bad event is given up at once, a busy PagerDuty is asked again."""
    with pytest.raises(Undelivered) as refused:
        CHANNEL.read(Reply(status=status, headers=headers, body=b'{"status":"invalid event"}'))
    assert (refused.value.permanent, refused.value.after) == (permanent, after)


def test_taken() -> None:
    """202 is how PagerDuty says yes."""
    CHANNEL.read(Reply(status=202, body=b'{"status":"success"}'))


def test_a_retry_after_that_is_a_date_is_read_against_the_answers_own_date() -> None:
    """RFC 9110 allows a date; our clock does not enter."""
    headers = {"date": "Tue, 24 Nov 2026 10:00:00 GMT", "retry-after": "Tue, 24 Nov 2026 10:01:30 GMT"}
    with pytest.raises(Undelivered) as refused:
        CHANNEL.read(Reply(status=429, headers=headers))
    assert refused.value.after == 90.0
