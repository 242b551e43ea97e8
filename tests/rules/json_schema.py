"""As much of JSON Schema (draft 2020-12) as our schema uses: whatever else it should say one day is refused here.

No validator of others is among our dependencies. This one was compared by hand with the `jsonschema` package, on the
documents of `test_schema.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

import yaml

NOTES = {"$schema", "$defs", "title", "description", "default", "examples"}
TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
    "integer": int,
    "number": (int, float),
}


class Core(yaml.SafeLoader):
    """YAML 1.2's core schema, by which editors read: `no` is text, `12:30` too, `2026-12-24` as well."""

    yaml_implicit_resolvers: ClassVar[dict[str, list[Any]]] = {}


for tag, pattern, first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
):
    Core.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), list(first))


def core(text: str) -> Any:
    """The data of a text, as an editor sees it."""
    return yaml.load(text, Loader=Core)  # noqa: S506 a SafeLoader, with fewer guesses


def wrong(value: Any, part: dict[str, Any], whole: dict[str, Any], path: str = "") -> Iterator[str]:
    """What does not fit, each with its place."""
    unknown = part.keys() - NOTES - KEYWORDS.keys()
    assert not unknown, f"the schema uses {unknown}, which is not understood here"
    for keyword, asked in part.items():
        if keyword in KEYWORDS:
            yield from KEYWORDS[keyword](value, asked, part, whole, path)


def _ref(value: Any, asked: str, _: Any, whole: dict[str, Any], path: str) -> Iterator[str]:
    assert asked.startswith("#/$defs/")
    yield from wrong(value, whole["$defs"][asked.removeprefix("#/$defs/")], whole, path)


def _type(value: Any, asked: str | list[str], *rest: Any) -> Iterator[str]:
    names = [asked] if isinstance(asked, str) else asked
    fits = [isinstance(value, TYPES[name]) and (not isinstance(value, bool) or name == "boolean") for name in names]
    if not any(fits):
        yield f"{rest[-1]}: {value!r} is no {' or '.join(names)}"


def _enum(value: Any, asked: list[Any], *rest: Any) -> Iterator[str]:
    if value not in asked:
        yield f"{rest[-1]}: {value!r} is none of {asked}"


def _const(value: Any, asked: Any, *rest: Any) -> Iterator[str]:
    if value != asked:
        yield f"{rest[-1]}: {value!r} is not {asked!r}"


def _pattern(value: Any, asked: str, *rest: Any) -> Iterator[str]:
    if isinstance(value, str) and not re.search(asked, value):
        yield f"{rest[-1]}: {value!r} is not like {asked}"


def _length(value: Any, asked: int, *rest: Any) -> Iterator[str]:
    if isinstance(value, str | list) and len(value) < asked:
        yield f"{rest[-1]}: shorter than {asked}"


def _minimum(value: Any, asked: float, *rest: Any) -> Iterator[str]:
    if isinstance(value, int | float) and value < asked:
        yield f"{rest[-1]}: less than {asked}"


def _maximum(value: Any, asked: float, *rest: Any) -> Iterator[str]:
    if isinstance(value, int | float) and value > asked:
        yield f"{rest[-1]}: more than {asked}"


def _required(value: Any, asked: list[str], *rest: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (f"{rest[-1]}: needs {key}" for key in asked if key not in value)


def _properties(value: Any, asked: dict[str, Any], _: Any, whole: dict[str, Any], path: str) -> Iterator[str]:
    for key in value if isinstance(value, dict) else ():
        if key in asked:
            yield from wrong(value[key], asked[key], whole, f"{path}/{key}")


def _additional(value: Any, asked: Any, part: dict[str, Any], whole: dict[str, Any], path: str) -> Iterator[str]:
    for key in value if isinstance(value, dict) else ():
        if key not in part.get("properties", {}):
            if asked is False:
                yield f"{path}: unknown key {key}"
            elif isinstance(asked, dict):
                yield from wrong(value[key], asked, whole, f"{path}/{key}")


def _names(value: Any, asked: dict[str, Any], _: Any, whole: dict[str, Any], path: str) -> Iterator[str]:
    for key in value if isinstance(value, dict) else ():
        yield from wrong(key, asked, whole, f"{path}/{key}")


def _items(value: Any, asked: dict[str, Any], _: Any, whole: dict[str, Any], path: str) -> Iterator[str]:
    for number, each in enumerate(value if isinstance(value, list) else ()):
        yield from wrong(each, asked, whole, f"{path}/{number}")


def _any_of(value: Any, asked: list[Any], _: Any, whole: dict[str, Any], path: str) -> Iterator[str]:
    if all(list(wrong(value, each, whole, path)) for each in asked):
        yield f"{path}: {value!r} fits no branch"


def _one_of(value: Any, asked: list[Any], _: Any, whole: dict[str, Any], path: str) -> Iterator[str]:
    fitting = sum(not list(wrong(value, each, whole, path)) for each in asked)
    if fitting != 1:
        yield f"{path}: {value!r} fits {fitting} branches"


KEYWORDS: dict[str, Any] = {
    "$ref": _ref,
    "type": _type,
    "enum": _enum,
    "const": _const,
    "pattern": _pattern,
    "minLength": _length,
    "minItems": _length,
    "minimum": _minimum,
    "maximum": _maximum,
    "required": _required,
    "properties": _properties,
    "additionalProperties": _additional,
    "propertyNames": _names,
    "items": _items,
    "anyOf": _any_of,
    "oneOf": _one_of,
}
