"""The slash command, word by word: `ack ID`, `update ID text --next 30m`. Pure; the API's shapes read the fields."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Ask:
    """A command of the API, of one incident, with its fields."""

    what: str
    incident: str
    """Its id, or the beginning of it."""
    given: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verb:
    """One thing that can be typed. `takes` is the field of the rest of the line."""

    what: str
    usage: str
    says: str
    takes: str = ""
    needed: bool = False
    options: tuple[str, ...] = ()
    """What `--name value` may give; the value of the last one in a line may be several words."""
    otherwise: str = ""
    """What the rest means where it is left out."""


VERBS = {
    "ack": Verb("acknowledge", "ack ID", "I have it"),
    "resolve": Verb("resolve", "resolve ID [text]", "it is over", "note", options=("override",)),
    "update": Verb(
        "update",
        "update ID text [--next 30m]",
        "everybody who was told hears how it goes",
        "text",
        needed=True,
        options=("next", "status"),
    ),
    "tick": Verb("tick", "tick ID N", "item N of its checklist is so", "item", needed=True),
    "note": Verb("note", "note ID text", "a line in its timeline", "text", needed=True),
    "snooze": Verb("snooze", "snooze ID [1h]", "I have it for so long", "for", otherwise="1h"),
    "undo": Verb("undo", "undo ID", "what I answered within the last half minute was a slip"),
    "show": Verb("show", "show ID", "how it stands, and its checklist"),
}
OTHERS = {"list": "what is open, the worst first", "help": "this"}
_ALSO = {"acknowledge": "ack", "": "help"}
_ID = re.compile(r"(?=.*[0-9])[0-9A-Z]{4,5}|[0-9A-Z]{6,10}", re.ASCII | re.IGNORECASE)
# Keyboards of telephones make one dash of two.
_OPTION = re.compile(r"(?:^|\s)(?:--|—|–)([a-z]+)\s+", re.ASCII)
_QUOTES = "\"'“”„"
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}


class Unclear(Exception):
    """What was typed cannot be done; the sentence says what can be typed instead."""


def verb_of(words: str) -> tuple[str, str]:
    """`("ack", "1B2C3D")`: the verb, in the one spelling we know it by, and the rest of the line."""
    verb, _, rest = words.strip().partition(" ")
    verb = verb.lower()
    return _ALSO.get(verb, verb), _unescaped(rest.strip())


def _unescaped(text: str) -> str:
    """Slack sends three characters as entities (docs.slack.dev/messaging/formatting-message-text)."""
    for entity, character in _ENTITIES.items():
        text = text.replace(entity, character)
    return text


def looks_like_an_id(word: str) -> bool:
    """Could this be the beginning of an id, rather than of a sentence? Where it is, an incident has it.

    >>> [word for word in ("4QXZ81", "4QXZ", "ABKPQR", "30m", "it", "back") if looks_like_an_id(word)]
    ['4QXZ81', '4QXZ', 'ABKPQR']
    """
    return _ID.fullmatch(word) is not None


def given(verb: Verb, rest: str) -> dict[str, str]:
    """The fields of what is typed behind the id. Raises Unclear."""
    found: dict[str, str] = {}
    for option in [*_OPTION.finditer(rest)][::-1]:
        name = option[1]
        if name not in verb.options:
            raise Unclear(f"{verb.usage}: there is no --{name}")
        found[name] = rest[option.end() :].strip().strip(_QUOTES)
        rest = rest[: option.start()]
    rest = rest.strip() or verb.otherwise
    if rest and not verb.takes:
        raise Unclear(f"{verb.usage}: nothing more is said there")
    if verb.needed and not rest:
        raise Unclear(f"{verb.usage}: it lacks what follows the id")
    return {**found, verb.takes: rest} if rest else found


def help_of(command: str) -> tuple[str, ...]:
    """All that can be typed."""
    lines = [f"`{command} {one.usage}`: {one.says}" for one in VERBS.values()]
    lines[:0] = [f"`{command} list`: {OTHERS['list']}"]
    return (*lines, "An ID may be shortened, and left out in an incident's own channel.")
