"""Bodies for a rehearsal: what a test has a source say becomes a delivery, and the real parser reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson

from router.hooks.hearing import judge
from router.in_force import Source
from router.sources import TYPES
from router.sources.contract import Sample
from router.sources.samples import samples
from rules.decision import Judged
from rules.reading.load import Ruleset
from rules.trial.acts import Says
from rules.trial.bodies import as_json, filled_in, overlaid
from rules.trial.play import Unplayable

FORM = "application/x-www-form-urlencoded"

Read = Callable[[str], bytes]
"""The bytes of a file beside the tests. Raises Unplayable."""


def sample_names() -> dict[str, list[str]]:
    """Every type of source with the names of its packaged samples."""
    return {name: [sample.name for sample in samples(name)] for name in TYPES}


class Speaker:
    """Speaks for the sources of some rules. No secret is needed: what a test says is believed."""

    def __init__(self, ruleset: Ruleset, read: Read) -> None:
        self._ruleset = ruleset
        self._read = read
        self._sources: dict[str, Source] = {}
        self._samples = {name: {sample.name: sample for sample in samples(name)} for name in TYPES}

    def __call__(self, says: Says, delivery: str, now: float, words: Mapping[str, str]) -> tuple[Judged, ...]:
        """What the source's parser reads, judged as the receiver judges it. Raises Unplayable."""
        source = self._source(says.source)
        sent = _sent(self._written(says, source, words), says, words)
        arrived = source.delivery(
            delivery,
            now,
            method=says.method or sent.method,
            query=sent.query if says.query is None else str(filled_in(says.query, words)),
            headers={**sent.headers, **filled_in(dict(says.headers), words)},
            body=sent.body,
        )
        return judge(arrived, source, self._ruleset)[0]

    def _source(self, name: str) -> Source:
        if name not in self._sources:
            configured = self._ruleset.config.sources[name]
            kind = TYPES[configured.type]
            options = kind.options.model_validate(configured.options)
            self._sources[name] = Source(name=name, type=kind, options=options, labels=configured.labels)
        return self._sources[name]

    def _written(self, says: Says, source: Source, words: Mapping[str, str]) -> Sample:
        """The body before anything is changed in it."""
        if says.sample is not None:
            return self._samples[source.type.name][says.sample]
        if says.file is not None:
            return Sample(name=says.file, body=self._read(says.file), headers=_headers(says.file))
        body = filled_in(says.body, words)
        if isinstance(body, str):
            return Sample(name="body", body=str(body).encode(), headers=_headers(""))
        return Sample(name="body", body=orjson.dumps(as_json(body)), headers=_headers(""))


def _headers(file: str) -> dict[str, str]:
    return {"content-type": FORM if file.endswith(".form") else "application/json"}


def _sent(sample: Sample, says: Says, words: Mapping[str, str]) -> Sample:
    """The sample with what is different in it."""
    changes: dict[str, Any] = filled_in(dict(says.changes), words)
    if not changes:
        return sample
    try:
        return _changed(sample, changes)
    except (orjson.JSONDecodeError, UnicodeDecodeError):
        raise Unplayable(f"'with' changes JSON and forms, and {sample.name} is neither") from None
    except ValueError as wrong:
        raise Unplayable(f"{sample.name}: {wrong}") from None


def _changed(sample: Sample, changes: Mapping[str, Any]) -> Sample:
    if sample.query and not sample.body:
        return _like(sample, query=_form(sample.query, changes))
    if sample.headers.get("content-type", "").startswith(FORM):
        return _like(sample, body=_form(sample.body.decode(), changes).encode())
    return _like(sample, body=orjson.dumps(overlaid(orjson.loads(sample.body), changes)))


def _like(sample: Sample, *, body: bytes | None = None, query: str | None = None) -> Sample:
    return Sample(
        name=sample.name,
        body=sample.body if body is None else body,
        method=sample.method,
        query=sample.query if query is None else query,
        headers=sample.headers,
    )


def _form(text: str, changes: Mapping[str, Any]) -> str:
    fields = {**dict(parse_qsl(text, keep_blank_values=True)), **{key: str(value) for key, value in changes.items()}}
    return urlencode(fields)
