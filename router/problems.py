"""What went wrong, told to a machine and its owner: RFC 9457 problem details whose `detail` says what to do."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from rules.upcast import NewerRecord

MEDIA_TYPE = "application/problem+json"
_DETAILS = {
    404: "There is nothing at this address. Deliveries go to /hooks/<source>, the API begins with /api.",
    405: "This address does not take that method; the Allow header names those it takes.",
    500: "Tocsin failed to answer; its log says why. Please try again.",
}


class Problem(Exception):
    """An answer that is not a success. `more` stands beside the standard members (RFC 9457, 3.2)."""

    def __init__(self, status: int, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})
        self.more = more

    @property
    def body(self) -> bytes:
        """The problem as JSON."""
        title = HTTPStatus(self.status).phrase
        said = {"type": "about:blank", "title": title, "status": self.status, "detail": self.detail}
        return orjson.dumps(said | self.more)

    def response(self) -> Response:
        """The problem as an HTTP response."""
        return Response(self.body, self.status, headers=self.headers, media_type=MEDIA_TYPE)


def unavailable() -> Problem:
    """Nothing has been kept, so the sender must keep it."""
    detail = (
        "Nothing has been stored: neither Redis nor the spool took it in time. Please send this again in 5 seconds."
    )
    return Problem(503, detail, headers={"Retry-After": "5"})


def failed() -> Problem:
    """Something inside broke."""
    return Problem(500, _DETAILS[500])


async def tell(_request: Request, wrong: Exception) -> Response:
    """Any exception that reached the edge of the app, as a problem."""
    if isinstance(wrong, Problem):
        return wrong.response()
    if isinstance(wrong, HTTPException):
        return of_http(wrong).response()
    if isinstance(wrong, NewerRecord):
        return Problem(503, f"{wrong}. Please ask a process of the later release.").response()
    return failed().response()


def of_http(wrong: HTTPException) -> Problem:
    """Starlette's own refusal as a problem."""
    detail = _DETAILS.get(wrong.status_code) or str(wrong.detail)
    return Problem(wrong.status_code, detail, headers=wrong.headers)
