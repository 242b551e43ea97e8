"""Does a Redis or Valkey answer PING? Spoken by hand, so that the connection is one whose address was checked."""

from __future__ import annotations

import socket
from typing import cast
from urllib.parse import SplitResult, unquote, urlsplit

from rules.reading.fields import Reference
from rules.responding.triage import Found
from workers.checks.contract import CannotRun, CheckOptions, CheckType, Means, Said, in_time

_LONGEST = 512
"""Bytes of an answer to PING or AUTH, of which a good one has seven."""


class RedisOptions(CheckOptions):
    """One PING, after AUTH where the address has a password."""

    url: Reference
    """A reference to its address: redis://:password@host:6379, or rediss:// for TLS."""


def look(options: CheckOptions, means: Means) -> Said:
    """Ask once. Raises CannotRun for an address that is none."""
    parts = _parts(cast(RedisOptions, options).url)
    began = means.timer()
    with means.outside.line(
        parts.hostname or "", parts.port or 6379, means.within, tls=parts.scheme == "rediss"
    ) as line:
        refused = _greeted(line, parts)
        if refused:
            return Said(found=Found.FAILED, text=f"refuses the password ({refused})")
        answer = _asked(line, b"PING")
    if answer.startswith(b"+PONG"):
        return Said(found=Found.OK, text=f"answers {in_time(means.timer() - began)}")
    return Said(found=Found.FAILED, text=f"answers {_word(answer)}")


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        if parts.scheme in ("redis", "rediss") and parts.hostname and parts.port != 0:
            return parts
    except ValueError:
        pass
    raise CannotRun("its url is no redis:// or rediss:// address with a host")


def _greeted(line: socket.socket, parts: SplitResult) -> str:
    """Why the password was refused; "" where it was not, or where there is none."""
    if parts.password is None:
        return ""
    user = [unquote(parts.username).encode()] if parts.username else []
    answer = _asked(line, b"AUTH", *user, unquote(parts.password).encode())
    return "" if answer.startswith(b"+OK") else _word(answer)


def _asked(line: socket.socket, *words: bytes) -> bytes:
    """One command and the first line of what is answered (RESP2)."""
    line.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words))
    answer = b""
    while b"\n" not in answer and len(answer) < _LONGEST:
        more = line.recv(_LONGEST)
        if not more:
            raise ConnectionResetError
        answer += more
    return answer


def _word(answer: bytes) -> str:
    """The kind of an error, `NOAUTH` or `LOADING`: what follows may hold anything."""
    word = answer.lstrip(b"-").split(maxsplit=1)[:1]
    return word[0][:40].decode("ascii", "replace") if word else "nothing"


CHECK = CheckType(
    name="redis",
    title="Redis",
    options=RedisOptions,
    look=look,
    setup="""\
    checks:
      cache: {type: redis, url: "${env:CACHE_URL}"}

The address is a secret, because it may hold a password. A private one needs its network in `TOCSIN_ALLOW_NET`.
""",
)
