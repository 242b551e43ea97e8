"""Plain data held against a pydantic model: what does not fit is said in plain words, at its place in the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from rules.reading.document import Document, Path
from rules.reading.fields import Reference
from rules.reading.meant import meant
from rules.reading.problem import Hinted, Misplaced, Problem, nearest, one_of, without_value

TOLD_AT_MOST = 100
"""Nobody reads more at once, and each costs a search for the nearest right word."""

Model = TypeVar("Model", bound=BaseModel)
_IS_SECRET = get_args(Reference)[1]

_EXPECTED = {
    "string_type": "text",
    "list_type": "a list, like [a, b]",
    "tuple_type": "a list, like [a, b]",
    "dict_type": "a map of keys",
    "model_type": "a map of keys",
    "model_attributes_type": "a map of keys",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "too_short": "at least one; to say nothing, leave it out",
    "date": "a day like 2026-12-24",
    "datetime": "a time like 2026-12-24T09:00",
}


def fill(
    model: type[Model], document: Document, path: Path = (), besides: frozenset[str] = frozenset()
) -> Model | None:
    """The data at `path` as a `model`, or None with the problems written into the document.

    `besides` are keys at `path` that others read.
    """
    data = document.at(path)
    if isinstance(data, dict):
        data = {key: value for key, value in data.items() if key not in besides}
    try:
        return model.model_validate(data)
    except ValidationError as wrong:
        errors = wrong.errors(include_url=False)
        for error in errors[:TOLD_AT_MOST]:
            _complain(document, path, model, error, besides)
        if len(errors) > TOLD_AT_MOST:
            document.complain(path, f"{len(errors) - TOLD_AT_MOST} more problems; they are told when these are mended")
    return None


def secret_paths(model: Any, path: tuple[str, ...] = (), seen: tuple[Any, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Where in a model's data references may stand; `*` is any key or position."""
    for part, annotation, metadata in _inside(model):
        here = path if part is None else (*path, part)
        if _IS_SECRET in metadata:
            yield here
        elif annotation not in seen:
            yield from secret_paths(annotation, here, (*seen, annotation))


def is_under(path: Path, pattern: tuple[str, ...]) -> bool:
    """Does the pattern lead to this path? A value may stand where the pattern has a list of such."""
    if len(pattern) == len(path) + 1 and pattern[-1] == "*":
        pattern = pattern[:-1]
    return len(path) == len(pattern) and all(want in ("*", part) for want, part in zip(pattern, path, strict=True))


def _inside(annotation: Any) -> Iterator[tuple[str | None, Any, list[Any]]]:
    """What a type holds: (key, `*` or None for the same place; its type; what is noted beside the type)."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        for name, field in annotation.model_fields.items():
            yield field.alias or name, field.annotation, field.metadata
        return
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield None, inner[0], list(inner[1:])
    elif origin in (list, tuple, dict):
        yield "*", inner[-1] if origin is dict else inner[0], []
    else:
        yield from ((None, each, []) for each in inner)


def _known_keys(annotation: Any, path: Path) -> list[str]:
    """The keys that a map at `path` inside a type may have."""
    if not path and isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [field.alias or name for name, field in annotation.model_fields.items()]
    for part, inner, _ in _inside(annotation):
        leads = part is None or (path and part in ("*", path[0]))
        if leads and (found := _known_keys(inner, path if part is None else path[1:])):
            return found
    return []


def _complain(
    document: Document, base: Path, model: type[BaseModel], error: ErrorDetails, besides: frozenset[str]
) -> None:
    path = _path(document, base, error["loc"])
    if error["type"] == "missing":
        _complain_missing(document, path, str(error["loc"][-1]))
    elif error["type"] == "extra_forbidden":
        known = [*_known_keys(model, path[len(base) : -1]), *(sorted(besides) if len(path) == len(base) + 1 else ())]
        key = without_value(str(path[-1]))
        hint = meant(key, path[len(base) : -1], known, lambda inner: _known_keys(model, inner))
        document.complain(path, f"unknown key '{key}'", hint, key=True)
    else:
        secret = any(is_under(path[len(base) :], pattern) for pattern in secret_paths(model))
        at_key = error["loc"][-1:] == ("[key]",)
        found = path[-1] if at_key else document.at(path)
        said, near = _words(error, "something else" if secret else _found(found))
        near = near or (None if secret else _how_to_write(error["type"], found, _known_keys(model, path[len(base) :])))
        of = error.get("ctx", {}).get("error")
        if isinstance(of, Misplaced):
            document.complain((*path, of.key), f"{_name(path)}: {said}")
            return
        document.complain(path, f"{_name(path)}: {said}", near, key=at_key, secret=secret)


def _complain_missing(document: Document, path: Path, key: str) -> None:
    """At the map that lacks the key; a whole section is missed in the file that should hold it."""
    message = f"{_name(path)} needs '{key}'"
    empty = [file for file, says in document.files.items() if not says]
    if path or f"{key}.yaml" not in document.files:
        document.complain(path, message, key=True)
    elif f"{key}.yaml" in empty:
        document.problems.append(Problem(f"{key}.yaml", 1, 1, f"the file says nothing, and {message}"))
    else:
        document.problems.append(Problem(f"{key}.yaml", 1, 1, message))


def _path(document: Document, base: Path, loc: tuple[int | str, ...]) -> Path:
    """A pydantic location without the parts that are pydantic's own, such as a union's branches."""
    path = base
    for part in loc:
        if (*path, part) in document.values:
            path = (*path, part)
    return path


def _name(path: Path) -> str:
    """How the message calls a place: `after`, `rule 4`, `channels`."""
    if not path:
        return "the configuration"
    if isinstance(path[-1], int):
        of = _name(path[:-1])
        return f"{of if of == 'always' else of.removesuffix('s')} {path[-1] + 1}"
    return str(path[-1])


def _words(error: ErrorDetails, found: str) -> tuple[str, str | None]:
    kind: str = error["type"]
    if kind == "value_error":
        of = error.get("ctx", {}).get("error", error["msg"])
        return str(of), of.hint if isinstance(of, Hinted) else None
    if kind in ("enum", "literal_error"):
        words = re.findall(r"'([^']*)'", str(error.get("ctx", {}).get("expected", "")))
        return f"expected {one_of(words)}, found {found}", _near(found.strip("'"), words)
    expected = _EXPECTED.get(kind) or _EXPECTED.get(kind.partition("_")[0])
    if expected is not None:
        return f"expected {expected}, found {found}", None
    return error["msg"][:1].lower() + error["msg"][1:] + f", found {found}", None


def _near(word: str, words: list[str]) -> str | None:
    """Of severities also what other houses call them: `SEV1`, `1`, `critical`."""
    if words[:1] != ["P1"]:
        return nearest(word, words)
    numbered = re.fullmatch(r"(?:sev|severity|prio|priority|s|p)?[ -]?([1-4])", word, re.ASCII | re.IGNORECASE)
    return f"did you mean P{numbered[1]}?" if numbered else nearest(word, words) or "P1 is the worst"


def _how_to_write(kind: str, found: object, known: list[str]) -> str | None:
    if kind in ("list_type", "tuple_type") and isinstance(found, str) and len(found) <= 60:
        return f"write [{found}]"
    return f"its keys are {one_of(known)}" if kind in ("model_type", "model_attributes_type") and known else None


def _found(value: object) -> str:
    if isinstance(value, str):
        return f"'{value}'" if len(value) <= 60 else f"'{value[:60]}…'"
    return "nothing" if not value else "a list" if isinstance(value, list) else "a map"
