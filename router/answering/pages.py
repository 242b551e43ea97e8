"""The pages people open from a notification: how they are rendered, and the headers that keep them harmless."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from router.api.moments import stamp
from rules.runbooks.inline import spans
from workers.plain import clock, is_web, plain

CSS = "style-src 'self'; form-action 'self'"
HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; {CSS}; base-uri 'none'; frame-ancestors 'none'",
    # The address of an answer page is a key: it must not travel to where its links lead.
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}
_TEMPLATES = Environment(
    loader=PackageLoader("router"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_TEMPLATES.globals.update(spans=spans, is_web=is_web)
_TEMPLATES.filters.update(clock=clock, plain=plain, stamp=stamp)


def page(template: str, status: int = 200, **said: Any) -> HTMLResponse:
    """One page; everything in `said` is escaped."""
    return HTMLResponse(_TEMPLATES.get_template(template).render(**said), status, headers=HEADERS)


def notice(status: int, title: str, text: str) -> HTMLResponse:
    """A page that only says something."""
    return page("notice.html", status, title=title, text=text)
