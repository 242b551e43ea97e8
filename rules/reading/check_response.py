"""What must hold of the response's part of the YAML: a checklist says each thing once."""

from __future__ import annotations

from rules.reading.document import Document

MOST = 50
"""Items of one list: each is frozen into every incident."""


def check(document: Document) -> None:
    """Complain about two items that say the same, which could not be told apart, and about a list nobody reads."""
    for path, checklist in document.find("checklists", "*"):
        if isinstance(checklist, list) and len(checklist) > MOST:
            document.complain(path, f"expected at most {MOST} items, found {len(checklist)}", "nobody ticks so many")
        seen: set[str] = set()
        for number, item in enumerate(checklist if isinstance(checklist, list) else []):
            said = _words(item)
            if said and said in seen:
                document.complain((*path, number), "this item stands twice in the list", "remove one of the two")
            seen.add(said)


def _words(item: object) -> str:
    """What tells it from others; "" for what is complained about elsewhere."""
    if isinstance(item, str):
        return " ".join(item.split())
    if not isinstance(item, dict):
        return ""
    if isinstance(item.get("text"), str):
        return " ".join(item["text"].split())
    return repr(sorted((str(key), str(value)) for key, value in item.items()))
