"""How a page of the console is drawn: the templates, what every one of them may call, and its headers."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from router.api.moments import stamp
from router.console.marked import marked
from rules.duration import show_duration
from rules.runbooks.inline import spans
from workers.plain import clock, is_web, plain

_STATIC = Path(__file__).parents[1] / "static"
_OWN = "style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'"
HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; {_OWN}; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Robots-Tag": "noindex",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu."""

    path: str
    name: str
    kind: str = ""
    """A class of the stylesheet: `administers` for what only an admin can open."""


MENU = (
    Entry("/", "Now"),
    Entry("/report", "Report"),
    Entry("/agenda", "Queue"),
    Entry("/deliveries", "Deliveries"),
    Entry("/notifications", "Notifications"),
    Entry("/postmortems", "Post-mortems"),
    Entry("/rules", "Rules"),
    Entry("/playground", "Playground"),
    Entry("/schedules", "Schedules"),
    Entry("/maintenance", "Maintenance"),
    Entry("/sources", "Sources"),
    Entry("/checks", "Checks"),
    Entry("/numbers", "Numbers"),
    Entry("/accounts", "Accounts", "administers"),
    Entry("/account", "You"),
)


def drawn(template: str, status: int = 200, **told: Any) -> HTMLResponse:
    """A page."""
    return HTMLResponse(rendered(template, **told), status, headers=HEADERS)


def rendered(template: str, **told: Any) -> str:
    """The HTML of a page, or of a part of one."""
    return _environment().get_template(template).render(**told)


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("router"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.globals.update(menu=MENU, asset=asset, is_web=is_web, spans=spans, marked=marked)
    made.filters.update(duration=show_duration, clock=clock, stamp=stamp, plain=plain)
    return made


@cache
def asset(name: str) -> str:
    """The address of a file of ours, another one when its content changes: browsers may keep it."""
    digest = hashlib.blake2b((_STATIC / name).read_bytes(), digest_size=6).hexdigest()
    return f"/static/{name}?v={digest}"
