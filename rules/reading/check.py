"""What must hold between the parts of the YAML: every name leads somewhere, no name means two things."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from rules.match import FAMILIES
from rules.reading.config import ChannelConfig, Config, SourceConfig
from rules.reading.document import Document, Path
from rules.reading.problem import nearest
from rules.reading.shape import TOLD_AT_MOST, Model, fill, is_under, secret_paths
from rules.responding.triage import CheckConfig
from rules.responding.watching import SOURCE

Options = Mapping[str, type[Model]] | None

_REFERS = (
    (("severities", "*", "first_responder"), "roles"),
    (("severities", "*", "channels", "*"), "channels"),
    (("severities", "*", "fallback", "*"), "channels"),
    (("escalation", "*", "responder"), "roles"),
    (("escalation", "*", "escalate_to"), "roles"),
    (("roles", "*", "schedule"), "schedules"),
    (("roles", "*", "person"), "people"),
    (("teams", "*", "people", "*"), "people"),
    (("schedules", "*", "people", "*"), "people"),
    (("schedules", "*", "overrides", "*", "person"), "people"),
    (("severities", "*", "hours"), "hours"),
    (("severities", "*", "verify"), "checklists"),
    (("severities", "*", "announce", "*"), "channels"),
    (("severities", "*", "stakeholders", "*"), "people"),
    (("checklists", "*", "*", "check"), "checks"),
    (("people", "*", "hours"), "hours"),
    (("postmortems", "hours"), "hours"),
    (("rules", "*", "then", "team"), "teams"),
    (("rules", "*", "then", "channels", "*"), "channels"),
    (("severities", "*", "triage", "*"), "checks"),
    (("rules", "*", "then", "triage", "*"), "checks"),
)
"""Where a name is written, and the map it must be a key of."""

_ASKS = (
    ("rules", "*", "when"),
    ("silences", "*", "when"),
    ("groups", "*", "when"),
    ("inhibit", "*", "while"),
    ("inhibit", "*", "quiet"),
)
"""Where conditions stand."""

_HOMES = {
    "roles": "people.yaml",
    "people": "people.yaml",
    "teams": "people.yaml",
    "schedules": "people.yaml",
    "hours": "people.yaml",
    "channels": "channels.yaml",
    "checklists": "verification.yaml",
    "checks": "checks.yaml",
}
"""Where the shipped example has each section that names lead to."""

_ONE = {
    "roles": "role",
    "channels": "channel",
    "schedules": "schedule",
    "hours": "set of working hours",
    "people": "person",
    "teams": "team",
    "runbooks": "runbook",
    "sources": "source",
    "checklists": "checklist",
    "checks": "check",
    "status_pages": "status page",
}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _-]{0,63}", re.ASCII)
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII)
_AS_IDS = {"sources", "channels", "checks", "status_pages"}


def names(document: Document, runbooks: Collection[str] | None) -> None:
    """Complain about every name that is no name, stands for two things or leads nowhere."""
    for section in _ONE:
        for path, _ in document.find(section, "*"):
            _check_name(document, section, path)
    for section, home in _HOMES.items():
        _check_section(document, section, home)
    for pattern, section in _REFERS:
        known = _keys(document, section)
        for path, name in document.find(*pattern) if known else ():
            _check_leads(document, path, name, section, known)
    if runbooks is not None:
        for path, name in document.find("rules", "*", "then", "runbook"):
            _check_leads(document, path, name, "runbooks", runbooks)


def rules(document: Document) -> None:
    """Complain about rules with one name, and about rules that end the search without a word on severity."""
    seen: set[object] = set()
    for path, rule in document.find("rules", "*"):
        if not isinstance(rule, dict):
            continue
        name, then = rule.get("name"), rule.get("then")
        if isinstance(name, str) and name in seen:
            document.complain(
                (*path, "name"), f"two rules are called '{name}'", "the name tells people which rule it was"
            )
        seen.add(str(name))
        if rule.get("continue") in ("true", "True", "yes", "on"):
            if "more_than" in rule:
                message = "more_than ends the search, so the rule cannot continue"
                document.complain((*path, "more_than"), message, "remove one of the two", key=True)
        elif not _decides(then) and not _decides(rule):
            message = f"'{name}' ends the search but says no severity"
            document.complain((*path, "then"), message, "add severity: P3, or continue: true", key=True)


def _decides(said: object) -> bool:
    """Is there a severity, or why nobody is told? One that stands beside `then` is complained about already."""
    return isinstance(said, dict) and ("severity" in said or "suppress" in said)


def silences(document: Document) -> None:
    """Complain about two silences with one name, which could not be lifted one by one, and about a P1 that sleeps."""
    seen: set[object] = set()
    for path, name in document.find("silences", "*", "name"):
        if name in seen:
            document.complain(path, f"two silences are called '{name}'", "the name says which one is lifted")
        seen.add(name)
    for path, _ in document.find("severities", "P1", "hours"):
        document.complain(path, "a P1 does not wait for working hours", "remove hours", key=True)


def sources(document: Document, types: Options[Any]) -> None:
    """Complain about sources of unknown types, without proof, or named like a type, and about rules on unknown ones."""
    written = _keys(document, "sources")
    used = {kind for _, kind in document.find("sources", "*", "type") if isinstance(kind, str)}
    reserved = {
        SOURCE,
        *(used if types is None else types),
        *FAMILIES,
        *(kind for kinds in FAMILIES.values() for kind in kinds),
    }
    for path, source in document.find("sources", "*"):
        if path[-1] in reserved:
            message = f"a source cannot be called '{path[-1]}': rules use that word for every source of the kind"
            document.complain(path, message, f"call it shop-{path[-1]}", key=True)
        if isinstance(source, dict) and "type" in source and not _proves_itself(source):
            message = f"'{path[-1]}' has nothing to prove itself by"
            document.complain(path, message, "add secret or token, or unsigned: true for anyone", key=True)
    known = dict.fromkeys([*(name for name in written if name not in reserved), *sorted(reserved)])
    asked = [*words(document, "source"), *document.find("checklists", "*", "*", "green")]
    for path, word in asked if types is not None or used else ():
        _check_leads(document, path, word, "sources", known)


def options(document: Document, section: str, types: Options[Any]) -> None:
    """Hold the extra keys of each source or channel against the options of its type."""
    own = frozenset(_SHARED[section].model_fields)
    for path, one in document.find(section, "*") if types is not None else ():
        kind = one.get("type") if isinstance(one, dict) else None
        if not isinstance(kind, str) or types is None:
            continue
        if kind in types:
            fill(types[kind], document, path, own)
        else:
            hint = nearest(kind, types) or f"known: {', '.join(types)}"
            document.complain((*path, "type"), f"there is no {_ONE[section]} type '{kind}'", hint)


_SHARED: dict[str, type[BaseModel]] = {"sources": SourceConfig, "channels": ChannelConfig, "checks": CheckConfig}
"""The keys that all of a section have, whatever their type."""


def references(document: Document, of_types: Mapping[str, Options[Any]]) -> None:
    """Complain about `${…}` in text that is not a secret: it would be shown as it stands, or lead a secret astray."""
    secret = set(secret_paths(Config))
    for path in document.values:
        text = document.at(path)
        if not (isinstance(text, str) and "${" in text) or any(is_under(path, pattern) for pattern in secret):
            continue
        if path[0] not in of_types or not _may_be_secret(document, path, of_types[str(path[0])]):
            message = f"a reference (${{…}}) stands only where a secret belongs, and {path[-1]} is plain text"
            document.complain(path, message)


def _may_be_secret(document: Document, path: Path, types: Options[Any]) -> bool:
    common = _SHARED[str(path[0])].model_fields
    if len(path) < 3 or path[2] in common:
        return False
    model = (types or {}).get(str(document.at((*path[:2], "type"))))
    if model is None or path[2] not in model.model_fields:
        return True  # It cannot be known, or is complained about already.
    return any(is_under(path[2:], pattern) for pattern in secret_paths(model))


def _check_name(document: Document, section: str, path: Path) -> None:
    allowed, rest = (_ID, "") if section in _AS_IDS else (_NAME, ", spaces")
    if not allowed.fullmatch(str(path[-1])):
        message = f"'{path[-1]}' is no name for a {_ONE[section]}"
        document.complain(path, message, f"letters, digits{rest}, - and _, at most 64", key=True)


def _check_section(document: Document, section: str, home: str) -> None:
    """A section that is written nowhere is one mistake, however many names lead to it."""
    if _keys(document, section):
        return
    leading = [(path, name) for pattern, to in _REFERS if to == section for path, name in document.find(*pattern)]
    named = list(dict.fromkeys(name for _, name in leading if isinstance(name, str)))
    if named:
        path = next(path for path, name in leading if name == named[0])
        more = f" and {len(named) - 1} more" if len(named) > 1 else ""
        hint = f"write them under '{section}:'" + ("" if home in document.files else f", in {home} for example")
        document.complain(path, f"there are no {section}, and '{named[0]}'{more} must be one of them", hint)


def _check_leads(document: Document, path: Path, name: object, section: str, known: Collection[str]) -> None:
    if isinstance(name, str) and name not in known and "${" not in name:
        listed = f"{section}: {', '.join(list(known)[:8])}" if known else f"there are no {section}"
        # Each costs a search, and nobody reads a thousand of them.
        hint = (nearest(name, known) or listed) if len(document.problems) < TOLD_AT_MOST else listed
        document.complain(path, f"there is no {_ONE[section]} '{name}'", hint)


def _keys(document: Document, section: str) -> Collection[str]:
    found = document.data.get(section)
    return found if isinstance(found, dict) else ()


def _proves_itself(source: dict[str, Any]) -> bool:
    return source["type"] == "manual" or any(source.get(key) for key in ("secret", "token", "unsigned"))


def words(document: Document, field: str) -> Iterator[tuple[Path, object]]:
    """Every word that `field` of an event is asked for, under `not` and `any` too."""
    for pattern in _ASKS:
        for path, when in document.find(*pattern):
            yield from _words_of(when, path, field)


def _words_of(when: object, path: Path, field: str) -> Iterator[tuple[Path, object]]:
    if not isinstance(when, dict):
        return
    written = when.get(field)
    yield from (
        [((*path, field, n), word) for n, word in enumerate(written)]
        if isinstance(written, list)
        else [((*path, field), written)]
    )
    yield from _words_of(when.get("not"), (*path, "not"), field)
    inner = when.get("any")
    for number, each in enumerate(inner if isinstance(inner, list) else []):
        yield from _words_of(each, (*path, "any", number), field)
