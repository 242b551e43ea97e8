"""What the last button did, carried over one redirect: a cookie that the next page shows once and forgets."""

from __future__ import annotations

import base64
import binascii
from dataclasses import asdict, dataclass
from typing import Literal

import orjson
from starlette.requests import Request
from starlette.responses import Response

COOKIE = "tocsin-said"
_LASTS = 60
_LONGEST = 3000
"""Bytes: browsers drop a cookie above 4 KiB, and with it what it says."""


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence; `undo` are the incidents whose last answer can be taken back for a few seconds."""

    text: str
    tone: Literal["done", "wrong"] = "done"
    undo: tuple[str, ...] = ()


def carry(response: Response, said: Said, *, secure: bool) -> None:
    """Have the next page say it."""
    packed = base64.urlsafe_b64encode(orjson.dumps(asdict(said))[:_LONGEST]).decode()
    response.set_cookie(COOKIE, packed, max_age=_LASTS, httponly=True, samesite="lax", secure=secure)


def taken(request: Request) -> Said | None:
    """What the last button did. Anybody could have written the cookie: it is text, and nothing else."""
    try:
        found = orjson.loads(base64.urlsafe_b64decode(request.cookies.get(COOKIE, "")))
        undo = tuple(one for one in found["undo"] if isinstance(one, str))
        return Said(str(found["text"]), "done" if found["tone"] == "done" else "wrong", undo)
    except (ValueError, TypeError, KeyError, binascii.Error):
        return None
