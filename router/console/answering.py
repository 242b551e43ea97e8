"""What a button does: a person's command to one incident or several, and the truth about what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pydantic import ValidationError

from router.api.asked import Asked
from router.api.commands import ASKED, assigned
from router.console.coming import name_of, whom
from router.console.several import in_all
from router.console.visit import Visit
from router.problems import Problem
from rules.incident import Incident, State, StepState
from rules.reading.config import Config
from rules.responding.updates import next_update
from rules.responding.verification import missing
from rules.transitions.answering import stands, why_not
from workers.ledger import NoIncident, Refused
from workers.plain import clock

MOST_UNDONE = 100
"""Incidents whose ids are carried in a cookie, so that one press takes the answer back."""
STILL = ("note", "undo", "escalate", "update", "archive-channel")
"""What can be asked of an incident that is over."""
MOST = 500
"""Incidents answered with one press."""
BUTTONS: dict[str, tuple[str, dict[str, str]]] = {
    "acknowledge": ("acknowledge", {}),
    "resolve": ("resolve", {}),
    "mitigate": ("mitigate", {}),
    "escalate": ("escalate", {}),
    "undo": ("undo", {}),
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
    done: tuple[str, ...] = ()
    """The incidents to which it was done, for the audit log."""
    at: str = ""
    """The incident's page, where what is missing can be done; "": back to where it was pressed."""
    place: str = ""
    """Where on that page."""


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
    context, outcomes, changed = visit.context, {}, []
    roster = context.ledger.roster()
    for one in ids:
        before = context.store.incident(one)
        if before is None:
            outcomes[one] = Outcome(f"{one[:30]} is gone: it was resolved long ago.", wrong=True)
            continue
        try:
            after = context.ledger.answer(one, asked.command(roster))
        except NoIncident:
            outcomes[one] = Outcome(f"{one} is gone.", wrong=True)
            continue
        except Refused as why:
            outcomes[one] = _refused(visit, what, before, str(why), alone=len(ids) == 1)
            continue
        outcomes[one] = truth(visit, what, before, after)
        if vars(before) != vars(after):
            changed.append(after)
    together = _together(visit, what, list(outcomes.values()), changed)
    done = tuple(one for one, outcome in outcomes.items() if not outcome.wrong)
    return replace(together, undo=_undoable(visit, changed), done=done)


def answered(what: str, done: Sequence[str]) -> str:
    """What the audit log says was done to these incidents."""
    return f"{what} {done[0]}" if len(done) == 1 else f"{what}, {len(done)} incidents: {', '.join(done)}"


def _undoable(visit: Visit, changed: Sequence[Incident]) -> tuple[str, ...]:
    return tuple(one.id for one in changed[:MOST_UNDONE] if not why_not(one, visit.visitor.name, visit.now))


def read(visit: Visit, what: str, given: dict[str, str]) -> Asked:
    """The command as the API would have it. Raises Problem 422 with a sentence about the first field that is wrong."""
    via = "slack" if visit.visitor.via == "slack" else "console"
    try:
        asked = ASKED[what].model_validate({**given, "by": visit.visitor.name, "via": via})
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_input=False, include_context=False)[0]
        field = str(first["loc"][0]) if first["loc"] else "the form"
        raise Problem(422, f"{field}: {first['msg'].removeprefix('Value error, ')}. Please go back.") from None
    return assigned(asked, visit.context.in_force.ruleset.config.people)


def _refused(visit: Visit, what: str, before: Incident, why: str, *, alone: bool) -> Outcome:
    """Why nothing came of it; a checklist is ticked here, and not typed as in a terminal."""
    left = len(missing(before, visit.now)) if what == "resolve" and visit.visitor.via != "slack" else 0
    if not left:
        return Outcome(why, wrong=True)
    number = f"{left} of {len(before.plan.verify)} left"
    if not alone:
        return Outcome(f"{_about(before)} is not verified yet: {number}.", wrong=True)
    text = f"Not verified yet: {number}. Tick them below, or resolve all the same and say why."
    return Outcome(text, wrong=True, at=f"/incidents/{before.id}", place="#verify")


def _about(incident: Incident) -> str:
    return f"{incident.severity} “{incident.title[:60]}”"


def truth(visit: Visit, what: str, before: Incident, after: Incident) -> Outcome:
    """What came of it, also when somebody else was quicker."""
    config = visit.context.in_force.ruleset.config
    about = _about(after)
    if before.state is State.RESOLVED and what not in STILL:
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
    return Outcome(_done(visit, what, about, before, after))


def _done(visit: Visit, what: str, about: str, before: Incident, after: Incident) -> str:
    config = visit.context.in_force.ruleset.config
    said = {
        "resolve": f"Resolved: {about}. Everybody who was told hears so.",
        "mitigate": f"Mitigated: {about}. It stays open; nobody further is called.",
        "severity": f"It is {after.severity} now: {about}.",
        "assign": f"{name_of(config, after.assignee or '')} has it now, and was told: {about}.{_calls_on(after)}",
        "escalate": f"Called now: {next_called(visit, after)}. {about}.",
        "undo": f"Taken back: {about} is {stands(after)}, as before.",
        "check": f"Looked at now: what is found stands here within seconds. {about}.",
        "archive-channel": f"Its channel is archived in a moment: {about}.",
        "note": f"Written into the timeline of {about}.",
        "false-positive": f"Closed as a false positive: {about}.",
        "update": f"Posted: everybody who was told of {about} hears it.{_following(after, visit.now)}",
        "part": f"Done, and told: {about} is led by {_led(config, after)}.",
        "impact": f"Written down: {about}.",
        "tick": f"{_items('Ticked', 'ticked', before, after)} {_left(after, visit.now)}",
        "untick": f"{_items('Open again', 'open', before, after)} {_left(after, visit.now)}",
    }
    return said.get(what, f"Done: {about}.")


def _calls_on(after: Incident) -> str:
    """To give it to somebody is no answer of theirs."""
    return "" if after.answered else " Until somebody acknowledges it, others are called."


def _following(after: Incident, now: float) -> str:
    at = next_update(after)
    return f" The next is due at {clock(at, now)}." if at is not None else ""


def _led(config: Config, after: Incident) -> str:
    commander, scribe = after.response.commander, after.response.scribe
    led = name_of(config, commander) if commander is not None else "nobody"
    return led + (f", written down by {name_of(config, scribe)}" if scribe is not None else "")


def _items(said: str, state: str, before: Incident, after: Incident) -> str:
    """Which items of its checklist that was, in their own words: nobody ticks the wrong one unnoticed."""
    ticks, were = after.response.ticks, before.response.ticks
    items = enumerate(after.plan.verify, 1)
    changed = [f"{number}. {one.text}" for number, one in items if ticks.get(one.id) != were.get(one.id)]
    if not changed:
        return f"That was {state} before: nothing changed."
    return f"{said}{', all at once' if len(changed) > 1 else ''}: {'; '.join(changed)}."


def _left(after: Incident, now: float) -> str:
    left = len(missing(after, now))
    return f"{left} of {len(after.plan.verify)} left to verify." if left else "All is verified: it can be resolved."


def next_called(visit: Visit, after: Incident) -> str:
    """Whom calling in has reached: the last role whose turn came early."""
    config = visit.context.in_force.ruleset.config
    sent = [step for step in after.steps if step.state not in (StepState.WAITING, StepState.DROPPED)]
    return whom(config, sent[-1].role, sent[-1].person, visit.now) if sent else "whom the matrix names next"


def _until(incident: Incident, now: float) -> str:
    until = incident.acknowledged_until
    return f" until {clock(until, now)}" if until is not None else ""


def _at(at: float | None, now: float) -> str:
    return f" since {clock(at, now)}" if at is not None else ""


def _together(visit: Visit, what: str, outcomes: Sequence[Outcome], changed: Sequence[Incident]) -> Outcome:
    if len(outcomes) == 1:
        return outcomes[0]
    wrong = [one.text for one in outcomes if one.wrong]
    said = [in_all(visit, what, changed) if changed else "Nothing changed."]
    if 0 < len(changed) < len(outcomes):
        said.append(f"{len(outcomes) - len(changed)} of {len(outcomes)} stay as they were.")
    return Outcome(" ".join([*said, *wrong[:3]]), wrong=bool(wrong))
