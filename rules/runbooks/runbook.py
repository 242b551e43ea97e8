"""A runbook as it is worked through: steps to tick, trees of questions, and the prose between them. Pure.

Numbered items and `- [ ]` items of the first level are steps; what is indented below one belongs to it. A heading that
begins with `Decide` stands above a tree (`rules.runbooks.tree`). A line that is nothing but a link to another runbook,
`[Roll back?](rollback.md)`, brings that runbook's trees here.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import ClassVar

from rules.reading.problem import Problem, nearest
from rules.runbooks.inline import alone, spans, words
from rules.runbooks.outline import Code, Heading, Item, Node, Paragraph, outline
from rules.runbooks.tree import Question, Reader, Tree

_DECIDE = re.compile(r"decide\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do."""

    kind: ClassVar[str] = "step"
    id: str
    """Made of its words: it stays the same when the step is moved, or others come and go."""
    number: int
    """Counted through the whole runbook, from 1."""
    text: str
    body: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """A tree, and where it stands."""

    kind: ClassVar[str] = "tree"
    tree: Tree


@dataclass(frozen=True, slots=True)
class Other:
    """A line that leads to another runbook."""

    kind: ClassVar[str] = "other"
    line: int
    column: int
    name: str
    text: str


Block = Heading | Paragraph | Code | Item | Step | Decision | Other


@dataclass(frozen=True, slots=True)
class Runbook:
    """One file, read."""

    name: str
    title: str
    blocks: tuple[Block, ...]
    problems: tuple[Problem, ...] = ()

    @property
    def steps(self) -> tuple[Step, ...]:
        """What can be ticked."""
        return tuple(one for one in self.blocks if isinstance(one, Step))

    @property
    def trees(self) -> tuple[Tree, ...]:
        """What can be decided."""
        return tuple(one.tree for one in self.blocks if isinstance(one, Decision))

    @property
    def leads_to(self) -> frozenset[str]:
        """The names of other runbooks that it links to."""
        found: set[str] = set()
        for block in self.blocks:
            if isinstance(block, Other):
                found.add(block.name)
            elif not isinstance(block, Decision):
                found |= _named_in(block)
        return frozenset(found)

    @property
    def questions(self) -> dict[str, Question]:
        """Every question by its id."""
        return {question.id: question for tree in self.trees for question in tree.every()}


def _named_in(block: Step | Node) -> set[str]:
    """A step, or what stands between steps, with all that stands below it."""
    if isinstance(block, Code):
        return set()
    below = block.body if isinstance(block, Step) else block.below if isinstance(block, Item) else ()
    found = {one.to for one in spans(block.text) if one.kind == "runbook"}
    return found.union(*map(_named_in, below))


def opened(name: str, written: Mapping[str, str]) -> Runbook | None:
    """The runbook with what others bring to it; None when there is none of that name."""
    if name not in written:
        return None
    whole = read(name, written[name])
    blocks = [part for block in whole.blocks for part in _brought(block, written)]
    return replace(whole, blocks=tuple(blocks))


def _brought(block: Block, written: Mapping[str, str]) -> tuple[Block, ...]:
    if not isinstance(block, Other) or block.name not in written:
        return (block,)
    trees = read(block.name, written[block.name]).trees
    return tuple(Decision(tree) for tree in trees) or (block,)


def wrong(written: Mapping[str, str]) -> Iterator[Problem]:
    """Everything that is wrong in the runbooks, each with its place."""
    for name, text in written.items():
        whole = read(name, text)
        yield from whole.problems
        for block in whole.blocks:
            if isinstance(block, Other) and block.name not in written:
                yield _nowhere(name, block, written)


def _nowhere(name: str, other: Other, written: Collection[str]) -> Problem:
    hint = nearest(other.name, written) or f"runbooks: {', '.join(list(written)[:8])}"
    return Problem(file_of(name), other.line, other.column, f"there is no runbook '{other.name}'", hint)


def file_of(name: str) -> str:
    """Where a runbook stands in the folder of the rules."""
    return f"runbooks/{name}.md"


@lru_cache(maxsize=512)
def read(name: str, text: str) -> Runbook:
    """The file by itself. Never raises: what is wrong is among its problems."""
    nodes, open_code = outline(text)
    reading = _Reading(name)
    blocks = list(reading.blocks(nodes))
    if open_code:
        reading.complain(open_code, 1, "a code block begins here and is never closed", "end it with a line of ```")
    title = next((words(one.text) for one in nodes if isinstance(one, Heading)), name)
    return Runbook(name, title, tuple(blocks), tuple(reading.problems))


class _Reading:
    """One file, from its outline to its blocks."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.problems: list[Problem] = []
        self._seen: dict[str, int] = {}
        self._steps = 0

    def complain(self, line: int, column: int, message: str, hint: str | None = None) -> None:
        """Something is wrong at this place."""
        self.problems.append(Problem(file_of(self._name), line, column, message, hint))

    def blocks(self, nodes: list[Node]) -> Iterator[Block]:
        """What the outline means."""
        decides: Heading | None = None
        asked: list[Item] = []
        for node in nodes:
            if isinstance(node, Heading):
                yield from self._decided(decides, asked)
                decides, asked = (node if _DECIDE.match(node.text) else None), []
                if decides is None:
                    yield node
            elif isinstance(node, Item) and decides is not None:
                asked.append(node)
            else:
                yield self._block(node)
        yield from self._decided(decides, asked)

    def _decided(self, heading: Heading | None, asked: list[Item]) -> Iterator[Block]:
        if heading is None:
            return
        reader = Reader(lambda text: f"tree:{self._name}:{_digest(text)}", self.complain)
        questions = [found for item in asked if (found := reader.question(item)) is not None]
        if not asked:
            hint = "write - Is it …? and below it, indented by two: - yes: what to do"
            self.complain(heading.line, heading.column, f"no question stands below '{heading.text}'", hint)
        if questions:
            yield Decision(Tree(words(heading.text), tuple(questions)))

    def _block(self, node: Node) -> Block:
        if isinstance(node, Item) and (node.counted or node.box):
            return self._step(node)
        if isinstance(node, Paragraph) and (name := alone(node.text)):
            return Other(node.line, node.column, name, node.text)
        return node

    def _step(self, item: Item) -> Step:
        self._steps += 1
        digest = _digest(item.text)
        times = self._seen[digest] = self._seen.get(digest, 0) + 1
        again = f"-{times}" if times > 1 else ""
        return Step(f"runbook:{self._name}:{digest}{again}", self._steps, item.text, tuple(item.below))


def _digest(text: str) -> str:
    """Eight characters that stand for the words of a line, however it is marked and spaced."""
    return hashlib.blake2b(words(text).casefold().encode(), digest_size=4).hexdigest()
