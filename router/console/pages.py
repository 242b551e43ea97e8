"""All pages of the console, and the stream that keeps them live."""

from __future__ import annotations

from starlette.routing import Route

from router.console.account import AccountPage
from router.console.banner import Banner
from router.console.board import Board
from router.console.live import Live
from router.console.now import Now
from router.console.people import People
from router.console.routes import Page, routes
from router.context import Context


def console(context: Context) -> list[Route]:
    """Their routes: a page that is in no table here has no address."""
    return routes(context, tables(context))


def tables(context: Context) -> list[Page]:
    """Every page with the least role that may open it."""
    board = Board(context)
    live = Live(context, board, Banner(context))
    return [
        *Now(context, board).pages(),
        *AccountPage(context).pages(),
        *People(context).pages(),
        Page("/live", "GET", live.stream),
    ]
