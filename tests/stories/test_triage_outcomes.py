"""What the outcome of a check makes of an incident: milder, worse, or none at all, where the YAML says so."""

from __future__ import annotations

import pytest
from redis import Redis

from rules.commands import Acknowledge, ChangeSeverity, Undo
from rules.event import Severity
from rules.incident import Reason, State
from rules.responding.response_commands import Examine
from tests.stories.test_triage import API, ASSESSED, P1_PAGE, SAID, SITE, TRIAGE, down, said
from tests.world import a_world
from workers.agenda import Job, Lane
from workers.channels.contract import Reply


def becoming(check: str, words: str) -> str:
    """The rules, with what a check's outcome makes of an incident."""
    url = {"site": SITE, "api": API}[check]
    return TRIAGE.replace(f'url: "{url}"}}', f'url: "{url}", {words}}}')


def test_a_check_lowers_what_nobody_has_answered(redis: Redis) -> None:
    """As by hand: whoever was told hears it, the further steps are the milder ones, and the check is named."""
    with a_world(redis, becoming("api", "when_ok: {severity: P2}")) as world:
        down(world)
        world.hears("outage")
        heard = world.outside.heard_exactly(
            [*P1_PAGE, ("slack", Reason.SEVERITY_LOWERED), ("mail", Reason.SEVERITY_LOWERED)]
        )
        assert f"the check api lowered it from P1 to P2: {SAID}" in said(heard, Reason.SEVERITY_LOWERED)
        (line,) = [line for line in world.timeline if line.kind == "severity"]
        assert (line.text, line.by) == ("the check api lowered it from P1 to P2", "check api")
        world.passes("59m")
        world.outside.heard_nothing()
        world.passes("1m")
        world.outside.heard_exactly([("pagerduty", "trigger"), ("slack", Reason.ESCALATED)])


def test_a_check_raises_what_nobody_has_answered_and_the_matrix_begins_anew(redis: Redis) -> None:
    """The first responder is called for what it is now, and its further checks are run."""
    rules = becoming("site", "when_failed: {severity: P1}").replace(
        "fallback: [mail]}", "fallback: [mail], triage: [site]}"
    )
    with a_world(redis, rules) as world:
        down(world)
        world.hears("degraded")
        heard = world.outside.heard_exactly(
            [
                ("pagerduty", "trigger"), ("slack", Reason.OPENED),
                ("pagerduty", "trigger"), ("slack", Reason.SEVERITY_RAISED), ("mail", Reason.SEVERITY_RAISED),
                *ASSESSED,
            ]
        )  # fmt: skip
        assert "the check site raised it from P2 to P1: site answers 502" in said(heard, Reason.SEVERITY_RAISED)
        assert {one.check for one in world.incident.response.findings} == {"site", "api", "deployed"}
        world.passes("15m")
        assert world.incident.severity is Severity.P1
        world.outside.heard_exactly([("pagerduty", "trigger"), ("slack", Reason.ESCALATED), ("mail", Reason.ESCALATED)])


def test_a_check_marks_a_false_positive_and_whoever_was_woken_hears_it(redis: Redis) -> None:
    """Closed, with the reason; not where another check has failed."""
    rules = becoming("site", "when_ok: {false_positive: the site answers us}")
    with a_world(redis, rules) as world:
        down(world)
        world.outside.pages[SITE] = Reply(status=200)
        world.hears("outage")
        world.outside.heard_exactly(
            [*P1_PAGE, ("pagerduty", "resolve"), ("slack", Reason.FALSE_POSITIVE), ("mail", Reason.FALSE_POSITIVE)]
        )
        assert (world.incident.state, world.incident.false_positive) == (State.RESOLVED, "the site answers us")
        assert world.incident.resolved_by == "check site"
    with a_world(redis, rules) as world:
        redis.flushall()
        down(world)
        world.outside.pages |= {SITE: Reply(status=200), API: Reply(status=500)}
        world.hears("outage")
        world.outside.heard_exactly([*P1_PAGE, *ASSESSED])
        assert world.incident.state is State.TRIGGERED


@pytest.mark.parametrize("words", ["severity: P3", "false_positive: it answers us"])
def test_a_check_never_makes_milder_what_a_person_has_answered(redis: Redis, words: str) -> None:
    """Somebody was quicker than the checks: they know more. What the check would have done is written down."""
    with a_world(redis, becoming("api", f"when_ok: {{{words}}}")) as world:
        down(world)
        world.outside.pages[SITE] = Reply(status=200)
        world.hears("outage", work=False)
        world.house.ledger.deduplicate(world.house.agenda.claim(Lane.INTAKE, Job.DEDUPLICATE, world.clock.now()))
        world.asks(Acknowledge(by="ana", via="test"))
        world.outside.heard = []
        assert (world.incident.severity, world.incident.state) == (Severity.P1, State.ACKNOWLEDGED)
        (line,) = [line.text for line in world.timeline if "would have" in line.text]
        assert line.endswith(", but ana has it")


def test_what_a_person_has_said_of_its_severity_no_check_changes(redis: Redis) -> None:
    """Neither down nor up. Their last word can still be taken back, whatever was found meanwhile."""
    rules = becoming("site", "when_failed: {severity: P1}").replace(
        "fallback: [mail]}", "fallback: [mail], triage: [site]}"
    )
    with a_world(redis, rules) as world:
        down(world)
        world.outside.pages[SITE] = Reply(status=200)
        world.hears("degraded")
        world.clock.at += 60
        roster = world.house.ledger.roster()
        world.asks(ChangeSeverity(by="ana", via="test", to=Severity.P3, roster=roster))
        world.outside.pages[SITE] = Reply(status=502)
        world.outside.heard = []
        world.asks(ChangeSeverity(by="ana", via="test", to=Severity.P2, roster=roster))
        world.clock.at += 20
        world.asks(Examine(by="ana", via="test"))
        assert world.incident.severity is Severity.P2
        assert "would have raised it to P1, but ana has said how bad it is" in world.history()[-1] + world.history()[-2]
        world.clock.at += 5
        world.asks(Undo(by="ana", via="test", roster=roster))
        world.outside.heard = []
        # What she had said before still stands; what was found meanwhile stays found.
        assert (world.incident.severity, world.incident.response.severity_by) == (Severity.P3, "ana")
        assert world.incident.response.findings[0].outcome == "failed"
