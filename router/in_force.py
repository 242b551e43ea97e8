"""The rules in force and the sources they configure, ready to listen: secrets revealed, options read."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pydantic import BaseModel

from router.sources import signatures
from router.sources.contract import Delivery, Options, Setup, SourceType, Unauthentic, Unreadable
from rules.event import Event
from rules.explained.trace import Explains
from rules.reading.config import ChannelConfig, SourceConfig

Reveal = Callable[[str], str]
"""Turns a reference of the YAML into its secret (`workers.settings.Environment.reveal`)."""


class Ruleset(Explains, Protocol):
    """What the ear needs of the loaded rules (`rules.reading.load.Ruleset`): to judge, to say why, and what to do."""

    @property
    def runbooks(self) -> Mapping[str, str]:
        """Name -> Markdown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One configured sender. Its secrets are in no repr, so in no log and no traceback."""

    name: str
    type: SourceType
    options: Options = field(default_factory=Options)
    labels: Mapping[str, str] = field(default_factory=dict)
    unsigned: bool = False
    gzip: bool = False
    """May its bodies come compressed?"""
    redact: Sequence[str] = ()
    """Paths into its JSON bodies whose values are not kept."""
    secrets: Sequence[bytes] = field(default=(), repr=False)
    tokens: Sequence[bytes] = field(default=(), repr=False)

    def delivery(self, delivery_id: str, received_at: float, **more: Any) -> Delivery:
        """A delivery of this source. `more`: what of it came over the wire."""
        return Delivery(
            id=delivery_id,
            source=self.name,
            source_type=self.type.name,
            labels=self.labels,
            received_at=received_at,
            **more,
        )

    def verify(self, delivery: Delivery, now: float) -> None:
        """Return when the delivery proves itself in every way that is configured. Raises Unauthentic otherwise."""
        if self.unsigned:
            return
        signs = self.type.verify if self.secrets or not self.tokens else None
        if signs is not None:
            signs(delivery, self.secrets, now, self.options)
        if self.tokens or signs is None:
            signatures.verify_token(delivery, self.tokens)


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """Swapped as a whole when the rules change, so that a delivery is read and judged by one version."""

    ruleset: Ruleset
    sources: Mapping[str, Source]
    slack: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """Channel -> the signing secret of its Slack app, for those in which people answer."""

    def reporting(self, types: Mapping[str, SourceType]) -> Source:
        """Where a person's report comes in: the source of type `manual` if there is one, else one named `report`."""
        configured = (source for source in self.sources.values() if source.type.name == "manual")
        return next(configured, None) or Source(name="report", type=types["manual"])


def in_force(ruleset: Ruleset, types: Mapping[str, SourceType], reveal: Reveal) -> InForce:
    """What these rules let in, secrets revealed. Raises `workers.settings.Missing` for a reference to nothing."""
    configured = ruleset.config.sources
    sources = {name: _source(name, one, types[one.type], reveal) for name, one in configured.items()}
    return InForce(ruleset=ruleset, sources=sources, slack=dict(_signing(ruleset.config.channels, reveal)))


def _signing(channels: Mapping[str, ChannelConfig], reveal: Reveal) -> Iterator[tuple[str, bytes]]:
    for name, one in channels.items():
        reference = (one.options or {}).get("signing_secret") if one.type == "slack" else None
        if isinstance(reference, str):
            yield name, reveal(reference).encode()


def _source(name: str, configured: SourceConfig, kind: SourceType, reveal: Reveal) -> Source:
    return Source(
        name=name,
        type=kind,
        options=_revealed(kind.options.model_validate(configured.options), reveal),
        labels=configured.labels,
        unsigned=configured.unsigned,
        gzip=configured.gzip,
        redact=(*kind.keeps_not, *configured.redact),
        secrets=[reveal(one).encode() for one in configured.secret],
        tokens=[reveal(one).encode() for one in configured.token],
    )


def _revealed(options: Options, reveal: Reveal) -> Options:
    found = {name: reveal(value) for name, value in options if isinstance(value, str) and value.startswith("${")}
    return options.model_copy(update=found) if found else options


def _nothing(_delivery: Delivery, _options: BaseModel) -> list[Event]:
    raise Unreadable("nobody listens here")


def _as_if_signed(delivery: Delivery, known: Sequence[bytes], _now: float, _options: Options) -> None:
    signatures.verify_hmac(delivery.body, ["00" * 32], known)
    raise Unauthentic("nobody listens here")


NOBODY = Source(
    name="unknown",
    type=SourceType(
        name="unknown",
        title="",
        parse=_nothing,
        verify=_as_if_signed,
        methods=frozenset({"GET", "POST", "PUT"}),
        setup=Setup(),
    ),
    secrets=[secrets.token_bytes(32)],
)
"""Verifies in place of a source that does not exist: an unknown name must take as long as a wrong signature."""
