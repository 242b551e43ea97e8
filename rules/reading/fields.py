"""What the YAML's values are made of: durations, references to secrets, fields of an event, and strict maps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, WithJsonSchema

from rules.duration import meant_duration, parse_duration
from rules.reading.problem import Hinted, nearest

_REFERENCE = re.compile(r"\$\{(env:[A-Za-z_][A-Za-z0-9_]*|file:/[^${}\x00-\x1f]+)\}", re.ASCII)
_SHELL = re.compile(r"\$\{(?:env\.|env |ENV:)?([A-Za-z_][A-Za-z0-9_]*)\}|\$([A-Z]+_[A-Z0-9_]*)", re.ASCII)
_YEAR = 366 * 86400.0
_FIELDS = ("source", "source_type", "kind", "severity", "dedup_key")


def _reference(text: str) -> str:
    if not _REFERENCE.fullmatch(text):
        message = "expected a reference like ${env:NAME} or ${file:/run/secrets/name}, never the secret itself"
        # The name of a variable is no secret; anything else may be one, and is never repeated.
        named = _SHELL.fullmatch(text)
        raise Hinted(message, f"did you mean ${{env:{named[1] or named[2]}}}?" if named else None)
    return text


def _duration(value: object) -> float:
    if isinstance(value, float):
        return value
    try:
        seconds = parse_duration(value)
    except ValueError as error:
        near = meant_duration(value) if isinstance(value, str) else None
        raise Hinted(f"{error}, found {_found(value)}", f"did you mean {near}?" if near else None) from None
    if not 0 < seconds <= _YEAR:
        raise ValueError(f"expected a duration between 1s and 366d, found {_found(value)}")
    return seconds


def _found(value: object) -> str:
    return f"'{value}'" if isinstance(value, str) else "nothing" if value is None else "a list or a map"


def _field(name: str) -> str:
    if name not in _FIELDS and not (name.startswith("labels.") and name != "labels."):
        message = f"an event has no field '{name}'; expected {', '.join(_FIELDS)} or labels.<name>"
        near = nearest(name, _FIELDS) or "did you mean"
        raise Hinted(message, f"{near.replace('?', ' or')} labels.{name}?")
    return name


_AS_DURATION = {"type": "string", "pattern": r"^([0-9]{1,9}(\.[0-9]{1,3})?[smhdw])+$", "examples": ["15m", "4h", "7d"]}
Duration = Annotated[float, BeforeValidator(_duration), WithJsonSchema(_AS_DURATION)]
"""Written `90s`, `15m`, `1h`, `4h`, `7d`; held as seconds."""
_AS_REFERENCE = {
    "type": "string",
    "pattern": r"^\$\{(env:[A-Za-z_][A-Za-z0-9_]*|file:/[^${}]+)\}$",
    "examples": ["${env:NAME}", "${file:/run/secrets/name}"],
}
Reference = Annotated[str, AfterValidator(_reference), WithJsonSchema(_AS_REFERENCE)]
"""`${env:NAME}` or `${file:/path}`; only fields of this type may hold one."""
_AS_FIELD = {"type": "string", "pattern": rf"^({'|'.join(_FIELDS)}|labels\..+)$", "examples": [*_FIELDS, "labels.host"]}
FieldName = Annotated[str, AfterValidator(_field), WithJsonSchema(_AS_FIELD)]
"""Something of an event that incidents are grouped or counted by: `source`, `kind`, `labels.host`."""


def references(part: object) -> Iterator[str]:
    """Every reference in a part of the configuration: a model, or maps and lists of them."""
    if isinstance(part, BaseModel):
        part = part.model_dump()
    if isinstance(part, dict | list | tuple):
        for inner in part.values() if isinstance(part, dict) else part:
            yield from references(inner)
    elif isinstance(part, str) and _REFERENCE.fullmatch(part):
        yield part


class Strict(BaseModel):
    """A mapping of the YAML: an unknown key is an error, nothing changes after it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True)
