"""What must hold of checks between the parts of the YAML: no more of them than can be run, none that undoes another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rules.reading.document import Document, Path
from rules.responding.triage import AT_MOST


def check(document: Document) -> None:
    """Complain about checks named twice, about more than are run, and about an outcome that changes nothing."""
    asked = dict(_asked(document))
    for path, names in asked.items():
        for number, name in enumerate(names):
            if name in names[:number]:
                document.complain((*path, number), f"the check '{name}' stands twice", "each is run once")
    of_severities: dict[object, list[Any]] = {
        path[1]: names for path, names in asked.items() if path[0] == "severities"
    }
    for path, names in asked.items():
        severity = document.at((*path[:-1], "severity")) if path[0] == "rules" else None
        together = dict.fromkeys([*of_severities.get(str(severity), ()), *names])
        if len(together) > AT_MOST:
            beside = f"with those of {severity} " if severity in of_severities else ""
            message = f"{beside}these are {len(together)} checks, and {AT_MOST} are run at most"
            document.complain(path, message, "leave out what says least", key=True)
    _same_either_way(document)


def _asked(document: Document) -> Iterator[tuple[Path, list[Any]]]:
    for pattern in (("severities", "*", "triage"), ("rules", "*", "then", "triage")):
        for path, names in document.find(*pattern):
            if isinstance(names, list):
                yield path, names


def _same_either_way(document: Document) -> None:
    """What makes the same of it whether it is well or not is a mistake of copying."""
    for path, one in document.find("checks", "*"):
        if not isinstance(one, dict):
            continue
        well, failed = one.get("when_ok"), one.get("when_failed")
        if isinstance(well, dict) and well == failed:
            message = "when_ok and when_failed say the same"
            document.complain((*path, "when_failed"), message, "say what differs, or leave one out", key=True)
