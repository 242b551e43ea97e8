"""Uptime Kuma: a heartbeat in four wrappings, and messages without one."""

from __future__ import annotations

import pytest
from hypothesis import given

from router.sources.contract import Delivery, Unreadable
from router.sources.uptimekuma import SOURCE
from rules.event import Action
from tests.sources.hearing import at, broken, deliveries, heard, survives, told

WORDS = ["heartbeat", "monitor", "msg", "status", "id", "monitorID", "name", "tags", "value", "[a] [🔴 Down] b", "time"]
FORM = {"content-type": "multipart/form-data; boundary=b"}


@pytest.mark.parametrize("transport", ["json", "form_data", "get"])
def test_down_and_up(transport):
    """However it is sent, down triggers and up resolves the same key, at the heartbeat's own time, which is UTC."""
    (down,), (up,) = heard(SOURCE, f"down_{transport}"), heard(SOURCE, f"up_{transport}")
    assert (down.kind, down.action, up.kind, up.action) == (
        "uptimekuma.down",
        Action.TRIGGER,
        "uptimekuma.up",
        Action.RESOLVE,
    )
    assert down.dedup_key == up.dedup_key == "uptimekuma monitor 12"
    assert down.summary == "Checkout API is DOWN: Request failed with status code 502"
    assert up.summary == "Checkout API is UP: 200 - OK"
    assert down.url == up.url == "https://checkout.example.com/health"
    assert (down.occurred_at, up.occurred_at) == (at("09:14:03.512"), at("09:20:41.077"))


def test_tags_are_labels():
    """The tags an operator gave a monitor are what rules ask for; a tag without a value is `true`."""
    (event,) = heard(SOURCE, "down_json")
    assert event.labels == {
        "environment": "production",
        "customer-facing": "true",
        "monitor": "Checkout API",
        "monitor_type": "http",
    }


def test_custom_body():
    """A body of the operator's, posted as if it were a form: Kuma's own words in it say what happened to which name."""
    (down,), (up,) = heard(SOURCE, "down_custom_body"), heard(SOURCE, "up_custom_body")
    assert (down.action, up.action) == (Action.TRIGGER, Action.RESOLVE)
    assert down.dedup_key == up.dedup_key == "uptimekuma monitor named Checkout API"
    assert down.summary == "Checkout API is DOWN: Request failed with status code 502"


@pytest.mark.parametrize(
    "body",
    [
        "[Mail [eu]] [🔴 Down] timeout".encode(),
        'It rings: "[Mail [eu]] [🔴 Down] timeout'.encode(),
        {"blocks": [{"type": "section", "text": {"text": "[Mail [eu]] [🔴 Down] timeout"}}]},
    ],
)
def test_custom_text(body):
    """The words are found in plain text, in text that is nearly JSON, and deep inside a template; brackets stay."""
    (event,) = told(SOURCE, body)
    assert (event.action, event.dedup_key) == (Action.TRIGGER, "uptimekuma monitor named Mail [eu]")


def test_a_port_monitor_has_no_address():
    """Kuma writes the bare word `https://` where a monitor has no address; the host is a label."""
    (event,) = heard(SOURCE, "port_down")
    assert (event.url, event.labels["target"]) == (None, "mail.example.com")


@pytest.mark.parametrize(
    ("sample", "kind", "summary"),
    [
        ("pending", "uptimekuma.pending", "Checkout API is PENDING: Request failed with status code 502"),
        ("maintenance", "uptimekuma.maintenance", "Checkout API is in maintenance: Monitor under maintenance"),
        ("test", "uptimekuma.test", "Tocsin Testing"),
    ],
)
def test_what_pages_nobody(sample, kind, summary):
    """A retry under way, maintenance, and the test button are news, not outages, though the message may say Down."""
    (event,) = heard(SOURCE, sample)
    assert (event.action, event.kind, event.summary) == (Action.INFO, kind, summary)


@pytest.mark.parametrize(
    ("sample", "kind", "url"),
    [
        ("certificate_expiry", "uptimekuma.certificate_expiry", "https://checkout.example.com/health"),
        ("domain_expiry", "uptimekuma.domain_expiry", None),
    ],
)
def test_expiry(sample, kind, url):
    """Expiring certificates and domains look like the test button, without a monitor, but somebody must act."""
    (event,) = heard(SOURCE, sample)
    assert (event.action, event.kind, event.url) == (Action.TRIGGER, kind, url)
    assert "expire" in event.summary


def test_expiry_reminders_are_one_thing():
    """21, 14 and 7 days before, the same certificate is told of again: one key."""
    line = "[Shop][https://shop.example.com] server certificate shop.example.com will expire in {} days"
    keys = {
        told(SOURCE, {"heartbeat": None, "monitor": None, "msg": line.replace("{}", days)})[0].dedup_key
        for days in "73"
    }
    assert keys == {"uptimekuma [Shop][https://shop.example.com] server certificate shop.example.com"}


def test_the_test_button_over_get():
    """Over GET a message without a heartbeat brings nothing but `msg`."""
    (event,) = told(SOURCE, query="msg=Tocsin+Testing")
    assert (event.action, event.summary) == (Action.INFO, "Tocsin Testing")


@pytest.mark.parametrize(
    ("body", "query", "headers"),
    [
        (None, "", {}),
        (None, "msg=x&heartbeat=%7B", {}),
        (b"the shop is burning", "", {}),
        ({"title": "the shop is burning"}, "", {}),
        ({"heartbeat": {"monitorID": 1, "status": 9}, "monitor": None, "msg": ""}, "", {}),
        ({"heartbeat": {"status": 0}, "monitor": None, "msg": ""}, "", {}),
        (b'--b\r\nContent-Disposition: form-data; name="other"\r\n\r\n{}\r\n--b--', "", FORM),
        (b"no parts at all", "", {"content-type": "multipart/form-data"}),
    ],
)
def test_unreadable(body, query, headers):
    """A text that says neither up nor down, or a state nobody has documented, is quarantined and never guessed at."""
    with pytest.raises(Unreadable):
        told(SOURCE, body, query=query, headers=headers)


@given(deliveries(WORDS) | broken(SOURCE))
def test_survives_strangers(strange: Delivery):
    """Whatever arrives gives events or Unreadable, never another exception."""
    survives(SOURCE, strange)
