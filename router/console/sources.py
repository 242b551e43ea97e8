"""`/sources`: who may speak to this Tocsin, when each was last heard, and how to set it up."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from router.api.senders import Sender, sender, senders
from router.console.routes import Page
from router.console.sparkline import sparkline
from router.console.visit import Visit

QUIET = 86400.0
"""Seconds after which it is worth a look that a source says nothing."""


class Sources:
    """The list, and one page for each."""

    def pages(self) -> list[Page]:
        """What of the console is here."""
        return [
            Page("/sources", "GET", self.every),
            Page("/sources/{name}", "GET", self.one),
        ]

    async def every(self, visit: Visit) -> Response:
        """GET: all of them, those never heard first: somebody may be setting one up."""
        found = await run_in_threadpool(senders, visit.context)
        ordered = sorted(found, key=lambda one: (one.heard_at is not None, one.name))
        return visit.page("sources.html", sources=ordered, spark=_spark, quiet=QUIET)

    async def one(self, visit: Visit) -> Response:
        """GET: how to set it up, and the first thing it says as soon as it says it."""
        found = await run_in_threadpool(sender, visit.context, visit.request.path_params["name"])
        return visit.page("source.html", source=found, spark=_spark)


def _spark(one: Sender) -> object:
    return sparkline(one.days)
