"""What comes of checks: they are asked for, and what they have found is told. `rules.transition` says in which state.

The page that calls somebody never waits for them (docs/decisions/0030): what they find follows as an update.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rules.commands import ChangeSeverity
from rules.decision import Decision
from rules.effects import ExamineAt
from rules.event import Severity
from rules.incident import Incident, Reason, State
from rules.links import together
from rules.responding.assessment import assessment, is_news, merged
from rules.responding.response import Examining
from rules.responding.response_commands import Assess, Examine
from rules.responding.triage import AT_MOST, Becomes, Found
from rules.responding.verification import checks_wanted
from rules.transitions import on_people
from rules.transitions.on_people import false_alarm, rated
from rules.transitions.on_response import CHECK, verified_by_check
from rules.turn import Turn

AGAIN = 120.0
"""Seconds after which what seems over, and is not verified yet, is looked at again."""
_SEEMS_OVER = (State.MITIGATED, State.RECOVERED)


def checks_of(incident: Incident) -> tuple[str, ...]:
    """The checks of an incident by name: its severity's, its rule's, then those of its checklist."""
    return _first(*incident.plan.triage, *incident.response.triage, *_of_checklist(incident))


def checks_to_run(incident: Incident) -> tuple[str, ...]:
    """Those of them that are to be run now.

    While nobody has it, those of its checklist say nothing yet; once it seems over, only what that waits for does,
    unless a person asks.
    """
    if incident.state in _SEEMS_OVER and not _asked_by(incident):
        return _first(*checks_wanted(incident))
    return checks_of(incident) if incident.answered else _first(*incident.plan.triage, *incident.response.triage)


def _asked_by(incident: Incident) -> str:
    """The person who has asked its checks; "" where that was nobody."""
    asked = incident.response.examining
    return "" if asked is None else asked.by


def _of_checklist(incident: Incident) -> Iterator[str]:
    return (item.check for item in incident.plan.verify if item.check is not None)


def _first(*names: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))[:AT_MOST]


def ask(turn: Turn, by: str = "", after: float = 0.0) -> None:
    """Promise that its checks are run, now or so many seconds later; what has none to run is promised nothing."""
    was, at = turn.incident.response, turn.now + after
    asked = turn.incident.changed(response=was.changed(examining=Examining(at=at, by=by)))
    if checks_to_run(asked):
        turn.change(response=asked.response)
        turn.effects.append(ExamineAt(at=at))


def verify(turn: Turn, was: State) -> None:
    """It seems over now, and was not before: the checks that its checklist waits for are run."""
    if was not in _SEEMS_OVER and turn.incident.state in _SEEMS_OVER:
        ask(turn)


def take_over(turn: Turn, decision: Decision) -> None:
    """What a further decision says of checks and links: its checks instead of those before, its links beside them."""
    was = turn.incident.response
    links = together(was.links, decision.links)
    if links != was.links or (decision.triage and decision.triage != was.triage):
        turn.change(response=was.changed(links=links, triage=decision.triage or was.triage))


def why_not_examined(incident: Incident) -> str:
    """Why no check of it can be run, in a sentence with what to do; "" where some can."""
    if not incident.is_open:
        return "Nothing is checked: it is over."
    if not checks_of(incident):
        return f"It has no checks: name some in `triage` of {incident.severity}, or of the rule «{incident.rule}»."
    return ""


def change_severity(turn: Turn, command: ChangeSeverity) -> None:
    """A person says how bad it is; what is raised is looked at once more."""
    was = turn.incident.severity
    on_people.change_severity(turn, command)
    if turn.incident.severity.worse_than(was):
        ask(turn, command.by)


def examine(turn: Turn, command: Examine) -> None:
    """A person wants to know how it is now."""
    if checks_of(turn.incident):
        turn.note("checked", f"{command.by} asks its checks again", by=command.by, via=command.via)
        ask(turn, command.by)


def assess(turn: Turn, command: Assess) -> None:
    """They have answered: it stands in the history, may change how bad it is, and whoever was told hears of it once."""
    was, said, by = turn.incident, assessment(command.findings), _asked_by(turn.incident)
    findings = merged(was.response.findings, command.findings)
    turn.change(response=was.response.changed(findings=findings, examining=None))
    if not command.findings:
        return
    news, again = is_news(was.response.findings, command.findings), was.state in _SEEMS_OVER and not by
    if news or not again:
        turn.note("assessed", said, by="Tocsin")
    if was.state in _SEEMS_OVER or (by and was.answered):
        _tick(turn, command)
    if was.state in _SEEMS_OVER and checks_wanted(turn.incident):
        ask(turn, after=AGAIN)
    if was.state is State.RECOVERED or (not again and _changes(turn, command, said)):
        return
    if news and not _held(turn):
        turn.update(Reason.UPDATE, note=said)


def _tick(turn: Turn, command: Assess) -> None:
    """Its checklist has their word, too."""
    for one in command.findings:
        if one.outcome != Found.UNKNOWN:
            verified_by_check(turn, one.check, ok=one.outcome == Found.OK, said=one.text)


def _held(turn: Turn) -> bool:
    """Is nobody to be told now?"""
    hold, state = turn.incident.hold, turn.incident.state
    return state is State.TRIGGERED and hold is not None and (hold.parent is not None or hold.until > turn.now)


def _changes(turn: Turn, command: Assess, said: str) -> bool:
    """What the YAML makes of it. The worst that a check says holds; a false positive only where no other failed."""
    severity, false = _worst(command), _false_positive(command)
    present = turn.incident.severity
    if severity is not None and severity[1].worse_than(present):
        return _raise(turn, command, *severity, said)
    if false is not None:
        return _allowed(turn, f"the check {false[0]} would have marked it as a false positive") and _is_none(
            turn, *false
        )
    if severity is not None and present.worse_than(severity[1]):
        return _allowed(turn, f"the check {severity[0]} would have lowered it to {severity[1]}") and _lower(
            turn, command, *severity, said
        )
    return False


def _said_by(command: Assess) -> Iterator[tuple[str, Becomes]]:
    becomes: Mapping[str, Becomes] = command.becomes
    for finding in command.findings:
        if finding.check in becomes:
            yield finding.check, becomes[finding.check]


def _worst(command: Assess) -> tuple[str, Severity] | None:
    wanted = [(check, one.severity) for check, one in _said_by(command) if one.severity is not None]
    return min(wanted, key=lambda one: one[1].value, default=None)


def _false_positive(command: Assess) -> tuple[str, str] | None:
    unwell = {one.check for one in command.findings if one.outcome != Found.OK}
    for check, one in _said_by(command):
        if one.false_positive is not None and unwell <= {check}:
            return check, one.false_positive
    return None


def _allowed(turn: Turn, otherwise: str) -> bool:
    """A check never makes it milder once a person has answered, or has said how bad it is; that is written down."""
    incident, by = turn.incident, turn.incident.response.severity_by
    if by is None and not incident.answered:
        return True
    why = f"{by} has said how bad it is" if by is not None else f"{incident.acknowledged_by or 'somebody'} has it"
    turn.note("assessed", f"{otherwise}, but {why}", by="Tocsin")
    return False


def _raise(turn: Turn, command: Assess, check: str, to: Severity, said: str) -> bool:
    by = turn.incident.response.severity_by
    if by is not None:
        turn.note("assessed", f"the check {check} would have raised it to {to}, but {by} has said how bad it is")
        return False
    _rate(turn, command, check, to, said)
    if not set(checks_of(turn.incident)) <= {one.check for one in command.findings}:
        ask(turn)
    return True


def _lower(turn: Turn, command: Assess, check: str, to: Severity, said: str) -> bool:
    _rate(turn, command, check, to, said)
    return True


def _rate(turn: Turn, command: Assess, check: str, to: Severity, said: str) -> None:
    was = turn.incident.severity
    text = f"the check {check} {'raised' if to.worse_than(was) else 'lowered'} it from {was} to {to}"
    turn.note("severity", text, by=f"check {check}", via=CHECK)
    rated(turn, to, f"{text}: {said}", f"check {check}", command.roster)


def _is_none(turn: Turn, check: str, reason: str) -> bool:
    false_alarm(turn, f"check {check}", CHECK, reason)
    return True
