"""Each configured source as a person sees it: where to point it, how to set it up, and what has come of it so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from router.api.deliveries import line
from router.context import Context
from router.problems import Problem
from router.sources import TYPES
from router.sources.contract import Setup, SourceType
from rules.reading.config import SourceConfig
from rules.reading.problem import nearest
from workers.deliveries.became import Fate
from workers.deliveries.days import Day, Days
from workers.deliveries.inbox import Kept
from workers.deliveries.leafing import Leafing


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """One configured source. Times are Unix seconds."""

    name: str
    type: SourceType
    address: str
    """What to paste. A token in it is the reference the rules name it by: secrets are never shown."""
    proof: str
    """How it proves where it comes from, and where its secret stands."""
    setup: Setup
    heard_at: float | None = None
    """When it was last heard, whether or not the inbox has that delivery still."""
    last: tuple[Kept, Fate] | None = None
    days: Sequence[Day] = ()
    total: Mapping[str, int] = field(default_factory=dict)
    """Outcome -> how many there have ever been."""


class Senders:
    """The endpoints; `router.api.routes` lists them and answers for Redis."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def find(self, _request: Request) -> dict[str, Any]:
        """All of them, by name."""
        found = await run_in_threadpool(senders, self._context)
        return {"sources": [_shown(one) for one in found]}

    async def show(self, request: Request) -> dict[str, Any]:
        """One of them, with how to set it up."""
        found = await run_in_threadpool(sender, self._context, request.path_params["name"])
        return {**_shown(found), "setup": asdict(found.setup)}


def senders(context: Context) -> list[Sender]:
    """Every configured source by its name, from five looks at Redis, however many there are."""
    return _known(context, sorted(context.in_force.sources))


def sender(context: Context, name: str) -> Sender:
    """One configured source. Raises Problem 404 with the nearest name."""
    if name not in context.in_force.sources:
        hint = nearest(name, context.in_force.sources) or "GET /api/sources lists them."
        raise Problem(404, f"The rules in force have no source {name!r}. {hint}")
    return _known(context, [name])[0]


def _known(context: Context, names: Sequence[str]) -> list[Sender]:
    leafing, days = Leafing(context.redis), Days(context.redis, context.clock.now())
    heard = {name: at for name, at in leafing.last_heard().items() if name in names}
    last = leafing.at(heard)
    configured = context.in_force.ruleset.config.sources
    found = []
    for name in names:
        kind, written = TYPES[configured[name].type], configured[name]
        where = address(context.settings.base_url, name, kind, written)
        found.append(
            Sender(
                name=name,
                type=kind,
                address=where,
                proof=proof(kind, written),
                setup=kind.setup.at(where),
                heard_at=heard.get(name),
                last=last.get(name),
                days=days.of(name),
                total={outcome: number for (source, outcome), number in days.total.items() if source == name},
            )
        )
    return found


def address(base: str, name: str, kind: SourceType, written: SourceConfig) -> str:
    """What to paste at the sender's; where a token belongs into it stands the reference to that token."""
    if kind.name == "manual" and not (written.token or written.secret or written.unsigned):
        return f"{base}/api/incidents"
    return "/".join([f"{base}/hooks/{name}", *written.token[:1]])


def proof(kind: SourceType, written: SourceConfig) -> str:
    """How the source proves itself, in sentences."""
    if written.unsigned:
        return "Nothing is checked: anybody who knows the address may speak for it (`unsigned: true`)."
    said = []
    if written.secret:
        said.append(f"{kind.title} signs what it sends with a secret, which is {_where(written.secret[0])}.")
    if written.token:
        said.append(
            f"In the address stands `{written.token[0]}` in place of the token, which is never shown: it is"
            f" {_where(written.token[0])}."
        )
    return " ".join(said) or "It is believed by one of TOCSIN_API_TOKEN."


def _where(reference: str) -> str:
    """Where the secret stands that a reference of the rules stands for."""
    way, _, name = reference.removeprefix("${").removesuffix("}").partition(":")
    if way == "file":
        return f"the content of the file {name}"
    return f"the environment variable {name} of Tocsin's processes (`tocsin up` keeps those it made in its data folder)"


def _shown(one: Sender) -> dict[str, Any]:
    return {
        "name": one.name,
        "type": one.type.name,
        "title": one.type.title,
        "url": one.address,
        "proof": one.proof,
        "heard_at": one.heard_at,
        "last": None if one.last is None else line(*one.last),
        "days": [asdict(day) for day in one.days],
        "total": dict(one.total),
    }
