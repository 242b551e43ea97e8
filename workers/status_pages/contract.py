"""What a type of status page is: pure requests, and readings of what it answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from rules.announcing.planned import Saying
from rules.announcing.public import Publication
from rules.announcing.status_pages import StatusPageConfig
from workers.channels.contract import HttpRequest, Reply, Undelivered, refusal
from workers.plain import plain

ANSWER = 256 * 1024
"""Bytes of an answer that are read: incidents come with all their updates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What a page is to say, and of which incident."""

    incident: str
    opened_at: float
    publication: Publication
    id: str | None
    """The incident's over there; None: it is not there yet."""
    now: float
    begins: bool = True
    """It is the first that this page hears of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What a page is to say of a maintenance. Times are Unix seconds."""

    mark: str
    """Which maintenance of ours it is, and of no other that had its name."""
    title: str
    says: Saying
    start: float
    components: tuple[str, ...]
    id: str | None
    """The maintenance's over there; None: it is not there yet."""
    now: float

    @property
    def key(self) -> str:
        """The same on every try to say the same."""
        return f"{self.mark}-{self.says.phase}-{int(self.says.until)}-{self.says.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """It is said. Where the page has an id and an address of its own for it, they are known."""

    id: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusPageType:
    """One type's module, as the table `workers.status_pages.TYPES` lists it. `page` is revealed."""

    name: str
    title: str
    tell: Callable[[Telling, StatusPageConfig], HttpRequest]
    """The request that opens, updates or closes the incident there."""
    told: Callable[[Reply], Told]
    """What its answer means. Raises `Undelivered`."""
    look: Callable[[Telling, StatusPageConfig], HttpRequest] | None = None
    """The request that shows whether an earlier try has got through although nobody heard so; None: it knows itself."""
    found: Callable[[Telling, Reply], Told | None] = lambda _, __: None
    """What that answer means; None: it has not. Raises `Undelivered`."""
    plan: Callable[[Planned, StatusPageConfig], HttpRequest]
    """The request that announces a maintenance there, or says what comes next of it."""
    look_planned: Callable[[Planned, StatusPageConfig], HttpRequest] | None = None
    found_planned: Callable[[Planned, Reply], tuple[Told, bool] | None] = lambda _, __: None
    """Where it is over there, and whether it says this already; None: it is not there. Raises `Undelivered`."""


def content(reply: Reply, receiver: str) -> Any:
    """The JSON of a good answer. Raises `Undelivered` for every other."""
    if not 200 <= reply.status < 300:
        words = plain(reply.body.decode("utf-8", "replace"), 120)
        # 420 is Statuspage's older word for 429 (developer.statuspage.io, Rate Limiting).
        if reply.status == 420:
            raise Undelivered(f"{receiver} answered 420: too many requests", permanent=False)
        raise refusal(reply, receiver, words)
    try:
        return orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        raise Undelivered(f"{receiver}'s answer cannot be read", permanent=False) from None


def iso(at: float) -> str:
    """`2026-03-02T09:00:00.000Z`."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def ids(publication: Publication, page: StatusPageConfig) -> dict[str, Any]:
    """Component's id -> how it does, as far as this page has such a component."""
    known = publication.components.items()
    return {page.components[name]: health for name, health in known if name in page.components}


def known(planned: Planned, page: StatusPageConfig) -> list[str]:
    """The components that are worked on, by their ids, as far as this page has them."""
    return [page.components[name] for name in planned.components if name in page.components]
