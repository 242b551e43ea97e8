"""`/hooks/{source}` and `/hooks/{source}/{token}`: a 202 means that the delivery is kept.

Bare ASGI, because this is the path a storm takes: cap, verify, read, judge, commit, answer.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import replace
from typing import Any

import orjson

from router.committer import NotKept, Unstorable
from router.context import Context
from router.gzipped import Bomb, Broken, inflate
from router.hearing import hear, unreadable
from router.in_force import NOBODY, InForce, Source
from router.problems import MEDIA_TYPE, Problem, unavailable
from router.requests import Gone, headers_of, read_body, too_large
from router.sources.contract import Delivery, Unauthentic
from rules.decision import Decision
from workers import log
from workers.intake import Received, mint

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_UNKNOWN = Problem(
    404, "There is no source of this name. `sources:` in the rules names them; `tocsin check` lists them."
)
_FORGED = Problem(
    401,
    "The delivery does not prove that it comes from this source. Compare the secret or token configured at the sender "
    "with the source's `secret` or `token`, and the clocks of both.",
    headers={"WWW-Authenticate": "Bearer"},
)
_ENCODED = Problem(
    415,
    "Bodies must not be compressed. Turn compression off at the sender (no Content-Encoding header), or let this "
    "source take gzip with `gzip: true`.",
    headers={"Accept-Encoding": "identity"},
)
_ENCODED_OTHERWISE = Problem(
    415,
    "Bodies may be compressed with gzip, once, and with nothing else.",
    headers={"Accept-Encoding": "gzip, identity"},
)
_PLAIN, _GZIP = ("", "identity"), ("gzip", "x-gzip")
_log = log.get("receiver")


class Receiver:
    """The ASGI app behind /hooks."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one delivery."""
        started = time.perf_counter()
        try:
            received = await self._receive(scope, receive)
        except Problem as wrong:
            return await _send(send, wrong.status, wrong.body, MEDIA_TYPE, wrong.headers)
        except Gone:
            return None
        _say(received, time.perf_counter() - started)
        return await _send(send, 202, orjson.dumps(answer(received)), "application/json", {})

    async def _receive(self, scope: Scope, receive: Receive) -> Received:
        in_force = self._context.in_force
        headers = headers_of(scope)
        name, token = _names(scope["path"])
        source = in_force.sources.get(name, NOBODY)
        _check_form(source, scope["method"], headers)
        try:
            body = await read_body(headers, receive, self._context.settings.body_limit)
        except Problem:
            self._context.refusals.note(source.name, "too large")
            raise
        now = self._context.clock.now()
        delivery = Delivery(
            id=mint(now),
            source=source.name,
            received_at=now,
            method=scope["method"],
            token=token,
            query=scope["query_string"].decode("latin-1"),
            headers=headers,
            body=body,
        )
        self._authenticate(source, delivery, now)
        try:
            delivery = self._opened(delivery)
        except Broken as why:
            return await keep(self._context, in_force, source, delivery, str(why))
        return await keep(self._context, in_force, source, delivery)

    def _opened(self, delivery: Delivery) -> Delivery:
        """The delivery before it was compressed; senders sign what they send. Raises Broken, or Problem 413."""
        if _encoding(delivery.headers) in _PLAIN:
            return delivery
        limit = self._context.settings.body_limit
        try:
            body = inflate(delivery.body, limit)
        except Bomb:
            self._context.refusals.note(delivery.source, "too large")
            raise too_large(limit) from None
        plain = {name: value for name, value in delivery.headers.items() if name != "content-encoding"}
        return replace(delivery, body=body, headers=plain)

    def _authenticate(self, source: Source, delivery: Delivery, now: float) -> None:
        try:
            source.verify(delivery, now)
        except Unauthentic as why:
            unknown = source is NOBODY
            self._context.refusals.note(source.name, "unknown" if unknown else "unauthentic")
            if not unknown:
                _log.info("refused", source=source.name, outcome="unauthentic", why=str(why))
            raise (_UNKNOWN if unknown else _FORGED) from None


async def keep(
    context: Context, in_force: InForce, source: Source, delivery: Delivery, wrong: str | None = None
) -> Received:
    """Read, judge and commit an authentic delivery. Raises Problem 503 when it could not be kept.

    `wrong` says why it cannot be read, where that is known before."""
    received = unreadable(delivery, source, wrong) if wrong else hear(delivery, source, in_force.ruleset)
    try:
        await context.committer.keep(received)
    except Unstorable as why:
        received = unreadable(delivery, source, f"what it says cannot be stored ({why})")
        await _keep_again(context, received)
    except NotKept as why:
        raise _lost(received, why) from None
    return received


async def _keep_again(context: Context, received: Received) -> None:
    try:
        await context.committer.keep(received)
    except (NotKept, Unstorable) as why:
        raise _lost(received, why) from None


def _lost(received: Received, why: Exception) -> Problem:
    _log.warning("delivery", id=received.id, source=received.source, outcome="not kept", why=str(why))
    return unavailable()


def answer(received: Received) -> dict[str, Any]:
    """What the sender is told: the delivery's id, how it was read, and what the worst of its triggers means."""
    decisions = [one.decision for one in received.judged if one.decision is not None]
    worst = _worst(decisions)
    said: dict[str, Any] = {
        "delivery": received.id,
        "read_as": [
            {"kind": one.kind, "action": one.action, "dedup_key": one.dedup_key, "summary": one.summary}
            for one in (judged.event for judged in received.judged)
        ],
        "rule": worst and worst.rule,
        "severity": worst and worst.severity,
    }
    return said if received.unreadable is None else {**said, "unreadable": received.unreadable}


def _worst(decisions: list[Decision]) -> Decision | None:
    worst: Decision | None = None
    for one in decisions:
        if worst is None or one.severity.worse_than(worst.severity):
            worst = one
    return worst


def _names(path: str) -> tuple[str, str | None]:
    """The source and the token of `/hooks/{source}/{token}`; anything longer names no source."""
    name, _, token = path.removeprefix("/hooks/").partition("/")
    return ("", None) if "/" in token else (name, token or None)


def _check_form(source: Source, method: str, headers: dict[str, str]) -> None:
    if method not in source.type.methods:
        allowed = ", ".join(sorted(source.type.methods))
        raise Problem(405, f"Deliveries to this source are sent with {allowed}.", headers={"Allow": allowed})
    if _encoding(headers) not in (*_PLAIN, *(_GZIP if source.gzip else ())):
        raise _ENCODED_OTHERWISE if source.gzip else _ENCODED


def _encoding(headers: Mapping[str, str]) -> str:
    return headers.get("content-encoding", "").strip().lower()


def _say(received: Received, seconds: float) -> None:
    first = received.judged[0] if received.judged else None
    decision = first.decision if first else None
    log.often(
        "delivery",
        id=received.id,
        source=received.source,
        outcome="kept" if received.unreadable is None else "unreadable",
        kind=first.event.kind if first else None,
        events=len(received.judged),
        rule=decision.rule if decision else None,
        ms=round(seconds * 1000, 2),
    )


async def _send(send: Send, status: int, body: bytes, media_type: str, headers: dict[str, str]) -> None:
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    raw += [(b"content-type", media_type.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
