"""Bodies that come compressed, opened no further than a body may be long: a kilobyte can hold a megabyte of zeros."""

from __future__ import annotations

import zlib

RATIO = 100
"""No text that means anything shrinks to less than a hundredth."""
HARMLESS = 64 * 1024
"""Bytes that a body may always grow to: a short list of the same words does shrink so far."""
MEMBERS = 16
"""Parts of one body (RFC 1952, 2.2). Nobody sends more than one; each costs an inflater of its own."""
_GZIP = 16 + zlib.MAX_WBITS


class Bomb(Exception):
    """It grows to more than a delivery may be."""


class Broken(Exception):
    """It is not gzip, or not all of it; the message says which."""


def inflate(body: bytes, limit: int) -> bytes:
    """What the body was before it was compressed, `limit` bytes at most. Raises Bomb or Broken."""
    limit = min(limit, max(HARMLESS, RATIO * len(body)))
    plain = bytearray()
    for _ in range(MEMBERS):
        if not body:
            return bytes(plain)
        member = zlib.decompressobj(_GZIP)
        try:
            plain += member.decompress(body, limit + 1 - len(plain))
        except zlib.error:
            raise Broken("it is not the gzip it says it is") from None
        if len(plain) > limit:
            raise Bomb
        if not member.eof:
            raise Broken("its gzip ends too early")
        body = member.unused_data.lstrip(b"\0")
    raise Broken("its gzip has too many parts")
