"""A decision tree of a runbook: questions with one answer each, written as a list below a heading `Decide …`. Pure.

    ## Decide: roll back?

    - Is the issue caused by a recent deployment?
      - yes: Roll back now
      - no: continue
    - Can we fix it in under 15 minutes?
      - yes: Apply the fix
      - no: Is the last release still there?
        - yes: Roll back first, then fix it properly
        - no: Call the engineering lead

The questions of a list are asked one after the other. An answer says what to do, and that is the end of it; one that
begins with `continue` leads to the next question of the list, and one that is a question itself asks that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from rules.runbooks.inline import words
from rules.runbooks.outline import Item, Node

Complain = Callable[[int, int, str, str | None], None]
"""`(line, column, message, hint)`."""

FEWEST = 2
"""Answers of a question."""
_ANSWER = re.compile(r"([^:]{1,40}?)\s*:\s*(.*)", re.DOTALL)
_GOES_ON = re.compile(r"continue\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    """One of those a question may have."""

    word: str
    text: str
    """What to do then; of a further question, that question."""
    then: Question | None = None
    goes_on: bool = False
    """The next question of the list is asked."""
    body: tuple[Node, ...] = ()
    """What else stands below it: commands to copy, paragraphs."""


@dataclass(frozen=True, slots=True)
class Question:
    """Asked of a person, who gives one of its answers."""

    id: str
    text: str
    answers: tuple[Answer, ...]

    def answer(self, word: str | None) -> Answer | None:
        """The answer of that word, upper and lower case alike; None when there is none."""
        wanted = (word or "").strip().casefold()
        return next((one for one in self.answers if one.word.casefold() == wanted), None)


@dataclass(frozen=True, slots=True)
class Tree:
    """The questions below one heading."""

    title: str
    questions: tuple[Question, ...]

    def every(self) -> Iterator[Question]:
        """All of them, those below answers too."""
        todo = list(reversed(self.questions))
        while todo:
            question = todo.pop()
            yield question
            todo += [one.then for one in reversed(question.answers) if one.then is not None]


@dataclass(frozen=True, slots=True)
class Walk:
    """How far somebody has come in a tree."""

    taken: tuple[tuple[Question, Answer], ...]
    """The path, from its first question on."""
    asks: Question | None
    """The question that is open; None: it is decided."""

    @property
    def outcome(self) -> str | None:
        """What was decided, in words; None while a question is open."""
        return words(self.taken[-1][1].text) if self.asks is None and self.taken else None


def walk(tree: Tree, given: Mapping[str, str]) -> Walk:
    """The path by the answers `given` to questions' ids. An answer that does not exist any more is asked for anew."""
    taken: list[tuple[Question, Answer]] = []
    for question in tree.questions:
        asked: Question | None = question
        while asked is not None:
            answer = asked.answer(given.get(asked.id))
            if answer is None:
                return Walk(tuple(taken), asked)
            taken.append((asked, answer))
            asked = answer.then
        if not taken[-1][1].goes_on:
            break
    return Walk(tuple(taken), None)


class Reader:
    """Reads one tree's list, and complains about whatever in it is no question or no answer."""

    def __init__(self, name: Callable[[str], str], complain: Complain) -> None:
        self._name = name
        """Question -> id."""
        self._complain = complain
        self._asked: set[str] = set()

    def question(self, item: Item) -> Question | None:
        """An item that asks; None, having complained, when it is something else."""
        if not item.text.rstrip("*_ ").endswith("?"):
            hint = "end it with a question mark, or write it above the list"
            self._complain(item.line, item.column, f"expected a question, found '{_short(item.text)}'", hint)
            return None
        return self._asks(item, item.text, item.column)

    def _asks(self, item: Item, text: str, column: int) -> Question | None:
        asked, below = self._name(text), [one for one in item.below if isinstance(one, Item)]
        if asked in self._asked:
            self._complain(item.line, column, f"'{_short(text)}' is asked twice", "word one of them differently")
        self._asked.add(asked)
        if len(below) < FEWEST:
            number = "no answers" if not below else "one answer only"
            hint = "write at least two below it, indented by two: - yes: what to do"
            self._complain(item.line, column, f"'{_short(text)}' has {number}", hint)
            return None
        answers = [answer for one in below if (answer := self._answer(one)) is not None]
        self._told_apart(below, answers)
        return Question(asked, text, tuple(answers)) if len(answers) == len(below) else None

    def _answer(self, item: Item) -> Answer | None:
        found = _ANSWER.fullmatch(item.text)
        if found is None:
            self._complain(
                item.line, item.column, f"expected an answer, found '{_short(item.text)}'", "write - yes: what to do"
            )
            return None
        word, text, column = words(found[1]), found[2], item.column + found.start(2)
        if text.endswith("?"):
            then = self._asks(item, text, column)
            return None if then is None else Answer(word, text, then, body=_beside(item))
        if any(isinstance(one, Item) for one in item.below):
            hint = f"end it with a question mark: - {word}: …?"
            self._complain(item.line, column, f"what stands below '{_short(word)}' answers no question", hint)
            return None
        if not text:
            self._complain(item.line, column, f"'{_short(word)}' leads nowhere", "write what to do, or: continue")
            return None
        return Answer(word, text, goes_on=_GOES_ON.match(text) is not None, body=_beside(item))

    def _told_apart(self, below: list[Item], answers: list[Answer]) -> None:
        seen: set[str] = set()
        for item, answer in zip(below, answers, strict=False):
            if answer.word.casefold() in seen and len(below) == len(answers):
                message = f"two answers are '{_short(answer.word)}'"
                self._complain(item.line, item.column, message, "each answer leads one way")
            seen.add(answer.word.casefold())


def _beside(item: Item) -> tuple[Node, ...]:
    return tuple(one for one in item.below if not isinstance(one, Item))


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"
