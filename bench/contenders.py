"""What Tocsin's receiver is compared with: two plain Starlette apps.

`reading` only reads the body and answers: no server in Python on this stack can do less.
`plain` does the same work as it would be written without care for speed: verify, parse, enqueue an RQ job in a thread.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from typing import Any

from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.load import SECRET


async def _read(request: Request) -> Response:
    await request.body()
    return Response(b'{"ok":true}', 202, media_type="application/json")


def _queue() -> Queue:
    return Queue("plain", connection=Redis.from_url(os.environ["REDIS_URL"]), serializer=JSONSerializer)


def take(body: dict[str, Any]) -> None:
    """The job of the plain contender; no worker runs while it is measured."""


async def _enqueue(request: Request) -> Response:
    body = await request.body()
    signature = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(signature, request.headers["sentry-hook-signature"]):
        return Response(status_code=401)
    await run_in_threadpool(request.app.state.queue.enqueue, "bench.contenders.take", json.loads(body))
    return Response(b'{"ok":true}', 202, media_type="application/json")


reading = Starlette(routes=[Route("/hooks/bench", _read, methods=["POST"])])
plain = Starlette(routes=[Route("/hooks/bench", _enqueue, methods=["POST"])])
if "REDIS_URL" in os.environ:
    plain.state.queue = _queue()
