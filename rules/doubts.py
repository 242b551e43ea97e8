"""What can be used and is hardly meant: a rule nothing comes to, a kind nobody sends, somebody whom nothing reaches.

`tocsin check` tells; starting is not refused.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from rules.check import words
from rules.config import Config
from rules.document import Document, Path
from rules.match import Condition
from rules.problem import Problem, nearest, one_of
from rules.reach import unreached
from rules.schedule import Way

OURS = "tocsin"
"""Where the kinds of what Tocsin says of itself begin."""


def doubts(
    config: Config,
    document: Document,
    kinds: Mapping[str, Collection[str]] | None,
    ways: Mapping[str, Way] | None = None,
) -> tuple[Problem, ...]:
    """Everything doubtful. `kinds` has every source type, with the kinds it makes where those can be counted.

    `ways` has every channel type.
    """
    found = [*_unreachable(config, document), *(_unreached(config, document, ways) if ways else ())]
    if kinds:
        found += [*_misspelt(document, kinds), *_unsent(config, document, kinds)]
    return tuple(sorted(found, key=lambda problem: (problem.file, problem.line, problem.column)))


def _unreachable(config: Config, document: Document) -> Iterator[Problem]:
    for number, rule in enumerate(config.rules[:-1]):
        if rule.when == Condition() and not rule.goes_on:
            after = len(config.rules) - number - 1
            first = config.rules[number + 1].name
            message = f"'{rule.name}' matches everything, so nothing comes to '{first}'" + (
                f" and {after - 1} more" if after > 1 else ""
            )
            hint = "put it last, give it a when, or let it say continue: true"
            yield Problem(*document.place(("rules", number, "name")), message, hint)
            return


def _unreached(config: Config, document: Document, types: Mapping[str, Way]) -> Iterator[Problem]:
    known = {name: one for name, one in config.channels.items() if one.type in types}
    ways = {name: types[one.type].configured(one.options) for name, one in known.items()}
    for name, severities in unreached(config, ways):
        message = f"'{name}' may have to answer, and no channel of {', '.join(severities)} reaches them"
        hint = f"give {name} an address that one of these channels uses: email, slack or pagerduty"
        yield Problem(*document.place(("people", name), key=True), message, hint)


def _unsent(config: Config, document: Document, kinds: Mapping[str, Collection[str]]) -> Iterator[Problem]:
    """A condition that asks only for kinds whose senders are not configured."""
    configured = {source.type for source in config.sources.values()}
    asked: dict[Path, list[tuple[Path, str]]] = {}
    for path, kind in words(document, "kind"):
        if isinstance(kind, str):
            asked.setdefault(path[: path.index("kind") + 1], []).append((path, kind))
    for together in asked.values():
        roots = dict.fromkeys(kind.partition(".")[0] for _, kind in together)
        if not any(root in configured or root not in kinds for root in roots):
            message = f"no source of type {one_of(roots)} is configured, so nothing sends this kind"
            yield Problem(*document.place(together[0][0]), message, "add the source, or take the rule out")


def _misspelt(document: Document, kinds: Mapping[str, Collection[str]]) -> Iterator[Problem]:
    for path, kind in words(document, "kind"):
        if isinstance(kind, str) and (hint := _hint(kind, kinds)):
            yield Problem(*document.place(path), f"nothing sends the kind '{kind}'", hint)


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
