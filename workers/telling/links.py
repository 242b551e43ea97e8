"""Links in notifications: a signed word that says which incident, for whom, and until when. Nothing in it is secret."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

KEEP = 7 * 86400.0
"""Seconds a link is good for."""
_PURPOSE = b"tocsin answer link\n"
_SIGNATURE = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What a link entitles to: answer for this incident. `person` None: it went to a room, so it asks for a name."""

    incident: str
    person: str | None
    expires: float


class LinkForged(Exception):
    """Not a link of ours, or one signed by a secret that is no longer configured."""


class LinkExpired(Exception):
    """A link of ours, too old to act."""


def acknowledge_url(base_url: str, secrets: Sequence[bytes], incident: str, person: str | None, expires: float) -> str:
    """The address of the page where `person` (None: whoever is in the room) answers; `expires` is Unix seconds."""
    said = _encode(orjson.dumps([incident, person, int(expires)]))
    return f"{base_url}/a/{said}.{_encode(_sign(secrets[0], said))}"


def read_link(token: str, secrets: Sequence[bytes], now: float) -> Link:
    """What the token of `/a/{token}` says. Any secret may have signed it. Raises LinkForged or LinkExpired."""
    said, _, signature = token.partition(".")
    claim = _decode(signature)
    fits = [hmac.compare_digest(claim, _sign(secret, said)) for secret in secrets if secret]
    if True not in fits:
        raise LinkForged
    incident, person, expires = orjson.loads(_decode(said))
    if now > expires:
        raise LinkExpired
    return Link(incident=incident, person=person, expires=expires)


def _sign(secret: bytes, said: str) -> bytes:
    return hmac.digest(secret, _PURPOSE + said.encode("utf-8", "replace"), hashlib.sha256)[:_SIGNATURE]


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _decode(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error):
        return b""
