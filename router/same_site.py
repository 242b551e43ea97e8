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


def own_path(to: str) -> str:
    """`to` where it is an address on this site, without its host; "" where it might lead elsewhere."""
    return to if to.startswith("/") and not to.startswith(("//", "/\\")) and to.isprintable() else ""


def came_from(request: Request) -> str:
    """The page of ours on which this was pressed or opened, "" where none is known."""
    try:
        where = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return ""
    if where.netloc.lower() != request.headers.get("host", "").lower():
        return ""
    here = own_path(where.path + (f"?{where.query}" if where.query else ""))
    return "" if here == request.url.path else here


def _host(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return None
