"""Reading what strangers send: total, one line, bounded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.sources.contract import Delivery, Unreadable
from router.sources.reading import at, clean, event, moment, number, parse_json, parse_object, text, web_url
from rules.event import Action, Event

NOW = 1_795_176_000.0


def _event(**given_fields: object) -> Event:
    usual = {"kind": "x.y", "action": Action.INFO, "key": "k", "summary": "s"}
    return event(Delivery(received_at=NOW), **{**usual, **given_fields})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": NaN}', {"a": None}),
        (b'{"a": "\\ud800"}', {"a": "\ud800"}),
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b'{"a": "\xff"}', {"a": "\ufffd"}),
        (b'{"a": 1, "a": 2}', {"a": 2}),
    ],
)
def test_json_that_others_refuse(body, value):
    """NaN, a lone surrogate, a byte order mark, a broken character, a repeated key: no reason to lose an outage."""
    assert parse_json(body) == value


@pytest.mark.parametrize("body", [b"", b"nope", b"{" * 9, b"[" * 200_000, b'{"a":' * 5000, b"9" * 5000, b"\x00"])
def test_not_json(body):
    """Nothing, nonsense, nesting without end, a number without end."""
    with pytest.raises(Unreadable):
        parse_object(body)


def test_reaching_into_what_is_not_there():
    """Any path into any value answers."""
    data = {"a": [{"b": "c"}]}
    assert text(data, "a", 0, "b") == "c"
    assert [at(data, *path) for path in (("a", 1), ("a", "b"), ("x", "y", 0), (0,), ("a", 0, "b", "c"))] == [None] * 5


@pytest.mark.parametrize(
    ("value", "said"),
    [("  a\n\tb ", "a b"), (5, "5"), (5.0, "5"), (0.25, "0.25"), (True, "true"), (None, ""), ([], ""), ({}, "")],
)
def test_text(value, said):
    """Plain values become text; the rest is nothing."""
    assert text({"v": value}, "v") == said


@pytest.mark.parametrize(
    ("value", "count"), [("7", 7), (7, 7), (True, None), ("x", None), ("nan", None), (10**400, None)]
)
def test_number(value, count):
    """Numbers, also written as text, if they are finite."""
    assert number(value) == count


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        ("a\x00b\x1b[31mc", "ab[31mc"),
        ("pay\u202egnp.exe", "paygnp.exe"),
        ("a\u2028b\x85c", "a b c"),
        ("\ud800x", "x"),
        ("Größe 🔥", "Größe 🔥"),
    ],
)
def test_clean(raw, line):
    """No terminal escapes, no reversed text, no line breaks of any kind; ordinary letters stay."""
    assert clean(raw) == line


@given(st.text(st.characters(codec=None)))
def test_clean_is_one_printable_line(raw: str):
    """Whatever the text, what is left can be printed, and cleaning it again changes nothing."""
    line = clean(raw)
    assert line.isprintable()
    assert clean(line) == line == line.strip()


@pytest.mark.parametrize("url", ["http://a.example/x?y=1#z", "https://[::1]:8080/", "HTTPS://A.example"])
def test_web_addresses(url):
    """What a browser opens is kept as it was written."""
    assert web_url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "javascript:alert(1)",
        "//a.example",
        "?orgId=1",
        "https://",
        "http://[::1",
        "http://a b",
        "http://a\n",
        "ftp://a",
        "http://a/" + "x" * 2048,
    ],
)
def test_no_web_addresses(url):
    """Scripts, relative and broken addresses, and endless ones are none."""
    assert web_url(url) is None


@pytest.mark.parametrize(
    ("value", "when"),
    [
        (NOW, NOW),
        (str(int(NOW)), NOW),
        (NOW * 1e3, NOW),
        (NOW * 1e6, NOW),
        ("2026-11-20T12:00:00Z", NOW),
        ("2026-11-20T12:00:00.000000000Z", NOW),
        ("2026-11-20 14:00:00+02:00", NOW),
        ("2026-11-20 12:00:00 UTC", NOW),
        ("2026-11-20T12:00:00", NOW),
        ("noon", None),
        ("", None),
        (None, None),
        (True, None),
        ([], None),
    ],
)
def test_times(value, when):
    """Unix times in three units, ISO-8601 with and without a zone; no zone is UTC."""
    assert moment(value) == when


@pytest.mark.parametrize(
    ("off", "believed"), [(0, True), (300, True), (301, False), (-7 * 86400, True), (-7 * 86400 - 1, False)]
)
def test_times_that_cannot_be(off, believed):
    """A time far from the arrival would put all news of a signal into the wrong order: it counts as not said."""
    assert _event(occurred_at=NOW + off).occurred_at == (NOW + off if believed else None)


def test_the_year_one():
    """Go's zero time is no time."""
    assert _event(occurred_at="0001-01-01T00:00:00Z").occurred_at is None


def test_everything_is_bounded():
    """However much a sender writes, an event stays small, and two long keys stay two."""
    labels = {f"{n} {'n' * 300}": "v" * 300 for n in range(100)}
    long = _event(key="k" * 600 + "1", summary="s" * 400, labels=labels, actor="a" * 400, sender_id="i" * 400)
    other = _event(key="k" * 600 + "2")
    assert [len(long.dedup_key), len(long.summary), len(long.labels)] == [512, 300, 64]
    assert max(len(word) for pair in long.labels.items() for word in pair) == 256
    assert long.summary.endswith("…")
    assert long.dedup_key != other.dedup_key
    assert [len(long.actor or ""), len(long.sender_id or "")] == [256, 256]


def test_what_was_not_said_is_none():
    """Empty texts are no severity, address, actor or label, and an empty summary falls back to the kind."""
    bare = _event(summary=" \n", labels={"a": "", "": "b"}, url="")
    assert (bare.summary, bare.severity, bare.url, bare.actor, bare.sender_id) == ("x.y", None, None, None, None)
    assert bare.labels == {}
