"""Reports by people."""

from __future__ import annotations

import pytest
from hypothesis import given

from router.sources.contract import Delivery, Options, Unreadable
from router.sources.manual import SOURCE
from rules.event import Action
from tests.sources.hearing import NOW, broken, deliveries, heard, survives, told

WORDS = ["summary", "severity", "labels", "url", "dedup_key", "reporter", "details", "P1"]


def test_a_full_report():
    """Everything a person said is kept, and the person is named."""
    (event,) = heard(SOURCE, "outage")
    assert (event.kind, event.action, event.dedup_key) == ("manual.report", Action.TRIGGER, "manual login")
    assert (event.summary, event.severity, event.actor) == ("Customers cannot log in", "p1", "Maria Popa")
    assert event.url == "https://status.example.com/login"
    assert event.labels == {"area": "login", "details": "Three calls in five minutes."}


def test_every_report_is_its_own_incident():
    """Two people who write the same words may mean two things; a dedup_key says when they do not."""
    body = b'{"summary": "It is slow"}'
    keys = {
        SOURCE.parse(Delivery(id=name, received_at=NOW, body=body), Options())[0].dedup_key for name in ("d1", "d2")
    }
    assert keys == {"manual d1", "manual d2"}


@pytest.mark.parametrize("body", [b"", b"It is slow", {}, {"summary": " \n "}, {"summary": ["x"]}])
def test_a_report_needs_a_summary(body):
    """Without one line that says what is wrong there is nothing to tell anybody."""
    with pytest.raises(Unreadable):
        told(SOURCE, body)


@given(deliveries(WORDS) | broken(SOURCE))
def test_survives_strangers(strange: Delivery):
    """Whatever arrives gives events or Unreadable, never another exception."""
    survives(SOURCE, strange)
