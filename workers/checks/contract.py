"""What a check is: options of the YAML, and one look at something, within a time, that says how it found it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from rules.responding.triage import Found
from workers.channels.contract import HttpRequest, Reply
from workers.triage.deployments import Deployment


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one look has come to."""

    found: Found
    text: str
    """What follows the check's name in a sentence: `answers 502 in 0.3 s`, `healthy`."""
    detail: str = ""
    """What was written there, for whoever looks closer: several lines."""


class CannotRun(Exception):
    """It could not be looked at, which says nothing of what it is about; the message says what to do."""


class Outside(Protocol):
    """What a check may use of the outside (`workers.outward.Outward`). Everything raises `Undelivered`.

    For good: the address must not be called, or is none. In passing: there is nothing there, or it takes too long.
    """

    def probe(self, request: HttpRequest, within: float, kept: int) -> Reply:
        """What is answered within so many seconds, whatever the status; of its body the first `kept` bytes."""
        ...

    def line(self, host: str, port: int, within: float, *, tls: bool = False) -> AbstractContextManager[socket.socket]:
        """A connection, which is cut when the time is over."""
        ...

    def addresses(self, host: str, port: int, within: float) -> list[str]:
        """Where a name leads, all of it allowed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a look may use. `within`: seconds it has; `now`: Unix seconds."""

    outside: Outside
    within: float
    now: float
    timer: Callable[[], float]
    """Seconds of a clock that only goes forward."""
    environment: Mapping[str, str] | None
    """Of commands; None: commands are not allowed here."""
    deployed: Callable[[str | None], Deployment | None]
    """The last deployment, of all or of one service."""


class CheckOptions(BaseModel):
    """What the YAML may say about a check of one type, beside the keys that all have; secrets are revealed."""

    # What stands below a key is its description in the schema that editors read.
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckType:
    """One type's module, as the table `workers.checks.TYPES` lists it."""

    name: str
    title: str
    options: type[CheckOptions]
    look: Callable[[CheckOptions, Means], Said]
    """Look once. Raises `CannotRun`, and `Undelivered` as the outside does: both are findings too."""
    within: float = 3.0
    """Seconds it may take where the YAML says nothing."""
    named: bool = True
    """Does the check's name stand before its text?"""
    lacks: Callable[[bool], str] = lambda _: ""
    """Why none of them can be run on this machine, given whether commands are allowed; "" where they can."""
    setup: str
    """Markdown: what it needs, with an example."""


def in_time(took: float) -> str:
    """`in 0.3 s`, `in 12 ms`."""
    return f"in {took:.1f} s" if took >= 0.1 else f"in {took * 1000:.0f} ms"
