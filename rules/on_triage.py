"""What comes of checks: they are asked for, and what they have found is told. `rules.transition` says in which state.

The page that calls somebody never waits for them (docs/decisions/0030): what they find follows as an update.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rules import on_people
from rules.assessment import assessment, is_news, merged
from rules.commands import ChangeSeverity
from rules.decision import Decision
from rules.effects import ExamineAt
from rules.event import Severity
from rules.incident import Incident, Reason, State
from rules.links import together
from rules.on_people import false_alarm, rated
from rules.on_response import verified_by_check
from rules.response import Examining
from rules.response_commands import Assess, Examine
from rules.triage import AT_MOST, Becomes, Found
from rules.turn import Turn
from rules.verification import checks_wanted

AGAIN_AFTER = 120.0
"""Seconds after which what has to be verified is looked at again while it is not so."""
_TO_VERIFY = (State.MITIGATED, State.RECOVERED)


def checks_of(incident: Incident) -> tuple[str, ...]:
    """The checks of an incident by name: its severity's, then its rule's; those of its checklist once it seems over."""
    to_verify = checks_wanted(incident) if incident.state in _TO_VERIFY else ()
    return tuple(dict.fromkeys((*to_verify, *incident.plan.triage, *incident.response.triage)))[:AT_MOST]


def ask(turn: Turn, by: str = "") -> None:
    """Promise that its checks are run now; an incident that has none is promised nothing."""
    if checks_of(turn.incident):
        turn.change(response=turn.incident.response.changed(examining=Examining(at=turn.now, by=by)))
        turn.effects.append(ExamineAt(at=turn.now))


def verify(turn: Turn, was: State) -> None:
    """It seems over now, and was not before: what its checklist leaves to checks is looked at."""
    if was not in _TO_VERIFY and turn.incident.state in _TO_VERIFY and checks_wanted(turn.incident):
        ask(turn)


def _ticked(turn: Turn, command: Assess, by: str) -> None:
    """What checks say of its checklist, once it seems over or somebody asked; what is not so is looked at again."""
    if turn.incident.state not in _TO_VERIFY and not by:
        return
    for finding in command.findings:
        verified_by_check(turn, finding.check, ok=finding.outcome == Found.OK, said=finding.text)
    if turn.incident.state in _TO_VERIFY and checks_wanted(turn.incident):
        at = turn.now + AGAIN_AFTER
        turn.change(response=turn.incident.response.changed(examining=Examining(at=at)))
        turn.effects.append(ExamineAt(at=at))


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
        ask(turn)


def examine(turn: Turn, command: Examine) -> None:
    """A person wants to know how it is now."""
    if checks_of(turn.incident):
        turn.note("checked", f"{command.by} asks its checks again", by=command.by, via=command.via)
        ask(turn, command.by)


def assess(turn: Turn, command: Assess) -> None:
    """They have answered: it stands in the history, may change how bad it is, and whoever was told hears of it once."""
    was, said = turn.incident, assessment(command.findings)
    findings = merged(was.response.findings, command.findings)
    turn.change(response=was.response.changed(findings=findings, examining=None))
    if not command.findings:
        return
    turn.note("assessed", said, by="Tocsin")
    _ticked(turn, command, was.response.examining.by if was.response.examining is not None else "")
    if was.state is State.RECOVERED or _changes(turn, command, said):
        return
    if is_news(was.response.findings, command.findings) and not _held(turn):
        turn.update(Reason.UPDATE, note=said)


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
    turn.note("severity", text, by=f"check {check}")
    rated(turn, to, f"{text}: {said}", f"check {check}", command.roster)


def _is_none(turn: Turn, check: str, reason: str) -> bool:
    false_alarm(turn, f"check {check}", None, reason)
    return True
