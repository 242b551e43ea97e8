"""The ear as one ASGI app: deliveries on the fast path, everything else through Starlette."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from router import health, metrics
from router.accounts import policy
from router.accounts.doorstep import Doorstep
from router.answering.answer import Answer
from router.answering.answer_runbook import AnswerRunbook
from router.api import routes as api
from router.console import lost
from router.console.pages import console
from router.context import Context
from router.guard import AtHome, Guarded, Outermost
from router.hooks.receiver import Receiver
from router.problems import Problem
from router.slack.desk import Desk
from workers import log

DEMO = "/demo"
STATIC = Path(__file__).parent / "static"
Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]


def build(context: Context, mounts: Mapping[str, ASGIApp] | None = None) -> ASGIApp:
    """The whole app. `mounts` puts more of them under a path, for this machine only: `{"/demo": demo()}`."""
    answer = Answer(context)
    runbook = AnswerRunbook(context, answer)
    rest = Starlette(
        routes=[
            Mount("/api", Guarded(api.routes(context), context)),
            Route("/metrics", Guarded(metrics.routes(context), context, policy.reading), methods=["GET"]),
            Route("/a/{token}", answer.show, methods=["GET"]),
            Route("/a/{token}", answer.act, methods=["POST"]),
            Route("/a/{token}/runbook", runbook.show, methods=["GET"]),
            Route("/a/{token}/runbook", runbook.act, methods=["POST"]),
            Route("/a/{token}/runbook/{name}", runbook.show, methods=["GET"]),
            Route("/a/{token}/runbook/{name}", runbook.act, methods=["POST"]),
            *health.routes(context),
            Mount("/static", Assets(directory=STATIC)),
            *(Mount(path, AtHome(app, context, policy.reading)) for path, app in (mounts or {}).items()),
            *Desk(context).routes(),
            *Doorstep(context).routes(),
            *console(context),
        ],
        exception_handlers={HTTPException: lost.answered, Problem: lost.answered, Exception: lost.answered},
        lifespan=_lifespan(context),
    )
    rest.router.redirect_slashes = False
    return Outermost(_Fork(Receiver(context), rest), _report)


class Assets(StaticFiles):
    """Files of ours. One asked for by what is in it (`?v=`) may be kept; by its bare name only with a question."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """One file. Raises HTTPException 404."""
        response = await super().get_response(path, scope)
        kept = scope["query_string"].startswith(b"v=")
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if kept else "no-cache"
        return response


class _Fork:
    """Deliveries do not wait for routing and middleware."""

    def __init__(self, receiver: Receiver, rest: ASGIApp) -> None:
        self._receiver = receiver
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        deliver = scope["type"] == "http" and scope["path"].startswith("/hooks/")
        await (self._receiver if deliver else self._rest)(scope, receive, send)


def _report(wrong: Exception, path: str) -> None:
    log.get("router").error("failed", path=path, error=type(wrong).__name__, exc_info=wrong)


def _lifespan(context: Context) -> Lifespan:
    """What runs beside the requests: the look at Redis' clock and the count of refusals."""

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        beside = [asyncio.create_task(work()) for work in context.beside]
        log.get("receiver").info("listening", host=context.settings.host, port=context.settings.port)
        try:
            yield
        finally:
            await context.committer.settle()
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)

    return lifespan
