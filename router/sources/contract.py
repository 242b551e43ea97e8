"""What a source is: the delivery it is given, how it is authenticated, and the events it reads out of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict

from rules.event import Event
from rules.frozen import frozen


@frozen
class Delivery:
    """One HTTP request as it arrived. `headers` have lower-case names; a repeated header is joined with `, `."""

    id: str = ""
    source: str = ""
    source_type: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    """What the operator adds to every event of this source."""
    received_at: float
    method: str = "POST"
    token: str | None = None
    """The last part of the path `/hooks/{name}/{token}`."""
    query: str = ""
    """Raw, still encoded."""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    again: bool = False
    """A person hands it in once more: that the sender's own id is known already does not make it old news."""

    @property
    def content_type(self) -> str:
        """The media type alone, lower-case, without parameters; empty when the sender gave none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Unauthentic(Exception):
    """The delivery does not prove where it comes from; the message is for our log, never for the sender."""


class Unreadable(Exception):
    """An authentic delivery that no parser understands: it is kept and raised as an incident of its own."""


class Options(BaseModel):
    """What the YAML may say about a source of one type, beside the keys that all have."""

    # What stands below a key is its description in the schema that editors read.
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


Verify = Callable[[Delivery, Sequence[bytes], float, Options], None]
"""`(delivery, secrets, now, options)`: returns when authentic, raises `Unauthentic` otherwise.

Constant time; any secret may match."""
Sign = Callable[[bytes, bytes, float, Options], dict[str, str]]
"""`(body, secret, now, options)` -> the headers a real sender would add; used by `tocsin send` and the tests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A body in the sender's shape, written by us, shipped in the package for `tocsin send` and used by the tests."""

    name: str
    body: bytes = b""
    method: str = "POST"
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """How to point a product at Tocsin, for the page, the command line and whoever reads the module.

    One line each, with `code` and **names of the product's own** marked; `{url}` stands for the address to paste.
    """

    steps: tuple[str, ...] = ()
    example: str = ""
    """To copy, after the steps: a configuration or a command, as it stands in a file."""
    notes: tuple[str, ...] = ()
    """What is different from what one would expect of this product."""

    def at(self, url: str) -> Setup:
        """The same, with the address in its place."""
        return Setup(
            steps=tuple(one.replace("{url}", url) for one in self.steps),
            example=self.example.replace("{url}", url),
            notes=tuple(one.replace("{url}", url) for one in self.notes),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceType:
    """One sender's module, as the table `router.sources.TYPES` lists it."""

    name: str
    title: str
    """As its maker writes it: `Uptime Kuma`."""
    family: str | None = None
    """A word a rule may use for several types: `uptime`."""
    parse: Callable[[Delivery, Options], list[Event]]
    verify: Verify | None = None
    """How the sender signs; None for a sender that signs nothing and proves itself by a token."""
    sign: Sign | None = None
    methods: frozenset[str] = frozenset({"POST"})
    headers: frozenset[str] = frozenset()
    """Headers, in lower case, that `parse` reads or that help a person: kept with the delivery, as no proof is."""
    accepts: int = 202
    """With which status it hears that a delivery is kept: some take nothing but 200 for a yes, and try for hours."""
    keeps_not: tuple[str, ...] = ()
    """Paths into its JSON bodies whose values are never kept (as `redact:` of the YAML): attachments."""
    options: type[Options] = Options
    kinds: frozenset[str] = frozenset()
    """Every kind it makes, for `tocsin check` to find misspelt ones; empty where the sender's own words make them."""
    setup: Setup
