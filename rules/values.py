"""What can stand as a value in the YAML: durations, references to secrets and fields of an event."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator

from rules.duration import parse_duration
from rules.problem import nearest

_REFERENCE = re.compile(r"\$\{(env:[A-Za-z_][A-Za-z0-9_]*|file:/[^${}\x00-\x1f]+)\}", re.ASCII)
_SHELL = re.compile(r"\$\{(?:env\.|env |ENV:)?([A-Za-z_][A-Za-z0-9_]*)\}", re.ASCII)
_YEAR = 366 * 86400.0
_FIELDS = ("source", "source_type", "kind", "severity", "dedup_key")


def _reference(text: str) -> str:
    if not _REFERENCE.fullmatch(text):
        message = "expected a reference like ${env:NAME} or ${file:/run/secrets/name}, never the secret itself"
        # The name of a variable is no secret; anything else may be one, and is never repeated.
        named = _SHELL.fullmatch(text)
        raise ValueError(message + (f"; did you mean ${{env:{named[1]}}}?" if named else ""))
    return text


def _duration(value: object) -> float:
    if isinstance(value, float):
        return value
    try:
        seconds = parse_duration(value)
    except ValueError as error:
        raise ValueError(f"{error}, found {_found(value)}") from None
    if not 0 < seconds <= _YEAR:
        raise ValueError(f"expected a duration between 1s and 366d, found {_found(value)}")
    return seconds


def _found(value: object) -> str:
    return f"'{value}'" if isinstance(value, str) else "nothing" if value is None else "a list or a map"


def _field(name: str) -> str:
    if name not in _FIELDS and not (name.startswith("labels.") and name != "labels."):
        hint = nearest(name, _FIELDS)
        raise ValueError(
            f"an event has no field '{name}'; expected {', '.join(_FIELDS)} or labels.<name>"
            + (f"; {hint}" if hint else "")
        )
    return name


Duration = Annotated[float, BeforeValidator(_duration)]
"""Written `90s`, `15m`, `1h`, `4h`, `7d`; held as seconds."""
Reference = Annotated[str, AfterValidator(_reference)]
"""`${env:NAME}` or `${file:/path}`; only fields of this type may hold one."""
FieldName = Annotated[str, AfterValidator(_field)]
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
