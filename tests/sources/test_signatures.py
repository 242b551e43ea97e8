"""Tokens: the proof of origin of senders that sign nothing."""

from __future__ import annotations

import base64

import pytest

from router.sources.contract import Delivery, Unauthentic
from router.sources.signatures import verify_token

TOKENS = [b"old-token", b"new-token"]


def _basic(credentials: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(credentials.encode()).decode()}


@pytest.mark.parametrize(
    ("token", "headers"),
    [
        ("new-token", {}),
        ("old-token", {}),
        (None, {"x-tocsin-token": "new-token"}),
        (None, {"authorization": "Bearer new-token"}),
        (None, {"authorization": "bearer  new-token "}),
        (None, _basic("anybody:new-token")),
        ("wrong", {"x-tocsin-token": "new-token"}),
    ],
)
def test_a_token_fits(token, headers):
    """In the path, a header, as a bearer token or a password, whichever the sender can be taught; any of several."""
    verify_token(Delivery(received_at=0, token=token, headers=headers), TOKENS)


@pytest.mark.parametrize(
    ("token", "headers", "tokens"),
    [
        (None, {}, TOKENS),
        ("", {}, TOKENS),
        ("new-token2", {}, TOKENS),
        ("New-token", {}, TOKENS),
        ("\ud800é", {}, TOKENS),
        (None, {"authorization": "new-token"}, TOKENS),
        (None, {"authorization": "Basic ???"}, TOKENS),
        (None, _basic("new-token"), TOKENS),
        ("new-token", {}, []),
        ("", {"x-tocsin-token": ""}, [b""]),
    ],
)
def test_a_token_does_not_fit(token, headers, tokens):
    """Missing, empty, nearly right, in the wrong place, malformed, or nothing configured to compare with."""
    with pytest.raises(Unauthentic):
        verify_token(Delivery(received_at=0, token=token, headers=headers), tokens)


def test_the_refusal_does_not_repeat_the_secret():
    """What is written to the log names no token, neither the right one nor the one that came."""
    with pytest.raises(Unauthentic) as refusal:
        verify_token(Delivery(received_at=0, token="guessed"), TOKENS)
    assert not any(word in str(refusal.value) for word in ("guessed", "old-token", "new-token"))
