"""`/`: what is open, worst first, what comes next and whom it will reach; and the buttons to answer."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from router.accounts.audit import What
from router.console.answering import answered, obey
from router.console.board import Board
from router.console.routes import Page
from router.console.sight import Sight, seen
from router.console.visit import Visit
from router.console.visitor import Role
from router.context import Context
from router.demo.invented import test_alert
from rules.event import Severity
from rules.incident import State

TOLD = 6
"""Messages of the demonstration's channels that the page shows."""


class Now:
    """The list and its buttons."""

    def __init__(self, context: Context, board: Board) -> None:
        self._context = context
        self._board = board

    def pages(self) -> list[Page]:
        """What of the console is here."""
        return [
            Page("/", "GET", self.show),
            Page("/act", "POST", self.act, needs=Role.RESPONDER),
            *([Page("/try", "POST", self.send_test_alert, Role.RESPONDER)] if self._context.outbox is not None else []),
        ]

    async def show(self, visit: Visit) -> Response:
        """GET: the open incidents that fit the filters of the address."""
        rows = await run_in_threadpool(self._board.rows)
        sight = Sight.asked(visit.asked)
        shown = seen(rows.values(), sight)
        states = [one for one in State if one is not State.RESOLVED]
        outbox = self._context.outbox
        told = outbox.messages[:TOLD] if outbox is not None else None
        return visit.page("now.html", seen=shown, told=told, sight=sight, severities=list(Severity), states=states)

    async def send_test_alert(self, visit: Visit) -> Response:
        """POST, in the demonstration: something to answer."""
        title = await test_alert(self._context)
        await visit.audited(What.TRIED, title)
        return visit.back("/", f"Sent: “{title}”. It shows below as soon as a worker has taken it in, within a second.")

    async def act(self, visit: Visit) -> Response:
        """POST: one command for one incident, or for all that were chosen; then back, saying what came of it."""
        what, _, one = visit.form.get("do", "").partition(" ")
        named = [one] if one else list(dict.fromkeys(visit.chosen))
        outcome = await run_in_threadpool(obey, visit, what, named)
        if outcome.done:
            await visit.audited(What.ANSWERED, answered(what, outcome.done))
        to = outcome.at or visit.form.get("back", "/")
        return visit.back(to, outcome.text, wrong=outcome.wrong, undo=outcome.undo, place=outcome.place)
