"""Where a form was pressed: only our own pages may press our buttons."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request


def foreign(request: Request) -> bool:
    """Did another site send this?

    Browsers say where a form was in Sec-Fetch-Site, over plain http only in Origin. Under a no-referrer policy that
    Origin may read `null`; then what only our own page knows has to be proof enough: the token of the link or session.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("origin", "null")
    return origin != "null" and _host(origin) != request.headers.get("host", "").lower()


def _host(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return None
