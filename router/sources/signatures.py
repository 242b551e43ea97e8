"""Proofs of origin: HMAC-SHA256 over raw bytes, time windows, shared tokens. Secrets meet in `hmac.compare_digest`."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Sequence

from router.sources.contract import Delivery, Unauthentic

WINDOW = 300.0
"""Seconds a signed timestamp may lie before or after our clock, as Stripe's and Standard Webhooks' libraries allow."""
_MOST_SIGNATURES = 16


def hmac_sha256(secret: bytes, message: bytes) -> bytes:
    """The raw 32 bytes of HMAC-SHA256."""
    return hmac.digest(secret, message, hashlib.sha256)


def sign_hex(secret: bytes, message: bytes) -> str:
    """HMAC-SHA256 as lower-case hex: what Sentry, Stripe and PagerDuty send."""
    return hmac_sha256(secret, message).hex()


def sign_base64(secret: bytes, message: bytes) -> str:
    """HMAC-SHA256 as standard base64: what Standard Webhooks and Shopify-like senders send."""
    return base64.b64encode(hmac_sha256(secret, message)).decode("ascii")


def verify_hmac(message: bytes, given: Iterable[str], secrets: Sequence[bytes], *, encoding: str = "hex") -> None:
    """Return when any of the `given` signatures (`hex` of either case, or `base64`) fits any secret.

    Raises Unauthentic when none fits, when none was given, or when no secret is configured. An empty secret never fits.
    """
    claims = [raw for text in list(given)[:_MOST_SIGNATURES] if (raw := _decode(text.strip(), encoding))]
    if not claims:
        raise Unauthentic("no signature, or none in a form we know")
    for proof in [hmac_sha256(secret, message) for secret in secrets if secret]:
        for claim in claims:
            if hmac.compare_digest(claim, proof):
                return
    raise Unauthentic("the signature does not fit any of the source's secrets")


def verify_moment(text: str, now: float, window: float = WINDOW) -> str:
    """The signed Unix time exactly as sent, when it lies within `window` seconds of `now` on either side.

    Raises Unauthentic otherwise: too old means a replay, too new a wrong clock or a forged header.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise Unauthentic("the signature's time is missing or not a whole number of Unix seconds")
    if abs(now - int(text)) > window:
        raise Unauthentic(f"the signature's time is more than {window:.0f} s away from our clock")
    return text


def verify_token(delivery: Delivery, tokens: Sequence[bytes]) -> None:
    """Return when the delivery carries any of the source's tokens, else raise Unauthentic.

    A token may stand in the path (`/hooks/{name}/{token}`), in `X-Tocsin-Token`, in `Authorization: Bearer`, or be the
    password of `Authorization: Basic`, whichever the sender can be taught.
    """
    given = [text.encode("utf-8", "surrogatepass") for text in _presented(delivery) if text]
    if not given:
        raise Unauthentic("no token in the path or the headers")
    if not any(hmac.compare_digest(one, token) for one in given for token in tokens if token):
        raise Unauthentic("the token is not one of the source's tokens")


def _presented(delivery: Delivery) -> list[str]:
    scheme, _, credentials = delivery.headers.get("authorization", "").strip().partition(" ")
    credentials = credentials.strip()
    bearer = credentials if scheme.lower() == "bearer" else ""
    password = _password(credentials) if scheme.lower() == "basic" else ""
    return [delivery.token or "", delivery.headers.get("x-tocsin-token", "").strip(), bearer, password]


def _password(credentials: str) -> str:
    decoded = _decode(credentials, "base64").decode("utf-8", "replace")
    return decoded.partition(":")[2]


def _decode(text: str, encoding: str) -> bytes:
    """The bytes behind a signature's text; empty for anything malformed, which then fits nothing."""
    try:
        return base64.b64decode(text, validate=True) if encoding == "base64" else bytes.fromhex(text)
    except (ValueError, binascii.Error):
        return b""
