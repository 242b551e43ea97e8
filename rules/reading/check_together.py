"""What must hold of `groups` and `inhibit`: names that tell which it was, and rules that are there."""

from __future__ import annotations

from rules.decide import NO_RULE
from rules.reading.document import Document
from rules.reading.problem import nearest

_RULES = (("inhibit", "*", "while", "rule"), ("inhibit", "*", "quiet", "rule"))


def check(document: Document) -> None:
    """Complain about two of one name, about rules that are not there, and about what would keep itself quiet."""
    for section, one in (("groups", "groups"), ("inhibit", "of inhibit")):
        _names(document, section, one)
    _leads(document)
    _itself(document)


def _names(document: Document, section: str, of: str) -> None:
    seen: set[object] = set()
    for path, name in document.find(section, "*", "name"):
        if name in seen:
            document.complain(path, f"two {of} are called '{name}'", "the name tells people which it was")
        seen.add(str(name))


def _leads(document: Document) -> None:
    known = [name for _, name in document.find("rules", "*", "name") if isinstance(name, str)]
    for pattern in _RULES:
        for path, written in document.find(*pattern):
            for n, name in enumerate(written if isinstance(written, list) else [written]):
                if isinstance(name, str) and name not in (*known, NO_RULE):
                    place = (*path, n) if isinstance(written, list) else path
                    hint = nearest(name, known) or f"rules: {', '.join(known[:8])}"
                    document.complain(place, f"there is no rule '{name}'", hint)


def _itself(document: Document) -> None:
    """What is the same on both sides makes each the parent of the next: whichever came first would hide the rest."""
    for path, one in document.find("inhibit", "*"):
        if isinstance(one, dict) and one.get("while") is not None and one.get("while") == one.get("quiet"):
            message = "while and quiet say the same: whichever opens first would hide all others like it"
            document.complain(
                (*path, "quiet"), message, "say what follows from it; to gather equals, use groups", key=True
            )
