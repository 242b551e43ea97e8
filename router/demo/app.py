"""The demonstration's outside world, mounted under `/demo`: where the real channels send, and a page of what came."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import orjson
from jinja2 import Environment, PackageLoader
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from router.demo import pagerduty, slack, smtp
from router.demo.outbox import Outbox
from router.demo.workspace import Workspace, form

_PAGES = Environment(loader=PackageLoader("router"), autoescape=True, trim_blocks=True, lstrip_blocks=True)
_SHEET = Path(__file__).parent.parent / "static" / "outbox.css"
_LONGEST = 512 * 1024
_GUARD = {
    "content-security-policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}

Clock = Callable[[], float]


def demo(outbox: Outbox | None = None, clock: Clock = time.time) -> Starlette:
    """The sub-application, for demonstration mode only: it asks nobody who they are, `router.guard.AtHome` does."""
    app = Starlette(
        routes=[
            Route("/slack", _slack, methods=["POST"]),
            Route("/slack/api/{method}", _slack_api, methods=["POST"]),
            Route("/pagerduty/v2/enqueue", _pagerduty, methods=["POST"]),
            Route("/outbox", _page),
            Route("/outbox.json", _json),
            Route("/outbox.css", _sheet),
        ]
    )
    app.state.outbox = outbox if outbox is not None else Outbox()
    app.state.clock = clock
    app.state.workspace = Workspace(app.state.outbox, clock)
    return app


async def listen_for_mail(app: Starlette, port: int = 0) -> asyncio.Server:
    """The mail server of the demonstration, on 127.0.0.1; its mails appear in the outbox of `app`."""

    def keep(mail: EmailMessage, recipients: list[str]) -> None:
        app.state.outbox.add(smtp.arrived(mail, recipients, app.state.clock()))

    return await smtp.listen(keep, port=port)


async def _slack(request: Request) -> Response:
    message = await _body(request)
    wrong = list(slack.faults(message))
    if wrong:
        return PlainTextResponse("invalid_blocks", status_code=400)
    request.app.state.outbox.add(slack.arrived(message, request.app.state.clock()))
    return PlainTextResponse("ok")


async def _slack_api(request: Request) -> Response:
    said = await _bytes(request)
    workspace: Workspace = request.app.state.workspace
    return JSONResponse(workspace.answer(request.path_params["method"], form(said or b"")))


async def _pagerduty(request: Request) -> Response:
    event = await _body(request)
    wrong = list(pagerduty.faults(event))
    if wrong:
        answer = {"status": "invalid event", "message": "Event object is invalid", "errors": wrong}
        return JSONResponse(answer, status_code=400)
    event.setdefault("dedup_key", "")
    request.app.state.outbox.add(pagerduty.arrived(event, request.app.state.clock()))
    answer = {"status": "success", "message": "Event processed", "dedup_key": event["dedup_key"]}
    return JSONResponse(answer, status_code=202)


async def _body(request: Request) -> Any:
    try:
        return orjson.loads(await _bytes(request) or b"")
    except orjson.JSONDecodeError:
        return None


async def _bytes(request: Request) -> bytes | None:
    """None when it is more than anybody sends."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LONGEST:
            return None
    return bytes(body)


async def _page(request: Request) -> Response:
    messages = [{**asdict(message), "time": _time(message.at)} for message in request.app.state.outbox.messages]
    return HTMLResponse(_PAGES.get_template("outbox.html").render(messages=messages), headers=_GUARD)


async def _json(request: Request) -> Response:
    return JSONResponse([asdict(message) for message in request.app.state.outbox.messages], headers=_GUARD)


async def _sheet(_: Request) -> Response:
    return FileResponse(_SHEET, headers={"x-content-type-options": "nosniff"})


def _time(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%H:%M:%S} UTC"
