"""Pingdom: what a check's state change says."""

from __future__ import annotations

import pytest
from hypothesis import given

from router.sources.contract import Delivery, Unreadable
from router.sources.pingdom import SOURCE
from rules.event import Action
from tests.sources.hearing import at, broken, deliveries, heard, survives, told

WORDS = ["check_id", "check_name", "current_state", "DOWN", "UP", "state_changed_timestamp", "check_params", "full_url"]


@pytest.mark.parametrize(
    ("sample", "action", "key", "summary", "url", "severity", "occurred_at"),
    [
        (
            "http_down",
            Action.TRIGGER,
            "pingdom check 7750143",
            "Corner Shop cart is DOWN: HTTP Server Error 500",
            "https://shop.example.com/cart",
            "high",
            "09:14:05",
        ),
        (
            "http_up",
            Action.RESOLVE,
            "pingdom check 7750143",
            "Corner Shop cart is UP: OK",
            "https://shop.example.com/cart",
            "high",
            "09:21:12",
        ),
        (
            "transaction_failing",
            Action.TRIGGER,
            "pingdom check 7750990",
            'Buy a lamp is DOWN: Could not find the button "Pay now"',
            None,
            "low",
            "09:15:00",
        ),
        (
            "transaction_success",
            Action.RESOLVE,
            "pingdom check 7750990",
            "Buy a lamp is UP: All steps passed",
            None,
            "low",
            "09:25:00",
        ),
    ],
)
def test_samples(sample, action, key, summary, url, severity, occurred_at):
    """A check going down triggers, coming back resolves the same key; transaction checks say it in other words."""
    (event,) = heard(SOURCE, sample)
    assert (event.action, event.dedup_key, event.summary, event.url) == (action, key, summary, url)
    assert (event.severity, event.occurred_at) == (severity, at(occurred_at))


def test_labels():
    """A rule can tell production from the rest by Pingdom's tags, and sees where the check failed from."""
    (event,) = heard(SOURCE, "http_down")
    assert event.kind == "pingdom.down"
    assert event.labels == {
        "monitor": "Corner Shop cart",
        "monitor_type": "http",
        "target": "shop.example.com",
        "tags": "production, shop",
        "seen_from": "Vienna, Austria",
    }


@pytest.mark.parametrize(
    "body", [{}, [], {"check_id": 1, "current_state": "UNSURE"}, {"current_state": "DOWN"}, b"DOWN"]
)
def test_unreadable(body):
    """A state that Pingdom does not document is never guessed at; a check without an id could never be resolved."""
    with pytest.raises(Unreadable):
        told(SOURCE, body)


@given(deliveries(WORDS) | broken(SOURCE))
def test_survives_strangers(strange: Delivery):
    """Whatever arrives gives events or Unreadable, never another exception."""
    survives(SOURCE, strange)
