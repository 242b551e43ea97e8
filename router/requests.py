"""Reading a request without trusting it: headers, and a body that never takes more memory than the cap allows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from router.problems import Problem


class Gone(Exception):
    """The client left, or was cut off, before its request was whole: there is nobody to answer."""


def headers_of(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Lower-case names; a repeated header is joined with `, ` (RFC 9110, 5.3)."""
    found: dict[str, str] = {}
    for raw_name, raw_value in raw:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


async def read_body(headers: dict[str, str], receive: Any, limit: int) -> bytes:
    """The whole body. Raises Problem 413 as soon as it is known to be longer than `limit` bytes, or Gone."""
    declared = headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and (len(declared) > 12 or int(declared) > limit):
        raise too_large(limit)
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Gone
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise too_large(limit)
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def too_large(limit: int) -> Problem:
    """The body is longer than a delivery may be."""
    detail = f"The body is larger than {limit} bytes. Send less, or raise TOCSIN_BODY_LIMIT."
    return Problem(413, detail, limit=limit)
