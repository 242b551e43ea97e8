"""`POST /slack/{channel}`: Slack tells of a pressed button or a slash command, and is answered within three seconds.

A press is told its truth afterwards, at the address that Slack sent with it; a command in the answer itself. Slack's
status says only whether a request has come through, so what went wrong is said in words, with 200.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import Any

import anyio.to_thread
from redis.exceptions import RedisError
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from router.accounts.audit import What
from router.console.visit import Visit
from router.console.visitor import Role, Visitor
from router.context import Context
from router.problems import Problem
from router.requests import headers_of, read_body
from router.slack.obeying import Done, obey
from router.slack.reading import Said, prove, read
from router.sources.contract import Unauthentic, Unreadable
from workers import log
from workers.channels.contract import HttpRequest, Reply, Undelivered
from workers.channels.slack.talking import later, reply
from workers.ledger import Busy
from workers.outward import Outward

WITHIN = 2.5
"""Seconds after which Slack is answered, whatever has come of it: beyond three it tells the person that we failed."""
AT_ONCE = 4
"""Answers on their way to Slack at once; the others wait."""
# Whether Redis took it before it fell silent, nobody knows.
AWAY = Done(
    ("This may not be done: Tocsin cannot reach its memory right now. Please look, and try again in a moment.",)
)
BROKEN = Done(("Tocsin failed here, and its log says why. Please answer by the link, or in the console.",))
SLOW = Done(("This takes a moment. What came of it is said here.",))
_NOBODY = secrets.token_bytes(32)
"""Proves in place of a channel that has no signing secret: an unknown name takes as long as a wrong signature."""
_FORGED = Problem(
    401,
    "This does not prove that it comes from a Slack app of ours. Compare the channel's `signing_secret` with *Signing "
    "Secret* under *Basic Information* of the app, the last part of this address with the channel's name in the rules, "
    "and this machine's clock.",
)
_log = log.get("slack")


class Desk:
    """One per app."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._way: Callable[[HttpRequest], Reply] | None = context.perform
        self._few: anyio.CapacityLimiter | None = None

    def routes(self) -> list[Route]:
        """Its address."""
        return [Route("/slack/{channel}", self.take, methods=["POST"])]

    async def take(self, request: Request) -> Response:
        """One request of Slack's. Raises Problem 401, 413 or 422."""
        headers = headers_of(request.scope["headers"])
        body = await read_body(headers, request.receive, self._context.settings.body_limit)
        proof = self._proved(request.path_params["channel"], headers, body)
        try:
            said = read(body)
        except Unreadable as why:
            raise Problem(422, f"This is no interaction and no command of Slack's: {why}.") from None
        if said is None:
            return Response()
        doing = asyncio.ensure_future(self._message(request, said, proof))
        done, _ = await asyncio.wait({doing}, timeout=WITHIN)
        if said.press is None and done:
            return JSONResponse(doing.result())
        afterwards = BackgroundTask(self._tell, said, doing)
        if said.press is None:
            return JSONResponse(reply(SLOW.lines), background=afterwards)
        return Response(background=afterwards)

    def _proved(self, channel: str, headers: dict[str, str], body: bytes) -> str:
        secret = self._context.in_force.slack.get(channel)
        try:
            return prove(headers, body, secret or _NOBODY, self._context.clock.now())
        except Unauthentic as why:
            if secret is not None:
                _log.info("refused", channel=channel, outcome="unauthentic", why=str(why))
            raise _FORGED from None

    async def _message(self, request: Request, said: Said, proof: str) -> dict[str, Any]:
        """Do it; the message to whoever asked. Raises nothing: they are told in words."""
        visitor = Visitor(name=self._who(said), role=Role.RESPONDER, via="slack", csrf="")
        try:
            visit = Visit(request, visitor, self._context, self._context.clock.now(), form={})
            done = await run_in_threadpool(obey, visit, said, proof)
            if done.about:
                await visit.audited(What.ANSWERED, done.about)
        except (RedisError, Busy):
            done = AWAY
        except Exception as wrong:  # noqa: BLE001 the last place that can tell the person
            _log.error("failed", error=type(wrong).__name__, exc_info=wrong)
            done = BROKEN
        return reply(done.lines, done.url)

    def _who(self, said: Said) -> str:
        """The person of the YAML with this member id; nobody else's name in Slack can be taken for one of those."""
        people = self._context.in_force.ruleset.config.people
        known = [name for name, one in people.items() if said.member and one.slack == said.member]
        return known[0] if known else f"{said.name or 'somebody'} (Slack {said.member or 'unknown'})"

    async def _tell(self, said: Said, doing: asyncio.Future[dict[str, Any]]) -> None:
        """Slack has its answer; the person is told what came of it, once. The incident stands as it is told anyway."""
        message = await doing
        try:
            request = later(said.response_url, message)
            self._few = self._few or anyio.CapacityLimiter(AT_ONCE)
            answer = await anyio.to_thread.run_sync(self._perform, request, limiter=self._few)
            if answer.status != 200:
                _log.warning("not told", why=f"Slack answered {answer.status}")
        except Undelivered as failure:
            _log.warning("not told", why=failure.why)

    def _perform(self, request: HttpRequest) -> Reply:
        if self._way is None:
            self._way = Outward(self._context.settings.allow_net).perform
        return self._way(request)
