"""What somebody reads where no page is, or where one broke; programs are told the same as a problem (RFC 9457)."""

from __future__ import annotations

import orjson
from starlette.requests import Request
from starlette.responses import Response

from router.console.frame import MENU, drawn
from router.console.routes import untitled
from router.problems import tell
from router.same_site import came_from
from rules.reading.problem import nearest

MACHINES = ("/api", "/hooks", "/metrics", "/slack", "/static", "/healthz", "/readyz", "/live")
"""Where programs ask: they are told as programs, whatever they say they read."""
_LONGEST = 40
"""Characters of an address that are compared with those there are."""
_SAID = {
    404: ("There is no page here", "The address is misspelt, or what it led to is gone."),
    405: (
        "This address only takes what a button sends",
        "It was typed, or loaded again. Please go back to the page with the button.",
    ),
    500: (
        "Something broke here",
        "Tocsin could not make this page; its log says why. What comes in is kept all the same. Please try again.",
    ),
}


async def answered(request: Request, wrong: Exception) -> Response:
    """As a page for whoever looks, and as a problem for a program."""
    told = await tell(request, wrong)
    if not looks(request):
        return told
    said = orjson.loads(told.body)
    title, text = _SAID.get(told.status_code, (untitled(request), said["detail"]))
    near = _near(request.scope["path"]) if told.status_code == 404 else ""
    back = came_from(request)
    page = drawn("console/refused.html", told.status_code, title=title, text=text, near=near, back=back)
    for name in ("Allow", "Retry-After", "WWW-Authenticate"):
        if name in told.headers:
            page.headers[name] = told.headers[name]
    return page


def looks(request: Request) -> bool:
    """Does a person look? Browsers say that they read HTML when an address is opened or a form is sent."""
    path = request.scope["path"]
    machine = any(path == one or path.startswith(f"{one}/") for one in MACHINES)
    return not machine and "text/html" in request.headers.get("accept", "")


def _near(path: str) -> str:
    """The page whose address is spelt most like it."""
    words = {entry.path.strip("/"): entry.path for entry in MENU if entry.path != "/"}
    found = nearest(path.strip("/").partition("/")[0][:_LONGEST], words) or ""
    return next((address for word, address in words.items() if f" {word}?" in found), "")
