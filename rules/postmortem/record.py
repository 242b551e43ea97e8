"""The record of one post-mortem: its document, its deadlines, and its action items. Times are Unix seconds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from rules.event import Severity
from rules.upcast import VERSION


class Stage(StrEnum):
    """How far it is."""

    DRAFT_DUE = "draft due"
    """Tocsin has written down what it knows; people have not finished it."""
    DRAFTED = "drafted"
    """People have; the team has not reviewed it."""
    REVIEWED = "reviewed"
    WAIVED = "waived"
    """Somebody said why there will be none."""


class Status(StrEnum):
    """What became of an action item."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"
    """With the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionItem:
    """Something that shall be done so that it does not happen again."""

    number: int
    """By which people name it: 1 is the first of its post-mortem, and none is given twice."""
    text: str
    owner: str | None = None
    """A person of the YAML, by the name there; or whatever people call somebody."""
    due: str | None = None
    """The day, `2026-12-01`."""
    status: Status = Status.OPEN
    reason: str = ""
    """Why it was dropped."""
    closed_at: float | None = None
    reminded: int = 0
    """How often its owner has been."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Somebody's word on a post-mortem as a whole."""

    by: str
    at: float
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Postmortem:
    """One per incident. `text` is Markdown without the line that says which revision it is."""

    incident: str
    title: str
    severity: Severity
    """The worst it had."""
    opened_at: float
    resolved_at: float
    why: tuple[str, ...]
    draft_due: float
    review_due: float
    author: str | None
    """Whoever writes it: a person of the YAML, by the name there, or whatever the document says."""
    text: str
    revision: int = 1
    """One more with every change of the text: who edits says on which one."""
    edited: Said | None = None
    """Who changed the text last; None: it is as Tocsin wrote it."""
    drafted: Said | None = None
    reviewed: Said | None = None
    waived: Said | None = None
    actions: tuple[ActionItem, ...] = ()
    numbered: int = 0
    """The highest number that an action item has ever had."""
    reminded: int = 0
    """How many reminders of the present deadline have gone out."""
    v: int = VERSION

    @property
    def stage(self) -> Stage:
        """How far it is."""
        if self.waived is not None:
            return Stage.WAIVED
        if self.reviewed is not None:
            return Stage.REVIEWED
        return Stage.DRAFTED if self.drafted is not None else Stage.DRAFT_DUE

    @property
    def due_at(self) -> float | None:
        """When its next part must be there; None: it is done with."""
        return {Stage.DRAFT_DUE: self.draft_due, Stage.DRAFTED: self.review_due}.get(self.stage)

    @property
    def open_actions(self) -> tuple[ActionItem, ...]:
        """What is still to be done; nothing of one that was waived."""
        return () if self.waived is not None else tuple(one for one in self.actions if one.status is Status.OPEN)

    @property
    def finished(self) -> bool:
        """Is nothing left that anybody could be reminded of?"""
        return self.due_at is None and not any(one.due for one in self.open_actions)
