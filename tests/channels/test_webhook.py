"""The webhook of one's own: JSON that a receiver can verify with any Standard Webhooks library."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given, settings

from tests.channels.notifications import END, PAGE, every_text, hostile
from workers.channels.contract import Reply, Undelivered
from workers.channels.webhook import CHANNEL, WebhookOptions, signature

KEY = b"0123456789abcdef0123456789abcdef"
OPTIONS = WebhookOptions(url="${env:U}", secret="${env:S}").model_copy(
    update={"url": "https://ops.example.com/in", "secret": "whsec_" + base64.b64encode(KEY).decode()}
)


def test_the_receiver_can_verify_it() -> None:
    """HMAC over id, timestamp and the exact bytes, as the receiver computes it."""
    request = CHANNEL.post(PAGE, OPTIONS)
    signed = b"n-0001.1795516140." + request.body
    expected = base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    assert request.headers["webhook-id"] == "n-0001"
    assert request.headers["webhook-timestamp"] == "1795516140"
    assert request.headers["webhook-signature"] == f"v1,{expected}"


def test_the_signature_of_the_specification() -> None:
    """The example that the Standard Webhooks specification prints."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"test": 2432232314}'
    said = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body)
    assert said == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_body_says_who_what_and_why_without_addresses() -> None:
    """Names, not addresses: the receiver is not the person."""
    said = orjson.loads(CHANNEL.post(PAGE, OPTIONS).body)
    assert (said["type"], said["severity"], said["pages"]) == ("incident.escalated", "P1", True)
    assert (said["recipient"], said["acknowledge"]["url"]) == ("Maria", "https://tocsin.example.com/a/abc")
    assert "U02MARIA" not in every_text(said)
    assert orjson.loads(CHANNEL.post(END, OPTIONS).body)["note"] == "a bad deploy, rolled back"


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_not base64!", "plain"])
def test_a_secret_of_another_shape_fails_for_good(secret: str) -> None:
    """And the message does not repeat it."""
    with pytest.raises(Undelivered, match="secret") as refused:
        CHANNEL.post(PAGE, OPTIONS.model_copy(update={"secret": secret}))
    assert refused.value.permanent
    assert not secret.strip("whsec_") or secret not in refused.value.why


@settings(max_examples=60, deadline=None)
@given(hostile)
def test_whatever_a_sender_writes_is_valid_json(notification: Any) -> None:
    """Even halves of characters."""
    assert orjson.loads(CHANNEL.post(replace(notification), OPTIONS).body)["incident"] == "inc-7"


@pytest.mark.parametrize(("status", "permanent"), [(400, True), (410, True), (408, False), (429, False), (502, False)])
def test_refusals(status: int, permanent: bool) -> None:
    """4xx is for good but for those that ask for patience."""
    with pytest.raises(Undelivered) as refused:
        CHANNEL.read(Reply(status=status))
    assert refused.value.permanent is permanent


def test_taken() -> None:
    """Any 2xx."""
    CHANNEL.read(Reply(status=204))
