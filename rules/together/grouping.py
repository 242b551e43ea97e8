"""Groups: what several senders say of one thing within a while is one incident, whichever rules judged it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from rules.decision import Decision
from rules.event import Event
from rules.incident import Incident
from rules.match import Condition, Test, compile_condition, listed, why_not
from rules.reading.fields import Duration, FieldName


class GroupConfig(BaseModel):
    """Events with the same values of `by` are one incident, as long as they follow each other `within` that time."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    when: Condition = Condition()
    """Of which events; labels that rules add count too. By default of all."""
    by: Annotated[list[FieldName], BeforeValidator(listed), Field(min_length=1)]
    """An event that lacks one of these stands alone."""
    within: Duration
    """Seconds after the last trigger in which a further one joins; later ones open a new incident."""


@dataclass(frozen=True, slots=True)
class Grouped:
    """What one group makes of an event; `why` says why it does not take it, empty when it does."""

    name: str
    why: str = ""


class Groups:
    """All of them, in their order: the first that takes an event has it. Built once for each version of the YAML."""

    def __init__(self, each: Iterable[GroupConfig] = ()) -> None:
        self.each: Sequence[tuple[GroupConfig, Test]] = [(one, compile_condition(one.when)) for one in each]

    def join(self, decision: Decision, event: Event, now: float) -> Decision:
        """The decision with the group's key in place of the rule's own, where a group takes the event."""
        if not self.each:
            return decision
        labelled = _labelled(event, decision)
        for group, test in self.each:
            values = [_value(name, labelled) for name in group.by]
            if all(values) and test(labelled, now):
                # A map, where the keys of rules are lists: a group and a rule may have the same name.
                key = orjson.dumps({"group": group.name, "by": values}).decode()
                return replace(decision, group_key=key, group=group.name, within=group.within)
        return decision

    def explain(self, decision: Decision, event: Event, now: float) -> list[Grouped]:
        """What each group makes of the event, up to the one that takes it."""
        labelled = _labelled(event, decision)
        said: list[Grouped] = []
        for group, _ in self.each:
            lacks = [name for name in group.by if not _value(name, labelled)]
            why = why_not(group.when, labelled, now) or (f"it has no {lacks[0]}" if lacks else "")
            said.append(Grouped(group.name, why))
            if not why:
                break
        return said


def takes(incident: Incident, decision: Decision, at: float) -> bool:
    """Is a trigger that happened at `at` (Unix seconds) near enough in time to join this incident of its group?

    Where events come in another order than they happened, one from before the first joins as one from after the last.
    """
    if decision.within is None or incident.triggered is None:
        return True
    first, last = incident.triggered
    return first - decision.within <= at <= last + decision.within


def triggered(before: tuple[float, float] | None, decision: Decision, at: float) -> tuple[float, float] | None:
    """When the triggers of a group's incident happened, the first and the last, with one more; None without group."""
    if decision.within is None:
        return before
    return (at, at) if before is None else (min(before[0], at), max(before[1], at))


def _labelled(event: Event, decision: Decision) -> Event:
    labels = decision.labels or event.labels
    return event if labels == event.labels else replace(event, labels=labels)


def _value(field: str, event: Event) -> str:
    prefix, _, name = field.partition(".")
    return event.labels.get(name, "") if prefix == "labels" else str(getattr(event, field) or "")
