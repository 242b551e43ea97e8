"""What no receiver on this stack can do without: the floors beneath `bench.receiver`, without the sockets of senders.

`At once` answers without looking, behind our own edge. `Least` does what a promise to keep takes and nothing for which
Tocsin is there: no reading of what is said, no rules, no counters, no log, no word to the sender of what was heard.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Callable
from typing import Any

import orjson
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from bench.contenders import reading
from bench.load import SECRET
from router.hooks.receiver import Answer, Asked
from router.hooks.reply import Reply
from workers.deliveries.intake import mint
from workers.deliveries.packing import pack
from workers.writing.commands import Commands
from workers.writing.wire import Wire

KEPT = Reply(202, b'{"ok":true}')


class AtOnce:
    """Answers, and keeps nothing."""

    limit = 1024 * 1024

    def take(self, _asked: Asked, _body: bytes, answer: Answer) -> None:
        """Say yes."""
        answer(KEPT)

    async def settle(self) -> None:
        """Nothing waits."""


class Least:
    """Verify, read the JSON, make the body small, commit all that wait in one transaction, answer."""

    limit = 1024 * 1024

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._waiting: list[tuple[str, bytes, Answer]] = []
        self._task: asyncio.Task[None] | None = None

    def take(self, asked: Asked, body: bytes, answer: Answer) -> None:
        """Keep it with all that wait at this moment."""
        proof = hmac.digest(SECRET, body, hashlib.sha256).hex()
        if not hmac.compare_digest(proof, asked.headers["sentry-hook-signature"]):
            raise AssertionError("the load is signed")
        said = orjson.loads(body)["data"]["event"]
        head = orjson.dumps({"key": said["issue_id"], "title": said["title"]})
        self._waiting.append((f"least:{mint()}", head + pack(body), answer))
        self._task = self._task or asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            writes = Commands()
            writes.mset({name: kept for name, kept, _ in batch})
            writes.zadd("least:agenda", {batch[0][0]: 1.0})
            await self._wire.send(writes)
            for _, _, answer in batch:
                answer(KEPT)
        self._task = None

    async def settle(self) -> None:
        """Return when nothing waits."""
        while self._task is not None:
            await asyncio.wait([self._task])


class Reading:
    """Row (a) of `bench.ingest`: uvicorn's own protocol, and a Starlette route that reads the body."""

    def __init__(self, transport: Callable[[], Any], connections: int) -> None:
        config = uvicorn.Config(reading, http="httptools", ws="none", lifespan="off", log_config=None, access_log=False)
        config.load()
        self._state = uvicorn.server.ServerState()
        self.connections = []
        for _ in range(connections):
            one = HttpToolsProtocol(config=config, server_state=self._state, app_state={})
            one.connection_made(transport())
            self.connections.append(one)

    async def settle(self) -> None:
        """Return when all are answered."""
        if self._state.tasks:
            await asyncio.wait(self._state.tasks)
