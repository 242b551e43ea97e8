"""What the YAML may say about a generic source, checked when the rules are read and not when the first alarm comes."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from router.sources.contract import Options
from rules.event import Action

FIELDS = ("action", "dedup_key", "kind", "occurred_at", "sender_id", "severity", "summary", "url")
_LABEL = re.compile(r"labels\.[A-Za-z0-9_.\-]{1,64}")
_PATH = re.compile(r"[^.\s]+(?:\.[^.\s]+)*")


def _known(field: str) -> str:
    if field not in FIELDS and not _LABEL.fullmatch(field):
        raise ValueError(f"expected one of {', '.join(FIELDS)} or labels.<name>")
    return field


def _dotted(path: str) -> str:
    if len(path) > 256 or not _PATH.fullmatch(path):
        raise ValueError("expected a dotted path into the body, like data.alert.id or items.0.name")
    return path


def _words(value: object) -> object:
    """YAML writes `resolve: ok` and `resolve: [ok, 0, true]`; the body may hold any of them as text or not."""
    listed = value if isinstance(value, list) else [value]
    return [str(word).lower() if isinstance(word, bool | int | float) else word for word in listed]


Path = Annotated[str, AfterValidator(_dotted)]
_WORD = {"type": ["string", "number", "boolean"]}
_AS_WORDS = {"anyOf": [_WORD, {"type": "array", "items": _WORD}]}
Words = Annotated[list[Annotated[str, Field(min_length=1)]], BeforeValidator(_words), WithJsonSchema(_AS_WORDS)]


class Signature(BaseModel):
    """How the sender signs, used when the source has a `secret`. By default `X-Tocsin-Signature: sha256=<hex>`."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    scheme: Literal["hmac", "standard-webhooks"] = "hmac"
    """`hmac`: HMAC-SHA256 of the raw body, as the other keys describe. `standard-webhooks`: they are not looked at."""
    header: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")] = "X-Tocsin-Signature"
    """Where the signature stands."""
    prefix: str = "sha256="
    """What stands before it in that header."""
    encoding: Literal["hex", "base64"] = "hex"
    """How the signature is written."""
    timestamp_header: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")] | None = None
    """A header with Unix seconds; the signed message is then time, separator, body, and the time may be 300 s off."""
    separator: str = "."
    """What stands between time and body in what is signed."""


class GenericOptions(Options):
    """A mapping of the sender's JSON; whatever it leaves out is guessed from the usual names."""

    fields: dict[Annotated[str, AfterValidator(_known)], Path] = Field(default={})
    """From a field of the event to a dotted path: `summary: data.title`, `labels.host: data.host.name`."""
    actions: dict[Action, Words] = Field(default={})
    """Which values at `fields.action` (or the guessed status) mean what; a value in no list is `info`."""
    each: Path | None = None
    """Path of an array that gives one event per item; `fields` then start from the item."""
    kind: Annotated[str, Field(pattern=r"^[a-z0-9_.\-]{1,64}$")] = "event"
    """The kind of the events, after `generic.`; `fields.kind` is more specific."""
    signature: Signature = Signature()
    """How it signs, where the source has a `secret`."""
