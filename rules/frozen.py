"""Records that do not change: what is made thousands of times a second, and never written to afterwards.

A frozen dataclass pays 90 ns for each field of each record to refuse at run time what mypy refuses in the source: an
event takes 1.8 µs instead of 0.4. `frozen` leaves the refusing to mypy, which is strict and runs with every check.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def frozen(cls: type[T]) -> type[T]:
    """A dataclass of keywords with slots, compared and hashed by its fields."""
    return dataclass(slots=True, kw_only=True, unsafe_hash=True)(cls)
