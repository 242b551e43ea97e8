"""What the edge says to a request, or to a connection, that it does not take."""

from __future__ import annotations

from collections.abc import Sequence

from router.problems import Problem


def too_long(cap: int) -> Problem:
    """The head is larger than `cap` bytes."""
    return Problem(431, f"The request's line and headers are larger than {cap} bytes.")


def wrong_head(url: bytes, headers: Sequence[tuple[bytes, bytes]], cap: int, version: str) -> Problem | None:
    """What is wrong with a head that came whole: longer than `cap` bytes, or to be read in two ways; None: nothing."""
    size, hosts, framed = len(url), 0, set()
    for name, value in headers:
        size += len(name) + len(value) + 4
        if name == b"host":
            hosts += 1
        elif name in (b"content-length", b"transfer-encoding"):
            framed.add(name)
    if size > cap:
        return too_long(cap)
    if len(framed) > 1:
        return AMBIGUOUS
    return HOSTLESS if hosts != 1 and version == "1.1" else None


def too_slow(headers: float, body: float) -> Problem:
    """Seconds a client has for its headers, and for its body."""
    return Problem(408, f"Send the headers within {headers:.0f} s, the body within {body:.0f} s more.")


MALFORMED = Problem(400, "This is not HTTP/1.1 as RFC 9112 has it.")
AMBIGUOUS = Problem(400, "A request has either a Content-Length or a Transfer-Encoding, never both (RFC 9112, 6.1).")
TRAILER = Problem(400, "Trailers after a chunked body are not taken. Send them as headers.")
HOSTLESS = Problem(400, "A request has exactly one Host header (RFC 9112, 3.2).")
_LATER = {"Retry-After": "5"}
FULL = Problem(503, "Too many connections. Please try again in 5 seconds.", headers=_LATER)
CROWDED = Problem(503, "Too many connections from this address. Please try again in 5 seconds.", headers=_LATER)

ENDLESS = "/live"
"""Where an answer has no end but that of its connection: a client that says no more has gone."""
