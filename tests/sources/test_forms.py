"""Form fields out of queries, urlencoded bodies and multipart bodies."""

from __future__ import annotations

import pytest

from router.sources.contract import Unreadable
from router.sources.forms import FIELDS, PARTS, fields, multipart_field

FORM = "multipart/form-data; boundary=fold"


@pytest.mark.parametrize(
    ("encoded", "said"),
    [
        ("a=1&b=x%20y+z", {"a": "1", "b": "x y z"}),
        (b"a=1&a=2", {"a": "2"}),
        ("a=%F0%9F%94%B4", {"a": "🔴"}),
        ("a=%FF", {"a": "\ufffd"}),
        ("a=\ud800", {"a": "?"}),
        (b"\xff\x00", {}),
        ("", {}),
    ],
)
def test_fields(encoded, said):
    """Fields are decoded once; bytes and characters that no text may hold become visible marks, never an exception."""
    assert fields(encoded) == said


def test_a_flood_of_fields():
    """A thousand fields are read, one more is a flood."""
    assert len(fields("&".join(f"f{n}=1" for n in range(FIELDS)))) == FIELDS
    with pytest.raises(Unreadable):
        fields("&".join(f"f{n}=1" for n in range(FIELDS + 1)))


def _part(name: str, value: str) -> str:
    return f'--fold\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'


@pytest.mark.parametrize("content_type", [FORM, 'multipart/form-data; Boundary="fold"', f"{FORM}; charset=utf-8"])
def test_multipart(content_type):
    """The named part is found among others, its blank lines and dashes kept, however the boundary is written."""
    body = _part("other", "no") + _part("data", "yes\r\n\r\n--folly") + "--fold--\r\n"
    assert multipart_field(content_type, body.encode(), "data") == b"yes\r\n\r\n--folly"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", _part("data", "yes")),
        ("multipart/form-data; boundary=other", _part("data", "yes")),
        (FORM, _part("other", "no")),
        (FORM, '--fold\r\nContent-Disposition: form-data; name="data"'),
        (FORM, _part("other", "no") * PARTS + _part("data", "too late")),
        (FORM, ""),
    ],
)
def test_no_such_part(content_type, body):
    """No boundary, another boundary, another part, half a part, a flood of parts: there is no such field."""
    assert multipart_field(content_type, body.encode(), "data") is None
