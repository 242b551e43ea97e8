"""What a button does: a person's command to one incident or several, and the truth about what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from router.commands import ASKED, Asked, assigned
from router.console.coming import name_of
from router.console.visit import Visit
from router.problems import Problem
from rules.incident import Incident, State
from workers.ledger import NoIncident
from workers.plain import clock

MOST = 500
"""Incidents answered with one press."""
BUTTONS: dict[str, tuple[str, dict[str, str]]] = {
    "acknowledge": ("acknowledge", {}),
    "resolve": ("resolve", {}),
    "mitigate": ("mitigate", {}),
    "snooze-15m": ("snooze", {"for": "15m"}),
    "snooze-1h": ("snooze", {"for": "1h"}),
    "snooze-4h": ("snooze", {"for": "4h"}),
    **{f"severity-{level}": ("severity", {"severity": level}) for level in ("P1", "P2", "P3", "P4")},
}
"""What a button of the list says -> the command, and what it is given."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One sentence about what happened."""

    text: str
    wrong: bool = False
    undo: tuple[str, ...] = ()


def obey(visit: Visit, button: str, ids: Sequence[str]) -> Outcome:
    """Do what a button of the list says. Blocks on Redis; raises its errors, and Problem 422 for no such button."""
    what, given = BUTTONS.get(button, ("", {}))
    if button == "assign-me":
        what, given = "assign", {"to": visit.visitor.name}
    if not what:
        raise Problem(422, f"No button of ours says “{button[:40]}”. Please go back.")
    if not ids:
        return Outcome("Nothing was chosen: tick the incidents first.", wrong=True)
    if len(ids) > MOST:
        return Outcome(f"{len(ids)} incidents at once are too many; {MOST} at most.", wrong=True)
    return command(visit, what, given, ids)


def command(visit: Visit, what: str, given: dict[str, str], ids: Sequence[str]) -> Outcome:
    """Ask the same of every incident, each by itself. Raises Problem 422 for what cannot be asked."""
    asked = read(visit, what, given)
    context, outcomes, changed = visit.context, [], []
    roster = context.ledger.roster()
    for one in ids:
        before = context.store.incident(one)
        if before is None:
            outcomes.append(Outcome(f"{one[:30]} is gone: it was resolved long ago.", wrong=True))
            continue
        try:
            after = context.ledger.answer(one, asked.command(roster))
        except NoIncident:
            outcomes.append(Outcome(f"{one} is gone.", wrong=True))
            continue
        outcomes.append(truth(visit, what, before, after))
        if _same(before, after):
            continue
        changed.append(one)
    if len(outcomes) == 1:
        return Outcome(outcomes[0].text, outcomes[0].wrong, tuple(changed))
    return _together(what, outcomes, tuple(changed))


def _same(before: Incident, after: Incident) -> bool:
    return vars(before) == vars(after)


def read(visit: Visit, what: str, given: dict[str, str]) -> Asked:
    """The command as the API would have it. Raises Problem 422 with a sentence about the first field that is wrong."""
    try:
        asked = ASKED[what].model_validate({**given, "by": visit.visitor.name, "via": "console"})
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_input=False, include_context=False)[0]
        field = str(first["loc"][0]) if first["loc"] else "the form"
        raise Problem(422, f"{field}: {first['msg'].removeprefix('Value error, ')}. Please go back.") from None
    return assigned(asked, visit.context.in_force.ruleset.config.people)


def truth(visit: Visit, what: str, before: Incident, after: Incident) -> Outcome:
    """What came of it, also when somebody else was quicker."""
    config = visit.context.in_force.ruleset.config
    about = f"{after.severity} “{after.title[:60]}”"
    if before.state is State.RESOLVED and what not in ("note", "undo"):
        by = f" by {before.resolved_by}" if before.resolved_by else ""
        return Outcome(f"{about} was resolved already{by}{_at(before.resolved_at, visit.now)}. Nothing changed.", True)
    if what in ("acknowledge", "snooze"):
        # As it is afterwards: of two who press at once, the second finds that the first has it.
        others = after.acknowledged_by
        if others and others != visit.visitor.name:
            since = _at(after.acknowledged_at, visit.now)
            return Outcome(f"{name_of(config, others)} had {about} already{since}; you have joined.")
        if what == "snooze":
            return Outcome(f"{about} is yours{_until(after, visit.now)}; then it calls again.")
        return Outcome(f"{about} is yours{_until(after, visit.now)}. Nobody else will be woken.")
    return Outcome(_done(what, about, after))


def _done(what: str, about: str, after: Incident) -> str:
    said = {
        "resolve": f"Resolved: {about}. Everybody who was told hears so.",
        "mitigate": f"Mitigated: {about}. It stays open; nobody further is called.",
        "severity": f"It is {after.severity} now: {about}.",
        "assign": f"Assigned, and told: {about}.",
        "note": f"Written into the timeline of {about}.",
        "false-positive": f"Closed as a false positive: {about}.",
    }
    return said.get(what, f"Done: {about}.")


def _until(incident: Incident, now: float) -> str:
    until = incident.acknowledged_until
    return f" until {clock(until, now)}" if until is not None else ""


def _at(at: float | None, now: float) -> str:
    return f" since {clock(at, now)}" if at is not None else ""


def _together(what: str, outcomes: Sequence[Outcome], changed: tuple[str, ...]) -> Outcome:
    wrong = [one.text for one in outcomes if one.wrong]
    text = f"{what.capitalize()}: {len(changed)} of {len(outcomes)} changed."
    return Outcome(" ".join([text, *wrong[:3]]), wrong=bool(wrong), undo=changed)
