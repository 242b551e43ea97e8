"""One person looking at one page: what the page is told, and the ways to answer them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from router.accounts.audit import What, audit
from router.console import said as flash
from router.console.banner import Line
from router.console.frame import drawn
from router.console.said import Said
from router.console.visitor import Visitor
from router.context import Context
from router.same_site import own_path


@dataclass(frozen=True, slots=True)
class Visit:
    """What the function behind a page is given."""

    request: Request
    visitor: Visitor
    context: Context
    now: float
    """Unix seconds, by Redis' clock as every promise is."""
    form: dict[str, str]
    """What was sent with a POST, already known to come from our own page; the last of fields with one name."""
    chosen: tuple[str, ...] = ()
    """Every value of the field `chosen`: what a bulk action is meant for."""
    troubles: Sequence[Line] = ()
    """What the banner says."""

    @property
    def asked(self) -> dict[str, str]:
        """The query of the address."""
        return dict(self.request.query_params)

    def here(self, **changed: str | None) -> str:
        """The address of this page with some of its query changed; None takes a part away."""
        parts = {**self.asked, **changed}
        query = urlencode({name: value for name, value in parts.items() if value})
        return f"{self.request.url.path}?{query}" if query else self.request.url.path

    def page(self, template: str, status: int = 200, **told: Any) -> Response:
        """The page; everything told to the template is escaped."""
        last = flash.taken(self.request)
        common: dict[str, Any] = {"visitor": self.visitor, "visit": self, "now": self.now, "troubles": self.troubles}
        common["said"] = last.shown() if last is not None else None
        response = drawn(f"console/{template}", status, here=self.request.url.path, **common, **told)
        if last is not None:
            response.delete_cookie(flash.COOKIE)
        return response

    async def audited(self, what: What, about: str = "") -> None:
        """Write down that it was done: whatever a button changed stands in the audit log."""
        await audit(self.context, self.request, what, self.visitor.name, about=about, via=self.visitor.via)

    def back(self, to: str, text: str, *, wrong: bool = False, undo: Sequence[str] = (), place: str = "") -> Response:
        """After a POST: to a page of ours, which says what happened, with a link to a `place` on it."""
        response = RedirectResponse(own_path(to) or "/", 303)
        said = Said(text, "wrong" if wrong else "done", tuple(undo), place)
        flash.carry(response, said, secure=self.request.url.scheme == "https")
        return response
