"""What of a request may be kept for a week in Redis: the headers that matter, and a query without its secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any
from urllib.parse import unquote_plus

import orjson

from router.in_force import Source
from router.sources.contract import Delivery

HEADERS = frozenset({"content-encoding", "content-type", "date", "user-agent", "x-request-id"})
"""Kept of every sender; what else its parser reads, its type lists (`SourceType.headers`)."""
MASK = "***"
REDACTED = "[redacted]"
WITHHELD = b'"[not kept: redact is set for this source, and the body is not JSON]"'
_SECRET = re.compile(
    r"token|secret|passw|pwd|auth(?!or)|signature|credential|session|jwt|bearer|(api|access|private|account)_?key"
    r"|^(sig|hmac|hash|pass|pw)$"
)
_TELLING = 8
"""A proof of so many characters is one wherever it stands in a value; a shorter one only alone."""


def headers(delivery: Delivery, source: Source) -> dict[str, str]:
    """Those that matter. Senders name what proves them as they like, so it is said what stays, not what goes."""
    wanted = _wanted(source.type.headers)
    return {name: value for name, value in delivery.headers.items() if name in wanted}


@cache
def _wanted(theirs: frozenset[str]) -> frozenset[str]:
    return HEADERS | theirs


def masked(kept: Mapping[str, str]) -> dict[str, str]:
    """Kept headers for a page: what sounds like a proof, which should not be among them, is cut to a beginning."""
    return {name: value if not _sounds(name) else f"{value[:4]}{MASK}" for name, value in kept.items()}


def _sounds(name: str) -> bool:
    return name.lower() == "cookie" or bool(_SECRET.search(name.lower().replace("-", "_")))


def body(delivery: Delivery, source: Source) -> bytes:
    """The body as it arrived, or without the values that `redact:` names; what cannot be searched is not kept."""
    if not source.redact or not delivery.body:
        return delivery.body
    try:
        said = orjson.loads(delivery.body)
    except orjson.JSONDecodeError:
        return WITHHELD
    for path in source.redact:
        _redact(said, path.split("."))
    return orjson.dumps(said)


def _redact(said: object, path: Sequence[str]) -> None:
    """Replace the values at the path; `*` stands for every key, or every place of an array."""
    first, *rest = path
    if not isinstance(said, dict | list):
        return
    places: list[Any] = list(said) if isinstance(said, dict) else list(range(len(said)))
    for place in places:
        if first not in ("*", str(place)):
            continue
        if rest:
            _redact(said[place], rest)
        else:
            said[place] = REDACTED


def query(delivery: Delivery, source: Source) -> str:
    """The query as it was sent, each value masked that is a proof of this source or that calls itself a secret."""
    if not delivery.query:
        return ""
    proofs = [proof.decode("utf-8", "replace") for proof in (*source.tokens, *source.secrets)]
    return "&".join(_discreet(part, proofs) for part in delivery.query.split("&"))


def _discreet(part: str, proofs: Sequence[str]) -> str:
    name, equals, value = part.partition("=")
    if _tells(name, proofs):
        return MASK
    plain = unquote_plus(name).lower().replace("-", "_")
    return f"{name}={MASK}" if equals and (_SECRET.search(plain) or _tells(value, proofs)) else part


def _tells(value: str, proofs: Sequence[str]) -> bool:
    readings = (value, unquote_plus(value))
    return any(
        proof == reading or (len(proof) >= _TELLING and proof in reading) for proof in proofs for reading in readings
    )
