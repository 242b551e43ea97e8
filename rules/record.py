"""Records as JSON and back: how an incident, an event or a decision is stored, whole and typed."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeVar, cast

import orjson
from pydantic import TypeAdapter, ValidationError
from pydantic_core import CoreConfig, SchemaValidator

from rules.upcast import UPCASTS, VERSION, NewerRecord, upcast

T = TypeVar("T")
_CHANGED = frozenset(kind for kind, _ in UPCASTS)


@lru_cache(maxsize=64)
def _validator(shape: Any) -> SchemaValidator:
    # Names of fields alone are remembered: pydantic's cache of all short texts is slower here, where nearly every text
    # is another one, and each process grew by it.
    return SchemaValidator(TypeAdapter(shape).core_schema, CoreConfig(cache_strings="keys"))


def encode(record: object) -> bytes:
    """The JSON of a record: a dataclass, or lists and dicts of them."""
    return orjson.dumps(record, option=orjson.OPT_NON_STR_KEYS)


def decode(shape: type[T], stored: bytes | str) -> T:
    """The record of that shape. Raises NewerRecord, and pydantic's ValidationError when the text is something else."""
    validator = _validator(shape)  # type: ignore[arg-type]
    if shape.__name__ in _CHANGED:
        return cast(T, validator.validate_python(upcast(shape.__name__, orjson.loads(stored))))
    try:
        record: T = validator.validate_json(stored)
    except ValidationError:
        _refuse_newer(stored)
        raise
    if getattr(record, "v", VERSION) > VERSION:
        raise NewerRecord(record.v)  # type: ignore[attr-defined]
    return record


def recall(shape: type[T], data: object) -> T:
    """The record of that shape from plain data, as its JSON would read. Raises pydantic's ValidationError."""
    return cast(T, _validator(shape).validate_python(data))  # type: ignore[arg-type]


def _refuse_newer(stored: bytes | str) -> None:
    """What makes no sense to this release may make sense to the next."""
    try:
        found = orjson.loads(stored)
    except orjson.JSONDecodeError:
        return
    version = found.get("v", 1) if isinstance(found, dict) else 1
    if isinstance(version, int) and version > VERSION:
        raise NewerRecord(version) from None


def as_data(record: object) -> Any:
    """The record as plain dicts and lists, as its JSON would read back."""
    return orjson.loads(encode(record))
