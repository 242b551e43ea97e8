"""Total reading of what strangers send: every function here answers, or raises `Unreadable`, and nothing else.

Parsers reach into JSON with `at`, `text`, `mapping`, `listing`, and end with `event`, which alone keeps the promises of
an Event: one line of printable text, capped lengths, web addresses only, plausible times.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import math
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

import orjson

from router.sources.contract import Delivery, Unreadable
from rules.event import Action, Event

SUMMARY = 300
LABEL = 256
LABELS = 64
KEY = 512
KIND = 128
URL = 2048
PAST = 7 * 86400.0
"""No sender retries longer than this (Stripe: 3 days), so an older time is no time of this delivery."""
FUTURE = 300.0
"""A time further ahead than this is a wrong clock; believed, it would make all later news of the signal look old."""

_BEYOND_KIND = re.compile(r"[^A-Za-z0-9_.\-]+")
_PLAIN_URL = re.compile(r"https?://[A-Za-z0-9][A-Za-z0-9.-]*(?:/[!-Z_a-z~]*)?")
"""What nearly all addresses look like: nothing about them needs to be taken apart."""
_NO_ID = re.compile(r"(?:.*[_.])?0+")
"""Ids of test sends: Stripe's carry `evt_00000000000000` every time, so the second one would look like a retry."""


def parse_json(body: bytes) -> object:
    """The JSON value in `body`. Raises Unreadable for anything else, and for nesting beyond about 1,000 levels.

    What orjson refuses is tried once more leniently: senders written in Python or JavaScript do emit NaN and lone
    surrogates, templates put line breaks into texts, and a byte order mark or one broken character must not hide an
    outage.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(body.decode("utf-8-sig", "replace"), parse_constant=lambda _: None, strict=False)
    except (ValueError, RecursionError):
        raise Unreadable("the body is not JSON") from None


def parse_object(body: bytes) -> dict[str, object]:
    """The JSON object in `body`. Raises Unreadable when it is not one."""
    value = parse_json(body)
    if not isinstance(value, dict):
        raise Unreadable("the body is JSON, but not an object")
    return value


def at(data: object, *path: str | int) -> object:
    """What lies at `path`, string steps into objects and numbers into arrays; None when there is nothing."""
    for step in path:
        if isinstance(data, dict):
            data = data.get(step)
        elif isinstance(step, int) and isinstance(data, list) and -len(data) <= step < len(data):
            data = data[step]
        else:
            return None
    return data


def mapping(data: object, *path: str | int) -> dict[str, object]:
    """The object at `path`, or an empty one."""
    found = at(data, *path)
    return found if isinstance(found, dict) else {}


def listing(data: object, *path: str | int) -> list[object]:
    """The array at `path`, or an empty one."""
    found = at(data, *path)
    return found if isinstance(found, list) else []


def text(data: object, *path: str | int) -> str:
    """The text at `path`, cleaned; numbers and booleans as JSON writes them; "" for nothing, objects and arrays."""
    for step in path:  # `at`, written out: a delivery is asked for dozens of texts
        data = data.get(step) if isinstance(data, dict) else at(data, step)
    if isinstance(data, str):
        return clean(data)
    return "" if data is None else as_text(data)


def as_text(value: object) -> str:
    """What `text` makes of a value."""
    if isinstance(value, str):
        return clean(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value) if isinstance(value, int | float) else ""


def number(data: object, *path: str | int) -> float | None:
    """The finite number at `path`, also one written as text; None for anything else."""
    found = at(data, *path)
    if isinstance(found, bool) or not isinstance(found, int | float | str):
        return None
    try:
        value = float(found)
    except (ValueError, OverflowError):
        return None
    return value if math.isfinite(value) else None


def first(*candidates: str) -> str:
    """The first that is not empty, or ""."""
    for candidate in candidates:
        if candidate:
            return candidate
    return ""


def clean(raw: str) -> str:
    """One line: whitespace collapsed, control, bidi and unassigned characters and lone surrogates gone."""
    # Most of it is clean: asking costs a third of making it so, and a delivery has dozens of texts.
    if raw.isprintable() and "  " not in raw and raw.strip() == raw:
        return raw
    line = " ".join(raw.split())
    if line.isprintable():
        return line
    return " ".join("".join(c for c in line if c.isprintable()).split())


def shorten(line: str, limit: int) -> str:
    """At most `limit` characters, the last one an ellipsis when something was cut."""
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def shorten_key(key: str, limit: int = KEY) -> str:
    """At most `limit` characters; a longer key keeps its head and ends in a hash of the whole: keys stay different."""
    if len(key) <= limit:
        return key
    return f"{key[: limit - 17]}#{hashlib.sha256(key.encode()).hexdigest()[:16]}"


def web_url(raw: str) -> str | None:
    """The address when it is an absolute http(s) one that a browser can open, else None."""
    if not raw or len(raw) > URL or clean(raw) != raw or " " in raw:
        return None
    if _PLAIN_URL.fullmatch(raw):
        return raw
    try:
        parts = urlsplit(raw)
        host = parts.hostname
    except ValueError:
        return None
    return raw if parts.scheme in ("http", "https") and host else None


def moment(value: object) -> float | None:
    """Unix seconds of an ISO-8601 text (no zone means UTC) or a Unix time in s, ms or µs; None when it is neither."""
    count = number(value)
    if count is not None:
        return _scaled(count)
    if not isinstance(value, str):
        return None
    try:
        when = datetime.datetime.fromisoformat(re.sub(r" ?(UTC|GMT)$", "Z", value.strip()))
        return (when if when.tzinfo else when.replace(tzinfo=datetime.UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _scaled(count: float) -> float:
    for unit in (1e6, 1e3):
        if abs(count) >= 1e8 * unit:
            return count / unit
    return count


def plausible(when: float | None, received_at: float) -> float | None:
    """`when` if it can be the time of something received at `received_at`, else None."""
    return when if when is not None and received_at - PAST <= when <= received_at + FUTURE else None


def event(
    delivery: Delivery,
    *,
    kind: str,
    action: Action,
    key: str,
    summary: str,
    severity: str = "",
    labels: Mapping[str, str] | None = None,
    url: str = "",
    occurred_at: object = None,
    sender_id: str = "",
    incident: str = "",
    actor: str = "",
) -> Event:
    """An Event of this delivery that keeps its promises whatever the sender wrote. "" is what the sender did not say.

    `occurred_at` is the sender's value as found (see `moment`). Labels without a value are left out.
    """
    kind = _BEYOND_KIND.sub("_", kind)[:KIND]
    line = shorten(clean(summary), SUMMARY) or kind
    return Event(
        source=delivery.source,
        source_type=delivery.source_type,
        delivery=delivery.id,
        received_at=delivery.received_at,
        kind=kind,
        action=action,
        dedup_key=shorten_key(clean(key) or f"{kind} {line}"),
        summary=line,
        severity=shorten(clean(severity).lower(), 64) or None,
        labels={**delivery.labels, **_labels(labels or {})},
        url=web_url(url.strip()),
        occurred_at=plausible(moment(occurred_at), delivery.received_at),
        sender_id=None if delivery.again or _is_no_id(sender_id) else _sender_id(sender_id),
        incident=incident or None,
        actor=shorten(clean(actor), LABEL) or None,
    )


def _is_no_id(given: str) -> bool:
    # Its last character tells of nearly all, at a tenth of the price.
    return given.endswith("0") and _NO_ID.fullmatch(given) is not None


def _sender_id(given: str) -> str | None:
    return shorten_key(clean(given), LABEL) or None


def _labels(given: Mapping[str, str]) -> dict[str, str]:
    kept: dict[str, str] = {}
    for raw, value in given.items():
        line = clean(value) if value else ""
        if not line or len(kept) >= LABELS:
            continue
        name = shorten(raw if raw.isidentifier() else clean(raw), LABEL)
        if name:
            kept[name] = shorten(line, LABEL)
    return kept
