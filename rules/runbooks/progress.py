"""How far an incident has come in a runbook: its steps with who did them, the path through each tree. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rules.reading.problem import nearest, one_of
from rules.responding.response import Ticked
from rules.responding.response_commands import Tick, Untick
from rules.runbooks.inline import words
from rules.runbooks.runbook import Runbook, Step
from rules.runbooks.tree import Answer, Question, Tree, Walk, walk

SAID_AT_MOST = 300
"""Characters of a step that stand in the history."""

Ticks = Mapping[str, Ticked]


class NoSuchItem(ValueError):
    """There is no such step, question or answer; the sentence says which there are."""


@dataclass(frozen=True, slots=True)
class Progress:
    """A runbook, and what of it has been done."""

    runbook: Runbook
    ticks: Ticks

    def of(self, item: Step | Question) -> Ticked | None:
        """Who did a step or gave an answer, and when; None: nobody yet."""
        return self.ticks.get(item.id)

    @property
    def done(self) -> int:
        """How many steps are ticked."""
        return sum(step.id in self.ticks for step in self.runbook.steps)

    @property
    def walks(self) -> tuple[tuple[Tree, Walk], ...]:
        """Each tree with the path taken through it."""
        given = {item: ticked.answer for item, ticked in self.ticks.items()}
        return tuple((tree, walk(tree, given)) for tree in self.runbook.trees)

    def walk(self, tree: Tree) -> Walk:
        """The path taken through one of them."""
        return walk(tree, {item: ticked.answer for item, ticked in self.ticks.items()})

    @property
    def before(self) -> tuple[Ticked, ...]:
        """What was done of items that the runbook has no longer: it has been edited since."""
        known = {step.id for step in self.runbook.steps} | self.runbook.questions.keys()
        own = (f"runbook:{self.runbook.name}:", f"tree:{self.runbook.name}:")
        gone = [done for item, done in self.ticks.items() if item.startswith(own) and item not in known]
        return tuple(sorted(gone, key=lambda done: done.at))

    def step(self, asked: str) -> Step:
        """A step by its number or its id. Raises NoSuchItem."""
        wanted = asked.strip()
        for one in self.runbook.steps:
            if wanted in (str(one.number), one.id):
                return one
        last = len(self.runbook.steps)
        which = f"it has steps 1 to {last}" if last else "it has none"
        raise NoSuchItem(f"'{wanted[:60]}' is no step of the runbook {self.runbook.name}; {which}")

    def question(self, asked: str | None = None) -> Question:
        """A question by its id, else the first that is open. Raises NoSuchItem."""
        if asked is None:
            return self._open()
        found = self.runbook.questions.get(asked.strip())
        if found is None:
            raise NoSuchItem(f"'{asked[:60]}' is no question of the runbook {self.runbook.name}")
        return found

    def _open(self) -> Question:
        for _, path in self.walks:
            if path.asks is not None:
                return path.asks
        says = "everything in it is decided" if self.runbook.trees else "it asks nothing"
        raise NoSuchItem(f"the runbook {self.runbook.name} has no open question: {says}")


def ticking(step: Step, by: str, via: str) -> Tick:
    """The command that a step is done."""
    return Tick(item=step.id, by=by, via=via, words=f"{step.number}. {_said(step.text)}")


def unticking(step: Step, by: str, via: str) -> Untick:
    """The command that it is not done after all."""
    return Untick(item=step.id, by=by, via=via, words=f"{step.number}. {_said(step.text)}")


def answering(question: Question, word: str, by: str, via: str) -> Tick:
    """The command that a question is answered so. Raises NoSuchItem for what is none of its answers."""
    answer = question.answer(word)
    if answer is None:
        known = [one.word for one in question.answers]
        hint = nearest(word, known) or f"say {one_of(known)}"
        raise NoSuchItem(f"'{word[:40]}' is no answer to “{_said(question.text)}”; {hint}")
    return Tick(
        item=question.id, by=by, via=via, words=_said(question.text), answer=answer.word, leads=_said(answer.text)
    )


def reopening(question: Question, by: str, via: str) -> Untick:
    """The command that a question is open again."""
    return Untick(item=question.id, by=by, via=via, words=_said(question.text))


def leads(answer: Answer) -> str:
    """What an answer leads to, in words."""
    return _said(answer.text)


def _said(text: str) -> str:
    line = words(text)
    return line if len(line) <= SAID_AT_MOST else line[: SAID_AT_MOST - 1] + "…"
