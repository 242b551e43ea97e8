"""What somebody probably meant who wrote a key that is not known here."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rules.reading.document import Path
from rules.reading.problem import nearest, one_of

_OTHER_WORDS = {
    "action": "then",
    "actions": "then",
    "address": "email",
    "condition": "when",
    "conditions": "when",
    "delay": "after",
    "description": "means",
    "do": "then",
    "duration": "within",
    "event": "kind",
    "event_type": "kind",
    "filter": "when",
    "from": "sender",
    "groupby": "group_by",
    "if": "when",
    "interval": "every",
    "level": "severity",
    "mail": "email",
    "match": "when",
    "members": "people",
    "mute": "suppress",
    "notify": "channels",
    "on": "when",
    "or": "any",
    "playbook": "runbook",
    "priority": "severity",
    "rate": "more_than",
    "response_time": "respond_within",
    "rotation": "every",
    "route": "then",
    "set": "then",
    "silence": "suppress",
    "sla": "respond_within",
    "smtp_host": "host",
    "tags": "labels",
    "threshold": "more_than",
    "timeout": "after",
    "title": "summary",
    "to": "escalate_to",
    "tz": "timezone",
    "unless": "not",
    "users": "people",
    "webhook_url": "url",
    "where": "when",
}
"""What other products, or people in a hurry, call our keys. Used only where ours is known."""


def meant(key: str, path: Path, known: Sequence[str], keys_at: Callable[[Path], Sequence[str]]) -> str:
    """The hint for an unknown `key` of the map at `path`, which may have the `known` ones."""
    return (
        _without_colon(key, known)
        or _other_word(key, known)
        or _elsewhere(key, path, known, keys_at)
        or nearest(key, known)
        or f"expected {one_of(known)}" + (f"; a label stands under labels: {{{key}: …}}" if _labelled(known) else "")
    )


def _without_colon(key: str, known: Sequence[str]) -> str | None:
    """The hint for `then {severity: P4}` and `severity:P4`, which YAML reads as keys of their own."""
    word, colon, _ = key.partition(":")
    if colon and word in known:
        return f"a space comes after the ':', so write '{word}: …'"
    word = key.split(" ", 1)[0]
    return f"a key ends with ':', so write '{word}: …'" if " " in key and word in known else None


def _other_word(key: str, known: Sequence[str]) -> str | None:
    ours = _OTHER_WORDS.get(key.lower().replace("-", "_"))
    return f"here it is called {ours}" if ours in known else None


def _elsewhere(key: str, path: Path, known: Sequence[str], keys_at: Callable[[Path], Sequence[str]]) -> str | None:
    under = [each for each in known if key in keys_at((*path, each))]
    if under:
        return f"it belongs under {one_of(reversed(under))}"
    above = path[:-1]
    if path and isinstance(path[-1], str) and key in keys_at(above) and key != path[-1]:
        return f"it stands one level higher, beside {path[-1]}"
    return None


def _labelled(known: Sequence[str]) -> bool:
    return "labels" in known and "kind" in known
