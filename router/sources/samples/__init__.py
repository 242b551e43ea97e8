"""Our own bodies in every sender's shape, with invented names: `tocsin send` sends them, the tests read them.

A folder per type. `<name>.json`, `.form` and `.multipart` are bodies, `<name>.query` is the query string of a GET;
`<name>.headers.json` beside it holds the headers such a delivery brings, without its signature.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path

import orjson

from router.sources.contract import Sample

FOLDER = Path(__file__).parent
_CONTENT_TYPES = {".json": "application/json", ".form": "application/x-www-form-urlencoded"}
_HEADERS = ".headers.json"


@functools.cache
def samples(type_name: str) -> tuple[Sample, ...]:
    """The samples of one source type in the order of their names; none for a type without a folder."""
    folder = FOLDER / type_name
    files = sorted(path for path in folder.glob("*.*") if not path.name.endswith(_HEADERS)) if folder.is_dir() else []
    return tuple(_read(path) for path in files)


def _read(path: Path) -> Sample:
    content = path.read_bytes().rstrip(b"\n")
    headers = _headers(path)
    if path.suffix == ".query":
        return Sample(name=path.stem, method="GET", query=content.decode(), headers=headers)
    return Sample(name=path.stem, body=content, headers=headers)


def _headers(path: Path) -> Mapping[str, str]:
    default = {"content-type": _CONTENT_TYPES[path.suffix]} if path.suffix in _CONTENT_TYPES else {}
    beside = path.with_name(path.stem + _HEADERS)
    return {**default, **orjson.loads(beside.read_bytes())} if beside.is_file() else default
