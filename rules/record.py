"""Records as JSON and back: how an incident, an event or a decision is stored, whole and typed."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeVar

import orjson
from pydantic import TypeAdapter

T = TypeVar("T")


@lru_cache(maxsize=64)
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


def encode(record: object) -> bytes:
    """The JSON of a record: a dataclass, or lists and dicts of them."""
    return orjson.dumps(record, option=orjson.OPT_NON_STR_KEYS)


def decode(shape: type[T], stored: bytes | str) -> T:
    """The record of that shape; raises pydantic's ValidationError when the text is something else."""
    adapter: TypeAdapter[T] = _adapter(shape)  # type: ignore[arg-type]
    return adapter.validate_json(stored)


def as_data(record: object) -> Any:
    """The record as plain dicts and lists, as its JSON would read back."""
    return orjson.loads(encode(record))
