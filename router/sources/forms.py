"""Form fields as senders write them: in a query string, in an urlencoded body, in a multipart body."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from router.sources.contract import Unreadable

FIELDS = 1000
"""More form fields than any sender writes."""
PARTS = 20
_BOUNDARY = re.compile(r'boundary="?([^";,\s]{1,70})', re.IGNORECASE)


def fields(encoded: str | bytes) -> dict[str, str]:
    """The fields of a query string or an urlencoded body; the last of a repeated one. Unreadable beyond 1,000."""
    raw = encoded if isinstance(encoded, bytes) else encoded.encode("utf-8", "replace")
    try:
        return dict(parse_qsl(raw.decode("utf-8", "replace"), errors="replace", max_num_fields=FIELDS))
    except ValueError:
        raise Unreadable(f"more than {FIELDS} form fields") from None


def multipart_field(content_type: str, body: bytes, name: str) -> bytes | None:
    """The bytes of the field `name` in a `multipart/form-data` body; None when it is not among the first parts.

    Split by hand: the standard library's mail parser follows parts inside parts as deep as a stranger nests them.
    """
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        return None
    delimiter = b"\r\n--" + boundary[1].encode("utf-8", "replace")
    for part in (b"\r\n" + body).split(delimiter, PARTS)[1:]:
        head, blank_line, value = part.partition(b"\r\n\r\n")
        if blank_line and f'name="{name}"'.encode() in head:
            return value
    return None
