"""The version of what is stored, and how an older record becomes one of today. docs/records.md has the rules.

One number for every kind of record: a release that changes any shape adds one to it, and a pure function here that
turns the record before into the record after. A record without a version is of version 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

VERSION = 1
"""What this release writes."""

Upcast = Callable[[dict[str, Any]], dict[str, Any]]

UPCASTS: dict[tuple[str, int], Upcast] = {}
"""(kind of record, version) -> what makes the next version of it; kinds without one have kept their shape."""


class NewerRecord(Exception):
    """A later release has written this: it must stay as it is until one that can read it comes along."""

    def __init__(self, version: int) -> None:
        super().__init__(f"a record of version {version}; this release reads up to version {VERSION}")
        self.version = version


def upcast(
    kind: str, record: dict[str, Any], upcasts: Mapping[tuple[str, int], Upcast] = UPCASTS, to: int = VERSION
) -> dict[str, Any]:
    """The record as this release writes it. Raises NewerRecord."""
    stored = int(record.get("v", 1))
    if stored > to:
        raise NewerRecord(stored)
    for version in range(stored, to):
        record = upcasts.get((kind, version), _same)(record)
    return {**record, "v": to}


def _same(record: dict[str, Any]) -> dict[str, Any]:
    return record
