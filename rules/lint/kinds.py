"""Findings about what a rule asks for: kinds that nothing sends, and senders that are not there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from rules.lint.given import Given
from rules.match import FAMILIES
from rules.reading.check import words
from rules.reading.document import Path
from rules.reading.problem import Problem, nearest, one_of
from rules.responding.watching import SOURCE as CHECKS

OURS = "tocsin"
"""Where the kinds of what Tocsin says of itself begin."""


def unknown_kind(given: Given) -> Iterator[Problem]:
    """A kind that no type of source sends, as far as its kinds can be counted."""
    for path, kind in words(given.document, "kind") if given.kinds else ():
        if isinstance(kind, str) and (hint := _hint(kind, given.kinds or {})):
            yield given.finding(path, f"nothing sends the kind '{kind}'", hint)


def no_sender(given: Given) -> Iterator[Problem]:
    """A condition that asks only for sources or kinds of types of which none is configured."""
    if not given.kinds:
        return
    configured = {source.type for source in given.config.sources.values()}
    if any(check.every is not None for check in given.config.checks.values()):
        configured.add(CHECKS)
    hint = "add the source, or take the rule out"
    for path, kinds in _asked(given, "kind"):
        roots = dict.fromkeys(kind.partition(".")[0] for kind in kinds)
        if not any(root in configured or root not in given.kinds for root in roots):
            message = f"no source of type {one_of(roots)} is configured, so nothing sends this kind"
            yield given.finding(path, message, hint)
    for path, asked in _asked(given, "source"):
        types = set(asked).union(*(FAMILIES.get(word, ()) for word in asked))
        if not types & (configured | given.config.sources.keys()):
            yield given.finding(path, f"no source of type {one_of(dict.fromkeys(asked))} is configured", hint)


def _asked(given: Given, field: str) -> Iterator[tuple[Path, list[str]]]:
    """What each condition asks of a field, at the place of its first word."""
    asked: dict[Path, list[tuple[Path, str]]] = {}
    for path, word in words(given.document, field):
        if isinstance(word, str):
            own = path[:-1] if isinstance(path[-1], int) else path
            asked.setdefault(own, []).append((path, word))
    for together in asked.values():
        yield together[0][0], [word for _, word in together]


def _hint(kind: str, kinds: Mapping[str, Collection[str]]) -> str | None:
    """What was probably meant; None when somebody may send it."""
    root, dot, rest = kind.partition(".")
    if not dot and kind.endswith("*"):
        starts = any(each.startswith(kind[:-1]) for each in (*kinds, OURS))
        return None if starts else f"kinds begin with {one_of(sorted(kinds))}"
    if root not in kinds:
        return None if root == OURS else nearest(root, kinds) or f"kinds begin with {one_of(sorted(kinds))}"
    known = sorted(kinds[root])
    sent = kind in known or (kind.endswith("*") and any(each.startswith(kind[:-1]) for each in known))
    if sent or not known:
        return None
    # Compared without the word all of them begin with, by which any two would be near.
    near = nearest(rest, [each.partition(".")[2] for each in known])
    return near.replace("mean ", f"mean {root}.", 1) if near else f"{root} sends {', '.join(known)}"
