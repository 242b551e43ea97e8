"""All pages of the console, and the stream that keeps them live."""

from __future__ import annotations

from starlette.routing import Route

from router.console.account import AccountPage
from router.console.arrivals import Arrivals
from router.console.banner import Banner
from router.console.board import Board
from router.console.checks import ChecksPage
from router.console.incident import IncidentPage
from router.console.live import Live
from router.console.maintenance import MaintenancePage
from router.console.notifications import NotificationsPage
from router.console.now import Now
from router.console.numbers import PAGES as NUMBERS
from router.console.people import People
from router.console.planned import PlannedPage
from router.console.playground import Playground
from router.console.postmortems import PostmortemPages
from router.console.publishing import PublishingPage
from router.console.queue import Queue
from router.console.reporting import Reporting
from router.console.routes import Page, routes
from router.console.rules import RulesPage
from router.console.schedules import Schedules
from router.console.sources import Sources
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
        *Queue(context, board).pages(),
        *Reporting(context).pages(),
        *AccountPage(context).pages(),
        *People(context).pages(),
        *Arrivals(context).pages(),
        *Sources().pages(),
        *ChecksPage().pages(),
        *NUMBERS,
        *RulesPage(context).pages(),
        *Playground(context).pages(),
        *Schedules().pages(),
        *MaintenancePage(context).pages(),
        *PlannedPage(context).pages(),
        *IncidentPage(context).pages(),
        *PublishingPage(context).pages(),
        *NotificationsPage(context).pages(),
        *PostmortemPages().pages(),
        Page("/live", "GET", live.stream),
    ]
