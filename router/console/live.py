"""`/live`: what changes on a page while somebody looks at it, as Server-Sent Events (HTML Living Standard, 9.2).

One look at Redis serves every watcher of the process. Nothing is resumed: whoever connects, for the first time or
again, reads the page anew, and from then on hears what is different.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from redis.exceptions import RedisError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from router.accounts.entry import visitor_of
from router.console.banner import Banner, Line
from router.console.board import Board, Row
from router.console.frame import rendered
from router.console.sight import Sight
from router.console.visit import Visit
from router.context import Context
from router.problems import Problem
from workers.deliveries.leafing import Leafing

BETWEEN_LOOKS = 0.3
"""Seconds: what one person does, another sees within one."""
CLOCK_EVERY = 5.0
"""Seconds between two words about what time it is here, which also keep proxies from hanging up."""
PER_PERSON, TOGETHER = 5, 200
"""Streams of one person, and of everybody, at one process; more are told to come again."""
CROWDED = (
    f"Too many pages are open ({PER_PERSON} of one person, {TOGETHER} together are live): close another one,"
    " or reload this one by hand."
)
BEHIND = 256
"""Messages a watcher may be behind; whoever reads more slowly is dropped and will connect anew."""
MANY = 100
"""Rows that change within one look; beyond, the page is read anew instead."""


@dataclass(eq=False)
class Watcher:
    """One open page."""

    who: str
    sight: Sight | None
    """The filters of the list it shows; None: it only wants to hear that something has changed."""
    source: str = ""
    """A source of which it wants to hear every delivery, whether or not an incident changes by it."""
    request: Request | None = None
    """By which it was opened: whoever may look is asked again while it lasts."""
    waiting: asyncio.Queue[bytes | None] = field(default_factory=lambda: asyncio.Queue(BEHIND))
    """None ends the stream."""

    def hear(self, message: bytes) -> None:
        """Take a message, or be dropped."""
        try:
            self.waiting.put_nowait(message)
        except asyncio.QueueFull:
            self.end()

    def end(self, last: bytes = b"") -> None:
        """Hang up, whatever still waits, with a last word."""
        while not self.waiting.empty():
            self.waiting.get_nowait()
        if last:
            self.waiting.put_nowait(last)
        self.waiting.put_nowait(None)


class Live:
    """Everybody who watches, and the one look that serves them. It looks only while somebody watches."""

    def __init__(self, context: Context, board: Board, banner: Banner) -> None:
        self._context = context
        self._board = board
        self._banner = banner
        self._leafing = Leafing(context.redis)
        self._watchers: set[Watcher] = set()
        self._looking: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._said: Sequence[Line] = ()
        self._heard: dict[str, float] = {}
        context.leaving.append(self.end)

    async def stream(self, visit: Visit) -> Response:
        """GET /live, with the query of the page that listens. Raises Problem 503 for one stream too many."""
        who = f"{visit.visitor.via}:{visit.visitor.name}"
        counts = Counter(one.who for one in self._watchers)
        if counts[who] >= PER_PERSON or counts.total() >= TOGETHER:
            raise Problem(503, CROWDED, headers={"Retry-After": "10"})
        sight = Sight.asked(visit.asked) if visit.asked.get("on") == "now" else None
        watcher = Watcher(who, sight, visit.asked.get("source", ""), visit.request)
        watcher.hear(_clock(self._context.clock.now()))
        return Stream(self, watcher)

    async def join(self, watcher: Watcher) -> None:
        """When this returns it hears whatever changes, which is news only to whoever knows how things stood before."""
        self._watchers.add(watcher)
        if self._looking is None or self._looking.done():
            self._ready.clear()
            self._looking = asyncio.create_task(self._keep_looking())
        await self._ready.wait()

    def leave(self, watcher: Watcher) -> None:
        """It is gone."""
        self._watchers.discard(watcher)

    def end(self) -> None:
        """The process ends: everybody connects to another one."""
        for watcher in list(self._watchers):
            watcher.end()

    async def _keep_looking(self) -> None:
        said_at = asyncio.get_running_loop().time()
        try:
            await self._look(silently=True)
        finally:
            self._ready.set()
        while self._watchers:
            await asyncio.sleep(BETWEEN_LOOKS)
            await self._look()
            if asyncio.get_running_loop().time() - said_at >= CLOCK_EVERY:
                said_at = asyncio.get_running_loop().time()
                self._tell([_clock(self._context.clock.now())])
                await self._show_out()

    async def _show_out(self) -> None:
        """A stream outlives no session and no account: what opens is not for whoever was signed out meanwhile."""
        try:
            for watcher in list(self._watchers):
                if watcher.request is not None and await visitor_of(self._context, watcher.request) is None:
                    watcher.end(_event("out", {}))
        except RedisError:
            return  # Redis away signs nobody out.

    async def _look(self, *, silently: bool = False) -> None:
        lines = await run_in_threadpool(self._banner.lines)
        if lines != self._said and not silently:
            self._tell([_event("banner", {"html": rendered("console/banner.html", troubles=lines)})])
        self._said = lines
        try:
            changed, everything = await run_in_threadpool(self._board.news)
            await self._listen()
        except RedisError:
            return  # The banner says so.
        if silently or not (changed or everything):
            return
        if everything or len(changed) > MANY:
            self._tell([_event("all", {})])
        else:
            self._tell_of(changed)

    async def _listen(self) -> None:
        """For whoever waits for a source to say something."""
        waiting = [watcher for watcher in self._watchers if watcher.source]
        heard = await run_in_threadpool(self._leafing.last_heard) if waiting else {}
        for watcher in waiting:
            if heard.get(watcher.source) != self._heard.get(watcher.source):
                watcher.hear(_event("all", {}))
        self._heard |= heard

    def _tell_of(self, changed: dict[str, Row | None]) -> None:
        now = self._context.clock.now()
        rows = {name: _row(row, now) for name, row in changed.items() if row is not None}
        gone = {name: _event("gone", {"id": name}) for name in changed}
        anything = _event("changed", {"ids": list(changed)})
        for watcher in list(self._watchers):
            if watcher.sight is None:
                watcher.hear(anything)
                continue
            for name, row in changed.items():
                watcher.hear(rows[name] if row is not None and watcher.sight.shows(row) else gone[name])

    def _tell(self, messages: Iterable[bytes]) -> None:
        for message in messages:
            for watcher in list(self._watchers):
                watcher.hear(message)


def _row(row: Row, now: float) -> bytes:
    severity, rank, opened_at = row.order
    html = rendered("console/row.html", row=row, now=now)
    return _event("row", {"id": row.id, "order": f"{severity} {rank} {opened_at:017.3f}", "html": html})


def _clock(now: float) -> bytes:
    return _event("clock", {"now": round(now, 3)})


def _event(name: str, said: dict[str, Any]) -> bytes:
    """JSON has no line breaks of its own, so one `data:` line is enough."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), orjson.dumps(said))


class Stream(Response):
    """The answer that does not end by itself."""

    media_type = "text/event-stream"

    def __init__(self, live: Live, watcher: Watcher) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._live = live
        self._watcher = watcher

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send what the watcher hears until one of both hangs up."""
        gone = asyncio.create_task(_gone(receive))
        gone.add_done_callback(lambda _: self._watcher.end())
        try:
            # Before the head: whoever has it reads the page anew, and hears of all that changes from then on.
            await self._live.join(self._watcher)
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            while (message := await self._watcher.waiting.get()) is not None:
                await send({"type": "http.response.body", "body": message, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._live.leave(self._watcher)
            gone.cancel()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
