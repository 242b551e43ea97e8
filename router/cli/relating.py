"""What an event has to do with others, for `explain`: its group, and what keeps it quiet or is kept quiet by it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from rules.commands import Trigger
from rules.decision import Decision
from rules.duration import show_duration
from rules.event import Event
from rules.load import Ruleset
from rules.roster import Roster
from rules.transition import open_incident
from workers.plain import plain


def related(ruleset: Ruleset, event: Event, decision: Decision) -> dict[str, Any]:
    """`group`, `groups` (what each made of it) and `inhibit`, as `explain -o json` has them."""
    now = event.received_at
    trigger = Trigger(event=event, decision=decision, roster=Roster())
    opened = open_incident("explained", trigger, ruleset.policy, now).incident
    group = decision.group and {"name": decision.group, "within": show_duration(decision.within or 0.0)}
    return {
        "group": group,
        "groups": [
            f"{one.name}: {plain(one.why) or 'takes it'}" for one in ruleset.groups.explain(decision, event, now)
        ],
        "inhibit": [dataclasses.asdict(one) for one in ruleset.inhibitions.explain(opened, now)],
    }


def said(decision: dict[str, Any]) -> Iterator[str]:
    """The same for people: a line for each that matters."""
    if decision["group"]:
        name, within = plain(decision["group"]["name"]), decision["group"]["within"]
        yield f"Group «{name}»: joins what others say of the same within {within}, else opens its own incident."
    else:
        yield from (f"No group: {line}" for line in decision["groups"])
    for one in decision["inhibit"]:
        name, same = plain(one["name"]), _same(one["equal"])
        if one["over"]:
            yield f"Inhibit «{name}»: while it lasts, nobody is told of what follows from it{same}."
        if one["under"]:
            yield f"Inhibit «{name}»: nobody is told while its cause is in trouble{same}."
        if one["why_not"]:
            yield f"Inhibit «{name}» does not keep it quiet: {plain(one['why_not'])}."


def _same(equal: dict[str, str]) -> str:
    shared = ", ".join(f"{name} = {plain(value)}" for name, value in equal.items())
    return f", with {shared}" if shared else ""
