"""The escalation matrix: from the rows as the runbook prints them to the plan that is frozen into an incident."""

from __future__ import annotations

from itertools import pairwise

from rules.announcing import status_pages
from rules.duration import show_duration
from rules.event import Severity
from rules.incident import Plan, PlanStep, Policy
from rules.oncall.schedule import working_hours
from rules.reading import check_room
from rules.reading.config import Config, MatrixRow
from rules.reading.document import Document
from rules.responding.checklists import items


def policy(config: Config, version: str = "") -> Policy:
    """The plans of every severity. The config must have passed `check`."""
    written = config.postmortems
    return Policy(
        plans={severity: plan(config, severity) for severity in config.severities},
        version=version,
        postmortem=written.terms(working_hours(config, written.hours)),
    )


def plan(config: Config, severity: Severity) -> Plan:
    """Who is told first, through what, and the steps with their times counted from the start of the severity."""
    written = config.severities[severity]
    rows = [row for row in config.escalation if row.severity == severity]
    steps = _steps(rows, cumulated=config.escalation_clock == "previous_step")
    return Plan(
        responder=rows[0].responder if rows else written.first_responder or "",
        channels=tuple(written.channels),
        fallback=tuple(written.fallback),
        respond_within=written.respond_within,
        steps=steps,
        exhausted_after=_exhausted(steps, written.exhausted_after, written.respond_within),
        repeat=written.repeat,
        repeat_factor=written.repeat_factor,
        again_after=written.again_after or 0.0,
        acknowledged_for=written.acknowledged_for,
        hours=working_hours(config, written.hours),
        resolve_after=written.resolve_after,
        triage=tuple(written.triage),
        update_every=written.update_every,
        announce=tuple(written.announce),
        stakeholders=tuple(written.stakeholders),
        verify=items(config.checklists.get(written.verify or "", ())),
        incident_channel=check_room.bot_of(config, written.incident_channel),
        publish=status_pages.automatic(config.status_pages, severity),
    )


def _steps(rows: list[MatrixRow], *, cumulated: bool) -> tuple[PlanStep, ...]:
    steps: list[PlanStep] = []
    for row in rows:
        before = steps[-1].after if cumulated and steps else 0.0
        steps.append(PlanStep(role=row.escalate_to, after=before + row.after, waits_for=row.responder))
    return tuple(steps)


def _exhausted(steps: tuple[PlanStep, ...], given: float | None, respond_within: float) -> float:
    if not steps:
        return given or respond_within
    last_wait = steps[-1].after - (steps[-2].after if len(steps) > 1 else 0.0)
    return steps[-1].after + (given or last_wait)


def check(config: Config, document: Document) -> None:
    """Complain about a severity that is missing or tells nobody first, and about rows that form no chain."""
    for severity in Severity:
        if severity not in config.severities:
            document.complain(
                ("severities",), f"severity {severity} is missing; P1, P2, P3 and P4 must all be here", key=True
            )
            continue
        rows = [(number, row) for number, row in enumerate(config.escalation) if row.severity == severity]
        if not rows and config.severities[severity].first_responder is None:
            message = (
                f"nobody is told of a {severity} at first; it has no row under 'escalation' and no first_responder"
            )
            document.complain(
                ("severities", severity.value), message, f"add first_responder: {_a_role(config)}", key=True
            )
        for (_, before), (number, row) in pairwise(rows):
            _check_row(config, document, number, before, row)


def _check_row(config: Config, document: Document, number: int, before: MatrixRow, row: MatrixRow) -> None:
    if row.responder != before.escalate_to:
        message = (
            f"{row.severity} was escalated to '{before.escalate_to}', so this row's responder is '{before.escalate_to}'"
        )
        document.complain(("escalation", number, "responder"), f"{message}, found '{row.responder}'")
    if config.escalation_clock == "severity" and row.after <= before.after:
        message = f"expected more than the {show_duration(before.after)} of the {row.severity} row before"
        hint = "'after' counts from when the severity began; for row by row write escalation_clock: previous_step"
        document.complain(("escalation", number, "after"), f"{message}, found {show_duration(row.after)}", hint)


def _a_role(config: Config) -> str:
    return next(iter(config.roles), "<a role>")
