"""`/playground`: what the rules, or an edit of them, would make of a body. Nothing is kept, and nobody is told."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from router.console.judged import Judged, Try, judge
from router.console.routes import Page
from router.console.visit import Visit
from router.context import Context
from router.problems import Problem
from router.rehearsing import FORM
from router.replaying import sources_of
from router.sources.samples import samples
from workers.deliveries.inbox import Inbox
from workers.deliveries.leafing import Leafing, Sought
from workers.rulebook import edition

AT_ONCE = 2
"""Judged at the same time by one process: an edit may be large, and whoever pages must not wait for it."""
WITHIN = 10.0
"""Seconds until an answer is given, whatever becomes of it."""
BODY, TEXT = 1024 * 1024, 512 * 1024
"""Bytes of a body, and of an edited file."""
RECENT = 20
"""Deliveries that are offered."""


class Playground:
    """The page and its judge."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._seats = threading.BoundedSemaphore(AT_ONCE)

    def pages(self) -> list[Page]:
        """What of the console is here. A form may be as large in its encoding as three times what it says."""
        return [
            Page("/playground", "GET", self.show),
            Page("/playground", "POST", self.judge, longest=3 * (BODY + TEXT)),
        ]

    async def show(self, visit: Visit) -> Response:
        """GET: an empty desk, or a delivery (`?delivery=`) and a file (`?file=`) laid on it."""
        said = await run_in_threadpool(self._laid, visit)
        return await self._page(visit, said)

    async def judge(self, visit: Visit) -> Response:
        """POST: judge what is on the desk. It changes nothing."""
        said = {"source": "", "body": "", **visit.form}
        try:
            judged = await self._judged(self._asked(said))
        except Problem as wrong:
            return await self._page(visit, said, status=wrong.status, wrong=wrong.detail)
        return await self._page(visit, said, judged=judged)

    async def _judged(self, asked: Try) -> Judged:
        if not self._seats.acquire(blocking=False):
            raise Problem(503, "Others are trying something at this moment. Please press again in a few seconds.")

        def seated() -> Judged:
            try:
                return judge(self._context, asked)
            finally:
                self._seats.release()  # Also when nobody waits for the answer any more.

        try:
            return await asyncio.wait_for(asyncio.shield(asyncio.ensure_future(run_in_threadpool(seated))), WITHIN)
        except TimeoutError:
            text = f"This took longer than {WITHIN:.0f} seconds. Please try a smaller body, or fewer rules."
            raise Problem(422, text) from None

    def _asked(self, said: Mapping[str, str]) -> Try:
        source = said.get("source", "")
        if source not in sources_of(self._context.ledger.ruleset()):
            raise Problem(422, "Please choose a source: it says how the body is read.")
        body = said.get("body", "").replace("\r\n", "\n").encode("utf-8", "replace")
        text = said.get("text", "").replace("\r\n", "\n")
        if len(body) > BODY:
            raise Problem(413, "The body is larger than 1 MiB.")
        if len(text.encode("utf-8", "replace")) > TEXT:
            raise Problem(413, "The edited file is larger than 512 KiB: edit it on your disk, and run `tocsin replay`.")
        kind = "application/json" if body.lstrip()[:1] in (b"{", b"[", b"") else FORM
        return Try(source=source, body=body, content_type=kind, file=said.get("file", ""), text=text)

    def _laid(self, visit: Visit) -> dict[str, str]:
        asked = visit.asked
        said = {"source": asked.get("source", ""), "file": asked.get("file", ""), "body": ""}
        if asked.get("delivery"):
            whole = Inbox(self._context.redis).whole(asked["delivery"])
            if whole is None:
                raise Problem(404, "The inbox has no delivery of this id, or no longer.")
            said |= {"source": whole.kept.source, "body": whole.body.decode("utf-8", "replace")}
        elif asked.get("source") in self._context.in_force.sources:
            kind = self._context.in_force.sources[asked["source"]].type.name
            bodies = [one.body for one in samples(kind) if one.body]
            said["body"] = bodies[0].decode("utf-8", "replace") if bodies else ""
        return said

    async def _page(
        self, visit: Visit, said: dict[str, str], status: int = 200, wrong: str = "", judged: Judged | None = None
    ) -> Response:
        around = await run_in_threadpool(self._around, said)
        return visit.page("playground.html", status, on=said, wrong=wrong, judged=judged, **around)

    def _around(self, said: dict[str, str]) -> dict[str, Any]:
        """What can be chosen; and the text of the file that was chosen, unless it was edited already."""
        found = edition.current(self._context.redis)
        texts = dict(found.written.texts) if found is not None else {}
        if said.get("file") not in texts:
            said["file"] = next((name for name in texts if name.startswith("rules")), next(iter(texts), ""))
            said.pop("text", None)
        said.setdefault("text", texts.get(said["file"], ""))
        recent = [kept for kept, _ in Leafing(self._context.redis).leaf(Sought(), RECENT).found]
        return {
            "files": list(texts),
            "sources": list(sources_of(self._context.ledger.ruleset())),
            "recent": recent,
            "order": [rule.name for rule in self._context.in_force.ruleset.config.rules],
            "version": self._context.in_force.ruleset.version,
            "too_long": len(said["text"].encode("utf-8", "replace")) > TEXT,
        }
