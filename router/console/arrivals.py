"""`/deliveries`: what came in, how it was read, what was decided and what became of it; and the quarantine."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from router.accounts.audit import What
from router.api.deliveries import redelivered, whole_of
from router.api.sought import leafed, read_sought
from router.api.tracing import Tracing
from router.console.reading import Body, unlike_samples
from router.console.routes import Page
from router.console.visit import Visit
from router.console.visitor import Role
from router.context import Context
from router.hooks import discretion
from workers.deliveries.became import Became, Outcome
from workers.deliveries.inbox import Inbox, Whole
from workers.deliveries.leafing import Leaf

AT_ONCE = 50
"""Deliveries on one page."""


class Arrivals:
    """The list, one delivery, and its buttons."""

    def __init__(self, context: Context) -> None:
        self._tracing = Tracing(context)

    def pages(self) -> list[Page]:
        """What of the console is here."""
        return [
            Page("/deliveries", "GET", self.every),
            Page("/deliveries/{id}", "GET", self.one),
            Page("/deliveries/{id}/body", "GET", self.body),
            Page("/deliveries/{id}/redeliver", "POST", self.redeliver, needs=Role.RESPONDER),
            Page("/deliveries/{id}/purge", "POST", self.purge, needs=Role.ADMIN),
        ]

    async def every(self, visit: Visit) -> Response:
        """GET: those that fit the filters of the address, the newest first."""

        def read() -> Leaf:
            sought = read_sought(visit.context, visit.asked)
            return leafed(visit.context, sought, AT_ONCE, visit.asked.get("before"))

        leaf = await run_in_threadpool(read)
        sources = sorted(visit.context.in_force.sources)
        settings = visit.context.settings
        return visit.page("deliveries.html", leaf=leaf, sources=sources, outcomes=list(Outcome), settings=settings)

    async def one(self, visit: Visit) -> Response:
        """GET: all that is kept of it."""

        def read() -> dict[str, Any]:
            whole = self._whole(visit)
            became = Became(visit.context.redis)
            (fate,), (fates,) = became.of([whole.kept]), became.each([whole.kept])
            return {
                "whole": whole,
                "kept": whole.kept,
                "fate": fate,
                "fates": fates,
                "explained": self._tracing.delivery(whole),
                "body": Body.of(whole.body),
                "headers": discretion.masked(whole.headers),
                "lacking": unlike_samples(whole.kept.type, whole.body) if whole.kept.unreadable else [],
                "known": whole.kept.source in visit.context.in_force.sources,
            }

        return visit.page("delivery.html", **await run_in_threadpool(read))

    async def body(self, visit: Visit) -> Response:
        """GET: the body byte for byte, to save: never to be shown by the browser."""
        whole = await run_in_threadpool(self._whole, visit)
        name = f"{whole.kept.id}.{Body.of(whole.body).ending}"
        headers = {
            "Content-Disposition": f'attachment; filename="{name}"',
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        }
        return Response(whole.body, headers=headers, media_type="application/octet-stream")

    async def redeliver(self, visit: Visit) -> Response:
        """POST: read and judged again, as a delivery of its own that came in now."""
        whole = await run_in_threadpool(self._whole, visit)
        received = await redelivered(visit.context, whole)
        await visit.audited(What.REDELIVERED, f"{whole.kept.id}, now {received.id}")
        unread = received.unreadable is not None
        text = "Handed in again: this is the new delivery. " + (
            "It still cannot be read." if unread else "Who is told of it, the rules in force now decide."
        )
        return visit.back(f"/deliveries/{received.id}", text, wrong=unread)

    async def purge(self, visit: Visit) -> Response:
        """POST: forgotten, body and all."""
        whole = await run_in_threadpool(self._whole, visit)
        await run_in_threadpool(Inbox(visit.context.redis).forget, whole.kept.id)
        await visit.audited(What.PURGED, f"{whole.kept.id} of {whole.kept.source}")
        return visit.back("/deliveries", f"{whole.kept.id} is forgotten. What became of it stays in its incident.")

    def _whole(self, visit: Visit) -> Whole:
        return whole_of(visit.context, visit.request.path_params["id"])
