"""Findings about rules, severities and sources that never meet."""

from __future__ import annotations

from collections.abc import Iterator

from rules.event import Severity
from rules.lint.given import Given
from rules.reading.problem import Problem, one_of

_OUT_OF_THE_WAY = "move it further up, narrow what stands above it, or take it out"


def never_matches(given: Given) -> Iterator[Problem]:
    """A rule whose own conditions exclude one another."""
    for number, why in given.order.never.items():
        name = given.config.rules[number].name
        message = f"'{name}' never matches: {why}"
        yield given.finding(("rules", number, "name"), message, "take one of the two out")


def shadowed(given: Given) -> Iterator[Problem]:
    """A rule that nothing comes to, because earlier ones end the search for everything it matches."""
    rules, order = given.config.rules, given.order
    if order.everything is not None and order.everything < len(rules) - 1:
        yield _everything(given, order.everything)
    for number, takers in order.shadowed.items():
        if takers != (order.everything,):
            above = " and ".join(f"'{rules[taker].name}'" for taker in takers[:3])
            more = f" and {len(takers) - 3} more" if len(takers) > 3 else ""
            takes = "takes" if len(takers) == 1 else "take"
            message = f"nothing comes to '{rules[number].name}': {above}{more} above {takes} all of it"
            yield given.finding(("rules", number, "name"), message, _OUT_OF_THE_WAY)


def _everything(given: Given, number: int) -> Problem:
    rules = given.config.rules
    after = len(rules) - number - 1
    message = f"'{rules[number].name}' matches everything, so nothing comes to '{rules[number + 1].name}'" + (
        f" and {after - 1} more" if after > 1 else ""
    )
    hint = "put it last, give it a when, or let it say continue: true"
    return given.finding(("rules", number, "name"), message, hint)


def unreached_severity(given: Given) -> Iterator[Problem]:
    """A severity that no rule gives."""
    order = given.order
    given_by = {rule.then.severity for number, rule in enumerate(given.config.rules) if order.alive(number)}
    if order.everything is None:
        given_by.add(Severity.P3)  # What no rule matches.
    for severity in given.config.severities:
        if severity not in given_by:
            message = f"no rule says {severity}: nothing that is heard becomes one, only a person can make it so"
            path = ("severities", severity.value)
            yield given.finding(path, message, f"let a rule say severity: {severity}", key=True)


def silent_source(given: Given) -> Iterator[Problem]:
    """A source of which no rule takes anything."""
    order = given.order
    if order.everything is not None:
        return
    for name in given.config.sources:
        if name not in order.heard:
            message = f"no rule matches anything that '{name}' sends: it all becomes a P3 of «no rule matched»"
            hint = "write a rule for it, or end the rules with one for everything"
            yield given.finding(("sources", name), message, hint, key=True)


def single_channel(given: Given) -> Iterator[Problem]:
    """A P1 that is told through one channel: when that fails, nobody is told."""
    plan = given.config.severities[Severity.P1]
    hint = "add a second channel, or a fallback"
    if len({*plan.channels, *plan.fallback}) == 1:
        message = f"a P1 is told through {plan.channels[0]} alone: when that fails, nobody is told"
        yield given.finding(("severities", "P1", "channels"), message, hint)
    for number, rule in enumerate(given.config.rules):
        own = rule.then.channels
        if own and rule.then.severity == Severity.P1 and len({*own, *plan.fallback}) == 1:
            message = f"a P1 of '{rule.name}' is told through {own[0]} alone: when that fails, nobody is told"
            yield given.finding(("rules", number, "then", "channels"), message, hint)


def late_step(given: Given) -> Iterator[Problem]:
    """A severity whose first escalation comes after the time within which somebody must have answered."""
    seen: set[Severity] = set()
    for number, row in enumerate(given.config.escalation):
        plan = given.config.severities.get(row.severity)
        if plan is None or row.severity in seen:
            continue
        seen.add(row.severity)
        if row.after > plan.respond_within:
            within = given.document.at(("severities", row.severity.value, "respond_within"))
            written = given.document.at(("escalation", number, "after"))
            message = f"a {row.severity} must be answered within {within}, and is escalated only after {written}"
            hint = f"escalate after {within}, or give it more time to respond"
            yield given.finding(("escalation", number, "after"), message, hint)


def unused(given: Given) -> Iterator[Problem]:
    """People, roles, teams, schedules, channels and checks that nothing leads to."""
    config = given.config
    used: dict[str, set[str | None]] = {
        "people": _people(given),
        "roles": {
            *(name for row in config.escalation for name in (row.responder, row.escalate_to)),
            *(plan.first_responder for plan in config.severities.values()),
        },
        "teams": {rule.then.team for rule in config.rules},
        "schedules": {role.schedule for role in config.roles.values()},
        "channels": {
            *(name for plan in config.severities.values() for name in (*plan.channels, *plan.fallback)),
            *(name for rule in config.rules for name in rule.then.channels or ()),
        },
        "checks": {
            *(name for name, check in config.checks.items() if check.every is not None),
            *(name for plan in config.severities.values() for name in plan.triage),
            *(name for rule in config.rules for name in rule.then.triage or ()),
            *(item.check for checklist in config.checklists.values() for item in checklist),
        },
    }
    for section, (one, leads) in _LEADS.items():
        for name in getattr(config, section):
            if name not in used[section]:
                message = f"nothing leads to the {one} '{name}'"
                yield given.finding((section, name), message, f"name it in {one_of(leads)}, or take it out", key=True)


_LEADS = {
    "people": ("person", ("a role", "a schedule", "a team")),
    "roles": ("role", ("escalation", "a first_responder")),
    "teams": ("team", ("a rule's team",)),
    "schedules": ("schedule", ("a role",)),
    "channels": ("channel", ("a severity", "a rule's channels")),
    "checks": ("check", ("a severity's triage", "a rule's triage", "a checklist", "its own every")),
}
"""What one of each section is called, and where it can be named."""


def _people(given: Given) -> set[str | None]:
    config = given.config
    turns = {person for schedule in config.schedules.values() for person in schedule.people}
    swaps = {swap.person for schedule in config.schedules.values() for swap in schedule.overrides}
    teams = {person for team in config.teams.values() for person in team.people}
    return {*turns, *swaps, *teams, *(role.person for role in config.roles.values())}
