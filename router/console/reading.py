"""A body for a person's eyes: JSON indented, other text as it is, and of what is neither only its size."""

from __future__ import annotations

from dataclasses import dataclass

import orjson

from router.sources.samples import samples

LONGEST = 64 * 1024
"""Characters that are shown; the file to save has all of them."""

FEW = 6
"""Lacking fields that are named."""


@dataclass(frozen=True, slots=True)
class Body:
    """`ending`: what a saved file is called by: `json`, `txt` or `bin`."""

    text: str
    ending: str
    cut: int = 0
    """Characters that are not shown."""

    @classmethod
    def of(cls, raw: bytes) -> Body:
        """The body as it may be shown."""
        try:
            text, ending = orjson.dumps(orjson.loads(raw), option=orjson.OPT_INDENT_2).decode(), "json"
        except (orjson.JSONDecodeError, RecursionError):
            text, ending = _text(raw)
        return cls(text[:LONGEST], ending, max(0, len(text) - LONGEST))


def _text(raw: bytes) -> tuple[str, str]:
    try:
        return raw.decode(), "txt"
    except UnicodeDecodeError:
        return "", "bin"


def unlike_samples(type_name: str, raw: bytes) -> list[str]:
    """Fields at the top of the sample that is most like this body, which this body lacks; none when none is like it."""
    there = _fields(raw)
    tops = [found for one in samples(type_name) if there and (found := _fields(one.body)) and found & there]
    nearest = max(tops, key=lambda top: len(top & (there or set())), default=set())
    return sorted(nearest - (there or set()))[:FEW]


def _fields(raw: bytes) -> set[str] | None:
    try:
        said = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return set(said) if isinstance(said, dict) else None
