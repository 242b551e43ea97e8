"""Random words that open something: handed out once, kept as a digest only."""

from __future__ import annotations

import hashlib
import secrets

_BYTES = 32


def minted(prefix: str = "") -> str:
    """A word of 256 random bits, safe in an address and in a cookie."""
    return prefix + secrets.token_urlsafe(_BYTES)


def digest(word: str) -> str:
    """What is kept of it. Nothing slower than SHA-256 is needed: 256 random bits are not guessed from their digest."""
    return hashlib.sha256(word.encode("utf-8", "replace")).hexdigest()
