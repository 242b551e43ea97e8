"""`/hooks/{source}` and `/hooks/{source}/{token}`: a 202 means that the delivery is kept.

Bare ASGI, because this is the path a storm takes: cap, verify, read, judge, commit, answer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple, TypeVar

import orjson

from router.context import Context
from router.hooks.committer import Unstorable
from router.hooks.gzipped import Bomb, Broken, inflate
from router.hooks.hearing import hear, unreadable
from router.hooks.reply import Reply, Send
from router.in_force import NOBODY, InForce, Source
from router.problems import Problem, failed, unavailable
from router.requests import Gone, headers_of, read_body, too_large
from router.sources.contract import Delivery, Unauthentic
from rules.decision import Decision
from workers import log
from workers.deliveries.intake import Received, mint

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
T = TypeVar("T")

_UNKNOWN = Problem(
    404, "There is no source of this name. `sources:` in the rules names them; `tocsin sources list` lists them."
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
_PLAIN = ("", "identity")
_EITHER = (*_PLAIN, "gzip", "x-gzip")
_log = log.get("receiver")

Answer = Callable[[Reply], None]
Outcome = Callable[[Received | Problem], None]


class Asked(NamedTuple):
    """The head of a request for `/hooks/…`."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    """Lower-case names (`router.requests.headers_of`)."""


class Receiver:
    """Takes deliveries: as an ASGI app, or by `take` from a server that has read the whole request already."""

    def __init__(self, context: Context) -> None:
        self._context = context

    @property
    def limit(self) -> int:
        """Bytes a body may have."""
        return self._context.settings.body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one delivery, as soon as there is an answer: before its body has come, if it is not wanted."""
        asked = Asked(
            scope["method"], scope["path"], scope["query_string"].decode("latin-1"), headers_of(scope["headers"])
        )
        replied: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        try:
            body = await self._body(asked, receive)
        except Problem as wrong:
            return await Reply.to(wrong).send(send)
        except Gone:
            return None
        self.take(asked, body, partial(_settle, replied))
        return await (await replied).send(send)

    async def _body(self, asked: Asked, receive: Receive) -> bytes:
        source, _ = self._addressed(asked)
        _check_form(source, asked)
        try:
            return await read_body(asked.headers, receive, self.limit)
        except Problem:
            self._context.refusals.note(source.name, "too large")
            raise

    def take(self, asked: Asked, body: bytes, answer: Answer) -> None:
        """Verify, read, judge and commit; `answer` is called once, when the delivery is kept or refused."""
        started = time.perf_counter()
        source, token = self._addressed(asked)

        def tell(outcome: Received | Problem) -> None:
            if isinstance(outcome, Problem):
                return answer(Reply.to(outcome))
            _say(outcome, time.perf_counter() - started)
            return answer(Reply(source.type.accepts, orjson.dumps(what_was_heard(outcome))))

        try:
            self._take(source, token, asked, body, tell)
        except Problem as wrong:
            answer(Reply.to(wrong))
        except Exception as wrong:  # noqa: BLE001 the last place that can keep an exception from the sender
            _log.error("failed", path=asked.path, error=type(wrong).__name__, exc_info=wrong)
            answer(Reply.to(failed()))

    def _take(self, source: Source, token: str | None, asked: Asked, body: bytes, tell: Outcome) -> None:
        in_force, now = self._context.in_force, self._context.clock.now()
        _check_form(source, asked)
        delivery = source.delivery(
            mint(now),
            self._context.arrivals.at(now),
            method=asked.method,
            token=token,
            query=asked.query,
            headers=asked.headers,
            body=body,
        )
        self._authenticate(source, delivery, now)
        try:
            delivery = self._opened(delivery)
        except Broken as why:
            return hand_in(self._context, in_force, source, delivery, tell, str(why))
        return hand_in(self._context, in_force, source, delivery, tell)

    def _addressed(self, asked: Asked) -> tuple[Source, str | None]:
        """The source and the token of `/hooks/{source}/{token}`; anything longer names no source."""
        name, _, token = asked.path.removeprefix("/hooks/").partition("/")
        if "/" in token:
            return NOBODY, None
        return self._context.in_force.sources.get(name, NOBODY), token or None

    def _opened(self, delivery: Delivery) -> Delivery:
        """The delivery before it was compressed; senders sign what they send. Raises Broken, or Problem 413."""
        if "content-encoding" not in delivery.headers or _encoding(delivery.headers) in _PLAIN:
            return delivery
        try:
            body = inflate(delivery.body, self.limit)
        except Bomb:
            self._context.refusals.note(delivery.source, "too large")
            raise too_large(self.limit) from None
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


def hand_in(
    context: Context, in_force: InForce, source: Source, delivery: Delivery, tell: Outcome, wrong: str | None = None
) -> None:
    """Read, judge and commit an authentic delivery, then tell what was kept, or Problem 503 when nothing could be.

    `wrong` says why it cannot be read, where that is known before."""
    received = unreadable(delivery, source, wrong) if wrong else hear(delivery, source, in_force.ruleset)

    def told(why: Exception | None) -> None:
        if isinstance(why, Unstorable):
            raw = unreadable(delivery, source, f"what it says cannot be stored ({why})")
            context.committer.submit(raw, lambda why: tell(_outcome(raw, why)))
        else:
            tell(_outcome(received, why))

    context.committer.submit(received, told)


async def keep(context: Context, in_force: InForce, source: Source, delivery: Delivery) -> Received:
    """`hand_in` to wait for. Raises Problem 503 when it could not be kept."""
    fate: asyncio.Future[Received | Problem] = asyncio.get_running_loop().create_future()
    hand_in(context, in_force, source, delivery, partial(_settle, fate))
    outcome = await fate
    if isinstance(outcome, Problem):
        raise outcome
    return outcome


def _settle(waited_for: asyncio.Future[T], outcome: T) -> None:
    """Whoever was told to stop waiting need not be told."""
    if not waited_for.done():
        waited_for.set_result(outcome)


def _outcome(received: Received, why: Exception | None) -> Received | Problem:
    if why is None:
        return received
    _log.warning("delivery", id=received.id, source=received.source, outcome="not kept", why=str(why))
    return unavailable()


def what_was_heard(received: Received) -> dict[str, Any]:
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


def _check_form(source: Source, asked: Asked) -> None:
    if asked.method not in source.type.methods:
        allowed = ", ".join(sorted(source.type.methods))
        raise Problem(405, f"Deliveries to this source are sent with {allowed}.", headers={"Allow": allowed})
    if "content-encoding" in asked.headers and _encoding(asked.headers) not in (_EITHER if source.gzip else _PLAIN):
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
