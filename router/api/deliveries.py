"""`/api/deliveries`: the inbox looked through, one delivery handed in again, and what nobody shall read any more."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from router.api.commands import read_limit, read_purge
from router.api.sought import leafed, read_sought
from router.api.tracing import Tracing
from router.context import Context
from router.hooks.receiver import keep, what_was_heard
from router.problems import Problem
from router.requests import headers_of, read_body
from rules.reading.problem import nearest
from rules.record import as_data
from workers.deliveries.became import Became, Fate
from workers.deliveries.inbox import Inbox, Kept, Wanted, Whole
from workers.deliveries.intake import Received, mint
from workers.deliveries.leafing import Leafing

_GONE = "The inbox has no delivery of this id, or no longer. GET /api/deliveries lists them."


class Deliveries:
    """The endpoints; `router.api.routes` lists them and answers for Redis."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._inbox = Inbox(context.redis)
        self._tracing = Tracing(context)

    async def find(self, request: Request) -> dict[str, Any]:
        """Those that were asked for, the newest first; `more` is what `before` takes to look on from there."""
        asked = request.query_params
        limit = read_limit(asked.get("limit", "50"))

        def read() -> dict[str, Any]:
            leaf = leafed(self._context, read_sought(self._context, asked), limit, asked.get("before"))
            return {
                "deliveries": [line(kept, fate) for kept, fate in leaf.found],
                "more": leaf.more,
                "looked_at": leaf.looked,
                "looked_back_to": leaf.back_to,
                "bytes": self._inbox.size(),
            }

        return await run_in_threadpool(read)

    async def show(self, request: Request) -> dict[str, Any]:
        """One of them, whole."""

        def read() -> dict[str, Any]:
            whole = self._whole(request.path_params["id"])
            (fate,) = Became(self._context.redis).of([whole.kept])
            return _shown(whole, fate)

        return await run_in_threadpool(read)

    async def explain(self, request: Request) -> dict[str, Any]:
        """Why it came as it did: rules, gates, silences, working hours, and who is told when."""
        return await run_in_threadpool(lambda: self._tracing.delivery(self._whole(request.path_params["id"])))

    async def redeliver(self, request: Request) -> dict[str, Any]:
        """Read and judge it again, by the rules in force now, as a delivery of its own that came in now."""
        whole = await run_in_threadpool(self._whole, request.path_params["id"])
        return {**what_was_heard(await redelivered(self._context, whole)), "redelivered": whole.kept.id}

    async def purge(self, request: Request) -> dict[str, Any]:
        """Forget what was asked for. Incidents that came of it stay."""
        body = await read_body(headers_of(request.scope["headers"]), request.receive, self._context.settings.body_limit)
        asked = read_purge(body)
        if asked.id is not None:
            if not await run_in_threadpool(self._inbox.forget, asked.id):
                raise Problem(404, _GONE)
            return {"purged": 1}
        self._check_source(asked.source)
        wanted = Wanted(source=asked.source, until=asked.before)
        return {"purged": await run_in_threadpool(self._inbox.purge, wanted)}

    def _check_source(self, name: str | None) -> None:
        """A misspelt name would forget nothing, and look as if it had."""
        known = {*self._context.in_force.sources, *Leafing(self._context.redis).last_heard()}
        if name is not None and name not in known:
            raise Problem(404, f"No delivery came from a source {name!r}. {nearest(name, known) or ''}".strip())

    def _whole(self, delivery_id: str) -> Whole:
        return whole_of(self._context, delivery_id)


def whole_of(context: Context, delivery_id: str) -> Whole:
    """One delivery of the inbox. Raises Problem 404; blocks on Redis."""
    whole = Inbox(context.redis).whole(delivery_id.upper())
    if whole is None:
        raise Problem(404, _GONE)
    return whole


async def redelivered(context: Context, whole: Whole) -> Received:
    """The delivery handed in again. Raises Problem 409 when the rules know its source no longer, 503 when not kept."""
    in_force, kept = context.in_force, whole.kept
    source = in_force.sources.get(kept.source)
    if source is None:
        raise Problem(409, f"The rules have no source {kept.source} any more, so nobody can read it.")
    now = context.clock.now()
    delivery = source.delivery(
        mint(now), now, method=kept.method, query=whole.query, headers=whole.headers, body=whole.body, again=True
    )
    return await keep(context, in_force, source, delivery)


def line(kept: Kept, fate: Fate) -> dict[str, Any]:
    """One delivery in a list, as plain data."""
    return {
        "id": kept.id,
        "source": kept.source,
        "type": kept.type,
        "received_at": kept.received_at,
        "method": kept.method,
        "size": kept.size,
        "unreadable": kept.unreadable,
        "outcome": fate.outcome,
        "incident": fate.incident,
        "events": [
            {
                "kind": one.event.kind,
                "action": one.event.action,
                "summary": one.event.summary,
                "severity": one.decision.severity if one.decision else None,
                "rule": one.decision.rule if one.decision else None,
            }
            for one in kept.judged
        ],
    }


def _shown(whole: Whole, fate: Fate) -> dict[str, Any]:
    """A body that is no text is shown as base64, so that nothing of it is lost on the way."""
    try:
        body = {"body": whole.body.decode()}
    except UnicodeDecodeError:
        body = {"body_base64": b64encode(whole.body).decode()}
    judged = as_data(whole.kept.judged)
    return {**line(whole.kept, fate), "query": whole.query, "headers": whole.headers, **body, "judged": judged}
