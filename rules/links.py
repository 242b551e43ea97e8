"""Links to where people look next, filled from an event: `https://sentry.example/issues/?query={labels.release}`.

A sender's text never forms an address: it is escaped for a URL, stands only behind the host, and is never a format.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Annotated
from urllib.parse import quote, urlsplit

from pydantic import AfterValidator, WithJsonSchema

from rules.decision import Decision
from rules.event import Event
from rules.reading.problem import Hinted, nearest
from rules.responding.response import Link

MOST = 10
"""Links of one incident."""
_LONGEST_VALUE = 500
_LONGEST = 2000
_PLACE = re.compile(r"\{([^{}]*)\}")
_FIELDS = ("source", "source_type", "kind", "severity", "dedup_key", "summary")
_HOST = re.compile(r"https?://[^/?#\s{}@]+(?=[/?#]|$)", re.ASCII | re.IGNORECASE)


def check_template(text: str) -> str:
    """An address with places in braces. Raises ValueError with what was expected."""
    host = _HOST.match(text)
    if host is None or not urlsplit(host[0]).hostname:
        raise ValueError(f"expected an address that begins with https:// and a host without braces, found '{text}'")
    if any(char <= " " or char in '<>"\\^`' for char in text):
        raise ValueError("an address has no spaces, quotes or backslashes")
    if "{" in _PLACE.sub("", text) or "}" in _PLACE.sub("", text):
        raise ValueError("a brace is open or closed that has no other; a place is written {labels.release}")
    for name in _PLACE.findall(text):
        if name not in _FIELDS and not (name.startswith("labels.") and name != "labels."):
            near = nearest(name, _FIELDS) or f"did you mean {{labels.{name}}}?"
            raise Hinted(f"an event has no field '{name}'", near)
    return text


_AS_TEMPLATE = {
    "type": "string",
    "pattern": r"^[hH][tT][tT][pP][sS]?://[^/?#\s{}@]+",
    "examples": ["https://sentry.example.com/issues/?query={labels.release}"],
}
Template = Annotated[str, AfterValidator(check_template), WithJsonSchema(_AS_TEMPLATE)]
"""An http(s) address with places for what an event says: `{labels.release}`, `{kind}`, `{summary}`."""


def filled(template: str, event: Event, labels: Mapping[str, str]) -> str | None:
    """The address; None where the event lacks what belongs into it, or what it has would lead elsewhere."""
    values = {name: _value(name, event, labels) for name in _PLACE.findall(template)}
    if any(value in ("", ".", "..") for value in values.values()):
        return None
    address = _PLACE.sub(lambda place: quote(values[place[1]], safe="", errors="replace"), template)
    return address if len(address) <= _LONGEST else None


def _value(name: str, event: Event, labels: Mapping[str, str]) -> str:
    prefix, _, label = name.partition(".")
    found = labels.get(label, "") if prefix == "labels" else str(getattr(event, name) or "")
    return found[:_LONGEST_VALUE].strip()


def links(templates: Mapping[str, str], event: Event, labels: Mapping[str, str]) -> Iterator[Link]:
    """Those of these that the event can fill."""
    for text, template in templates.items():
        address = filled(template, event, labels)
        if address is not None:
            yield Link(text=text, url=address)


def together(one: Iterable[Link], other: Iterable[Link]) -> tuple[Link, ...]:
    """Both, each address once, so many as are kept of an incident."""
    each: dict[str, Link] = {}
    for link in (*one, *other):
        each.setdefault(link.url, link)
    return tuple(each.values())[:MOST]


class SourceLinks:
    """The links of every source, added to what is decided of its events. Built once for each version of the YAML."""

    def __init__(self, templates: Mapping[str, Mapping[str, str]] | None = None) -> None:
        self._templates = {name: each for name, each in (templates or {}).items() if each}

    def add(self, decision: Decision, event: Event) -> Decision:
        """The decision with the links of the event's source behind those of its rule."""
        templates = self._templates.get(event.source)
        if not templates:
            return decision
        more = links(templates, event, decision.labels or event.labels)
        return replace(decision, links=together(decision.links, tuple(more)))
