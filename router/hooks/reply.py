"""An answer, whole: as the ASGI messages a server sends, or as the bytes it would make of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from functools import lru_cache
from http import HTTPStatus
from typing import Any, NamedTuple

from router.problems import MEDIA_TYPE, Problem

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

SECURITY = {
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"cache-control": b"no-store",
    b"cross-origin-resource-policy": b"same-origin",
}
"""Headers of every answer that does not say otherwise."""
_ENDS = b"connection: close\r\n"


class Reply(NamedTuple):
    """What is answered to one delivery. `headers` are those beside the two that say what the body is."""

    status: int
    body: bytes
    media_type: str = "application/json"
    headers: Mapping[str, str] = {}

    @classmethod
    def to(cls, wrong: Problem) -> Reply:
        """The problem as a reply."""
        return cls(wrong.status, wrong.body, MEDIA_TYPE, wrong.headers)

    async def send(self, send: Send) -> None:
        """Through ASGI."""
        raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in self.headers.items()]
        raw += [(b"content-type", self.media_type.encode()), (b"content-length", b"%d" % len(self.body))]
        await send({"type": "http.response.start", "status": self.status, "headers": raw})
        await send({"type": "http.response.body", "body": self.body})

    def written(self, keep_alive: bool, besides: Sequence[tuple[bytes, bytes]] = ()) -> bytes:
        """As HTTP/1.1, with the security headers. `besides`: what the server adds to every answer, the date."""
        own = [(name.lower().encode(), value.encode("latin-1")) for name, value in self.headers.items()]
        return b"%s%s%scontent-length: %d\r\n\r\n%s" % (
            _head(self.status, self.media_type),
            b"".join([b"%s: %s\r\n" % header for header in (*besides, *own)]),
            b"" if keep_alive else _ENDS,
            len(self.body),
            self.body,
        )


@lru_cache(maxsize=64)
def _head(status: int, media_type: str) -> bytes:
    """What all answers of a status have in common."""
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode(), b"content-type: " + media_type.encode()]
    lines += [name + b": " + value for name, value in SECURITY.items()]
    return b"\r\n".join([*lines, b""])
