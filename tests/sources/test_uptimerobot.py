"""UptimeRobot: one state change, told in a query, a form or JSON."""

from __future__ import annotations

import pytest
from hypothesis import given

from router.sources.contract import Delivery, Unreadable
from router.sources.uptimerobot import SOURCE
from rules.event import Action
from tests.sources.hearing import at, broken, deliveries, heard, survives, told

WORDS = ["monitorID", "monitor_id", "monitorFriendlyName", "alertType", "1", "2", "3", "alertDateTime", "alertDetails"]
SHOP = "uptimerobot monitor 790412266"


@pytest.mark.parametrize("transport", ["query", "form", "json"])
def test_down_and_up(transport):
    """However it is sent, down triggers and up resolves the same key, with the name as a person typed it."""
    (down,), (up,) = heard(SOURCE, f"down_{transport}"), heard(SOURCE, f"up_{transport}")
    assert (down.kind, down.action, down.dedup_key) == ("uptimerobot.down", Action.TRIGGER, SHOP)
    assert (up.kind, up.action, up.dedup_key) == ("uptimerobot.up", Action.RESOLVE, SHOP)
    assert down.summary == "Corner Shop (production) is DOWN (HTTP 503 - Service Unavailable)"
    assert up.summary == "Corner Shop (production) is UP (HTTP 200 - OK)"
    assert down.url == up.url == "https://shop.example.com/"
    assert (down.occurred_at, up.occurred_at) == (at("10:00:00"), at("10:06:00"))
    assert down.labels == {"monitor": "Corner Shop (production)", "target": "https://shop.example.com/"}


def test_own_keys():
    """A template of the operator's with other keys and no id: the name identifies, a bare host is no link."""
    (down,), (up,) = heard(SOURCE, "own_keys_down"), heard(SOURCE, "own_keys_up")
    assert (down.summary, down.url) == ("Office VPN is DOWN (Host Is Unreachable)", None)
    assert down.dedup_key == up.dedup_key == "uptimerobot monitor named Office VPN"
    assert (down.action, up.action) == (Action.TRIGGER, Action.RESOLVE)


def test_certificate():
    """An expiring certificate has a key of its own: the site coming back up must not resolve it."""
    (event,) = heard(SOURCE, "ssl_expiry")
    assert (event.action, event.dedup_key) == (Action.TRIGGER, "uptimerobot certificate 790412266")
    assert event.summary == "Corner Shop (production): the certificate expires in 7 days"


def test_the_addresses_of_alert_contacts_stay_out():
    """monitorAlertContacts holds other receivers' secret addresses: nothing of it may reach a screen."""
    (event,) = heard(SOURCE, "down_query")
    assert "hooks" not in repr(event)


def test_an_escaped_number_as_long_as_a_book():
    """A character reference of 5,000 digits makes Python's unescaping raise; here it is one strange name."""
    (event,) = told(SOURCE, {"monitorID": "1", "alertType": "1", "monitorFriendlyName": f"&#{'9' * 5000};"})
    assert event.action is Action.TRIGGER


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("", None),
        ("monitorID=1&alertType=9", None),
        ("alertType=1", None),
        ("monitorID=*monitorID*&alertType=1", None),
        ("", b"{not json"),
        ("&".join(f"a{n}=1" for n in range(1001)), None),
    ],
)
def test_unreadable(query, body):
    """No monitor, a type of alert nobody has documented, broken JSON, a flood of fields: never guessed at."""
    with pytest.raises(Unreadable):
        told(SOURCE, body, query=query)


@given(deliveries(WORDS) | broken(SOURCE))
def test_survives_strangers(strange: Delivery):
    """Whatever arrives gives events or Unreadable, never another exception."""
    survives(SOURCE, strange)
