"""`/`: what is open, worst first, what comes next and whom it will reach; and the buttons to answer."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from router.console.answering import obey
from router.console.board import Board
from router.console.routes import Page
from router.console.sight import Sight, seen
from router.console.visit import Visit
from router.console.visitor import Role
from rules.event import Severity
from rules.incident import State


class Now:
    """The list and its buttons."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def pages(self) -> list[Page]:
        """What of the console is here."""
        return [
            Page("/", "GET", self.show),
            Page("/act", "POST", self.act, needs=Role.RESPONDER),
        ]

    async def show(self, visit: Visit) -> Response:
        """GET: the open incidents that fit the filters of the address."""
        rows = await run_in_threadpool(self._board.rows)
        sight = Sight.asked(visit.asked)
        shown = seen(rows.values(), sight)
        states = [one for one in State if one is not State.RESOLVED]
        return visit.page("now.html", seen=shown, sight=sight, severities=list(Severity), states=states)

    async def act(self, visit: Visit) -> Response:
        """POST: one command for one incident, or for all that were chosen; then back, saying what came of it."""
        what, _, one = visit.form.get("do", "").partition(" ")
        named = [one] if one else list(dict.fromkeys(visit.chosen))
        outcome = await run_in_threadpool(obey, visit, what, named)
        return visit.back(visit.form.get("back", "/"), outcome.text, wrong=outcome.wrong, undo=outcome.undo)
