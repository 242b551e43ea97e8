"""What the last button did, carried over one redirect: a cookie that the next page shows once and forgets."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import asdict, dataclass, replace
from typing import Literal

import orjson
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

COOKIE = "tocsin-said"
_LASTS = 60
_PLACE = re.compile(r"#[a-z-]{1,40}")
_LONGEST = 3000
"""Bytes: browsers drop a cookie above 4 KiB, and with it what it says."""


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence; `undo` are the incidents whose last answer can be taken back for a few seconds."""

    text: str
    tone: Literal["done", "wrong"] = "done"
    undo: tuple[str, ...] = ()
    place: str = ""
    """Where on the page that says it one goes on: `#verify`."""

    def shown(self) -> Said:
        """The same, its text with a way to that place: HTML, in which everything else is escaped."""
        if not self.place:
            return self
        return replace(self, text=Markup('{} <a href="{}">To the list</a>').format(self.text, self.place))


def carry(response: Response, said: Said, *, secure: bool) -> None:
    """Have the next page say it."""
    packed = base64.urlsafe_b64encode(orjson.dumps(asdict(said))[:_LONGEST]).decode()
    response.set_cookie(COOKIE, packed, max_age=_LASTS, httponly=True, samesite="lax", secure=secure)


def taken(request: Request) -> Said | None:
    """What the last button did. Anybody could have written the cookie: it is text, and nothing else."""
    try:
        found = orjson.loads(base64.urlsafe_b64decode(request.cookies.get(COOKIE, "")))
        undo = tuple(one for one in found["undo"] if isinstance(one, str))
        place = _PLACE.fullmatch(str(found.get("place", "")))
        tone: Literal["done", "wrong"] = "done" if found["tone"] == "done" else "wrong"
        return Said(str(found["text"]), tone, undo, place[0] if place else "")
    except (ValueError, TypeError, KeyError, AttributeError, binascii.Error):
        return None
