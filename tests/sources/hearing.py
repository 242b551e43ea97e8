"""What the tests of the sources share: hearing a sample, and strangers' bodies for the parsers to survive."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping

import orjson
from hypothesis import strategies as st

from router.sources.contract import Delivery, Sample, SourceType, Unreadable
from router.sources.samples import samples
from rules.event import Event

NOW = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC).timestamp()
"""The samples tell of this day."""


def at(clock: str) -> float:
    """Unix seconds of a time of the samples' day: `09:14:05`."""
    return datetime.datetime.fromisoformat(f"2026-11-20T{clock}+00:00").timestamp()


def sample(source: SourceType, name: str) -> Sample:
    """The sample of that name."""
    return next(one for one in samples(source.name) if one.name == name)


def delivery(of: Sample) -> Delivery:
    """The sample as the receiver would hand it over."""
    return Delivery(received_at=NOW, method=of.method, query=of.query, headers=of.headers, body=of.body)


def heard(source: SourceType, name: str) -> list[Event]:
    """The events the source's parser reads out of its sample."""
    return source.parse(delivery(sample(source, name)), source.options())


def told(
    source: SourceType, body: object = None, *, query: str = "", headers: Mapping[str, str] | None = None
) -> list[Event]:
    """The events in a JSON body, or in a query."""
    content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    return source.parse(Delivery(received_at=NOW, query=query, headers=headers or {}, body=content), source.options())


def survives(source: SourceType, strange: Delivery) -> None:
    """Events that keep their promises, or Unreadable: any other exception is the failure looked for."""
    try:
        events = source.parse(strange, source.options())
    except Unreadable:
        return
    assert events
    for one in events:
        assert one.dedup_key
        assert len(one.dedup_key) <= 512
        assert len(one.summary) <= 300
        assert len(one.labels) <= 64
        for line in (one.kind, one.dedup_key, one.summary, one.severity or "", one.actor or "", *one.labels.values()):
            assert line.isprintable()
            assert line is one.summary or len(line) <= 512
        assert one.url is None or one.url.startswith(("http://", "https://"))


_leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None))


def jsons(words: list[str]) -> st.SearchStrategy[object]:
    """JSON values whose objects like to use a sender's own `words` as keys and values."""
    word = st.sampled_from(words)
    return st.recursive(
        _leaves | word,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(word | st.text(max_size=3), inner, max_size=6),
        max_leaves=25,
    )


def deliveries(words: list[str]) -> st.SearchStrategy[Delivery]:
    """Requests of a stranger: any bytes, any JSON, any form, any query, under any of the usual content types."""
    encoded = jsons(words).map(lambda value: json.dumps(value).encode())
    form = st.dictionaries(st.sampled_from(words), st.text(max_size=20), max_size=8).map(_form)
    boundary = b'--b\r\nContent-Disposition: form-data; name="data"\r\n\r\n'
    multipart = encoded.map(lambda body: boundary + body + b"\r\n--b--\r\n")
    content_type = st.sampled_from(
        ["", "application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "text/plain"]
    )
    return st.builds(
        Delivery,
        received_at=st.just(NOW),
        query=st.text(st.characters(codec=None), max_size=40) | form,
        headers=content_type.map(lambda kind: {"content-type": kind}) | st.just({}),
        body=st.binary(max_size=60) | encoded | form.map(str.encode) | multipart,
    )


def broken(source: SourceType) -> st.SearchStrategy[Delivery]:
    """A JSON sample of the source in which one value, anywhere, was replaced by something else."""
    whole = [one for one in samples(source.name) if one.body.startswith(b"{")]
    return st.builds(_break, st.sampled_from(whole), st.integers(0, 200), jsons(["x"]))


def _break(of: Sample, where: int, value: object) -> Delivery:
    body = orjson.loads(of.body)
    places = list(_places(body))
    holder, key = places[where % len(places)]
    holder[key] = value
    return Delivery(received_at=NOW, headers=of.headers, body=json.dumps(body).encode())


def _places(value):  # type: ignore[no-untyped-def]
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])


def _form(said: Mapping[str, str]) -> str:
    return "&".join(f"{name}={value}" for name, value in said.items()).encode("utf-8", "replace").decode()
