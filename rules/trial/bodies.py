"""Bodies as a test writes them: YAML taken for JSON, and what is different in a sample."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from rules.reading.document import Document, Path
from rules.reading.problem import nearest

NUMBER, INCIDENT = "<n>", "<incident>"
"""What stands for the number of the repetition (from 1), and for the id of the last incident."""


class Bare(str):
    """A scalar without quotes: a number, true, false or null where it looks like one, as in JSON."""

    __slots__ = ()


def written(document: Document, path: Path) -> Any:
    """The data at `path`, with scalars that have no quotes marked as such."""
    data = document.at(path)
    if isinstance(data, dict):
        return {key: written(document, (*path, key)) for key in data}
    if isinstance(data, list):
        return [written(document, (*path, number)) for number in range(len(data))]
    return Bare(data) if isinstance(data, str) and path not in document.quoted else data


def filled_in(value: Any, words: Mapping[str, str]) -> Any:
    """The same with `<n>` and `<incident>` replaced in every text."""
    if isinstance(value, dict):
        return {key: filled_in(inner, words) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled_in(inner, words) for inner in value]
    if not isinstance(value, str):
        return value
    text = str(value)
    for word, meaning in words.items():
        text = text.replace(word, meaning)
    return Bare(text) if isinstance(value, Bare) else text


def as_json(value: Any, before: Any = None) -> Any:
    """What JSON would hold. In place of a text (`before`) a bare word stays text."""
    if isinstance(value, dict):
        return {key: as_json(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [as_json(inner) for inner in value]
    if isinstance(value, Bare) and not isinstance(before, str):
        try:
            found = orjson.loads(str(value))
        except orjson.JSONDecodeError:
            return str(value)
        return found if isinstance(found, int | float | bool) or found is None else str(value)
    return str(value) if isinstance(value, str) else value


def overlaid(sample: Any, changes: Mapping[str, Any]) -> Any:
    """The sample with `changes`: a key is one of its own, or a path with dots into it; maps merge, all else replaces.

    Raises ValueError for a path that leads nowhere; only the last part of a path may be new.
    """
    for key, value in changes.items():
        sample = _placed(sample, [key] if isinstance(sample, dict) and key in sample else key.split("."), value)
    return sample


def _placed(inside: Any, path: list[str], value: Any) -> Any:
    key, rest = path[0], path[1:]
    if isinstance(inside, list):
        if not (key.isascii() and key.isdigit() and int(key) < len(inside)):
            raise ValueError(f"'{key}' is no position in a list of {len(inside)}; the first is 0")
        number = int(key)
        return [*inside[:number], _changed(inside[number], rest, value), *inside[number + 1 :]]
    if not isinstance(inside, dict):
        raise ValueError(f"there is nothing below '{key}' to change")  # noqa: TRY004 what the test says is wrong
    if rest and key not in inside:
        hint = nearest(key, inside)
        raise ValueError(f"there is no '{key}' in it" + (f" ({hint})" if hint else ""))
    return {**inside, key: _changed(inside.get(key), rest, value)}


def _changed(before: Any, path: list[str], value: Any) -> Any:
    if path:
        return _placed(before, path, value)
    if isinstance(value, dict) and isinstance(before, dict):
        return overlaid(before, value)
    return as_json(value, before)
