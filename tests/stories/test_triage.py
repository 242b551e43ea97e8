"""Triage: what checks find is told after the first page, may change how bad it is, and never keeps anything waiting."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from redis import Redis

from rules.commands import ChangeSeverity
from rules.event import Action, Severity
from rules.incident import Reason
from rules.responding.response_commands import Examine
from tests.outside import Heard
from tests.world import RULES, World, a_world
from workers import keys
from workers.agenda import Job, Kind, Lane
from workers.channels.contract import Reply, Undelivered
from workers.triage import deployments
from workers.triage.deployments import Deployment
from workers.watch.auditor import audit

SITE, API = "https://shop.example.com/", "https://shop.example.com/health"
CHECKS = f"""
checks:
  site: {{type: http, url: "{SITE}"}}
  api: {{type: http, url: "{API}"}}
  deployed: {{type: deployment}}
"""
TRIAGE = (RULES + CHECKS).replace("fallback: [hook]}", "fallback: [hook], triage: [site, api, deployed]}")
P1_PAGE = [("pagerduty", "trigger"), ("slack", Reason.OPENED), ("mail", Reason.OPENED)]
ASSESSED = [("slack", Reason.UPDATE), ("mail", Reason.UPDATE)]


def down(world: World) -> None:
    """The site answers 502, the API is well, and something was deployed twelve minutes ago."""
    world.outside.pages |= {SITE: Reply(status=502), API: Reply(status=200)}
    world.house.examiner.timer = Steady()
    deployments.add(world.redis, Deployment(at=world.clock.at - 725, what="2.4.1", by="ana"))


def said(heard: list[Heard], reason: Reason) -> str:
    """All of what Slack was told for this reason."""
    return next(str(one.body) for one in heard if one.short == ("slack", reason))


class Steady:
    """A clock that stands still, so that a sentence can be compared."""

    def __call__(self) -> float:
        """Always the same."""
        return 0.0


@pytest.fixture
def world(redis: Redis) -> Iterator[World]:
    """A shop whose site is looked at when something opens."""
    with a_world(redis, TRIAGE) as world:
        down(world)
        yield world


SAID = "site answers 502 in 0 ms, api healthy, last deployment 12m ago (2.4.1 by ana)"


def test_the_page_goes_out_first_and_what_is_found_follows(world: World) -> None:
    """One update to everybody who was told, in one sentence, what is wrong first; the same in the history."""
    world.hears("outage")
    heard = world.outside.heard_exactly([*P1_PAGE, *ASSESSED])
    order = [one.reason for one in heard if one.channel == "slack"]
    assert order == [Reason.OPENED, Reason.UPDATE]
    assert SAID in said(heard, Reason.UPDATE)
    assert [line.text for line in world.timeline if line.kind == "assessed"] == [SAID]
    assert [(one.check, one.outcome) for one in world.incident.response.findings] == [
        ("site", "failed"), ("api", "ok"), ("deployed", "ok"),
    ]  # fmt: skip
    assert world.incident.response.examining is None
    assert sorted(world.outside.looked) == sorted([f"GET {SITE}", f"GET {API}"])


def test_whoever_is_called_later_reads_it_in_their_page(world: World) -> None:
    """The engineering lead at T+15 knows what the first page did not."""
    world.hears("outage")
    world.outside.heard_exactly([*P1_PAGE, *ASSESSED])
    world.passes("15m")
    heard = world.outside.heard_exactly(
        [("pagerduty", "trigger"), ("slack", Reason.ESCALATED), ("mail", Reason.ESCALATED)]
    )
    assert all("site answers 502" in (one.text if one.channel == "mail" else str(one.body)) for one in heard)


def test_a_page_is_sent_even_when_every_check_hangs(world: World) -> None:
    """Nobody waits for what burns; that it hangs is a finding, told once."""
    hangs = Undelivered("https://shop.example.com did not answer within 3s", permanent=False)
    world.outside.pages = {SITE: hangs, API: RuntimeError("our own fault")}
    world.hears("outage")
    heard = world.outside.heard_exactly([*P1_PAGE, *ASSESSED])
    text = said(heard, Reason.UPDATE)
    assert "site did not answer within 3s, api could not be run (RuntimeError), last deployment" in text


def test_severities_without_checks_are_as_they_were(world: World) -> None:
    """No check, no promise, no update."""
    world.hears("degraded")
    world.outside.heard_exactly([("pagerduty", "trigger"), ("slack", Reason.OPENED)])
    assert world.outside.looked == []
    assert world.house.agenda.lengths()[Lane.URGENT, Job.CHECK] == 0


def test_a_raise_looks_again_and_what_is_as_before_is_told_to_nobody(redis: Redis) -> None:
    """Another severity has other checks; those that say the same again are only written down."""
    rules = TRIAGE.replace("fallback: [mail]}", "fallback: [mail], triage: [api]}")
    with a_world(redis, rules) as world:
        down(world)
        world.hears("degraded")
        world.outside.heard_exactly([("pagerduty", "trigger"), ("slack", Reason.OPENED), ("slack", Reason.UPDATE)])
        world.clock.at += 60
        world.asks(ChangeSeverity(by="ana", via="test", to=Severity.P1, roster=world.house.ledger.roster()))
        heard = world.outside.heard_exactly(
            [("pagerduty", "trigger"), ("slack", Reason.SEVERITY_RAISED), ("mail", Reason.SEVERITY_RAISED), *ASSESSED]
        )
        assert "site answers 502" in said(heard, Reason.UPDATE)
        world.clock.at += 60
        world.asks(Examine(by="ana", via="test"))
        world.outside.heard_nothing()
        assert [line.kind for line in world.timeline][-2:] == ["checked", "assessed"]


def test_a_rule_may_ask_for_more(redis: Redis) -> None:
    """Its checks beside those of the severity, each once."""
    rules = TRIAGE.replace("then: {severity: P1}}", "then: {severity: P1, triage: [api, db]}}", 1)
    rules += "  db: {type: tcp, host: db.internal, port: 5432}\n"
    with a_world(redis, rules) as world:
        down(world)
        world.hears("outage")
        world.outside.heard_exactly([*P1_PAGE, *ASSESSED])
        found = {one.check: one.text for one in world.incident.response.findings}
        assert list(found) == ["site", "api", "deployed", "db"]
        assert found["db"] == "db takes no connection"


# --- nothing is lost, nothing waits ---


def test_a_worker_that_dies_in_the_middle_loses_nothing(world: World) -> None:
    """The claim runs out, another worker runs them again, and it is told once."""
    world.hears("outage", work=False)
    world.house.ledger.deduplicate(world.house.agenda.claim(Lane.INTAKE, Job.DEDUPLICATE, world.clock.now()))
    (claimed,) = world.house.agenda.claim(Lane.URGENT, Job.CHECK, world.clock.now())
    world.works()
    world.outside.heard_exactly(P1_PAGE)
    world.passes("12s")
    world.outside.heard_exactly(ASSESSED)
    # The one that was believed dead comes back: its claim is nobody's any more.
    world.house.ledger.keep([claimed], lambda _: Examine(by="nobody", via="test"))
    assert not [line for line in world.timeline if line.kind == "checked"]


def test_a_promise_that_is_gone_is_made_again(world: World) -> None:
    """The auditor knows what an incident owes."""
    world.hears("outage", work=False)
    world.house.ledger.deduplicate(world.house.agenda.claim(Lane.INTAKE, Job.DEDUPLICATE, world.clock.now()))
    entry = f"{Kind.CHECK}-{world.incident.id}"
    world.redis.delete(keys.entry(entry))
    world.works()
    world.outside.heard_exactly(P1_PAGE)
    assert world.house.ledger.repair(world.incident.id)
    world.works()
    world.outside.heard_exactly(ASSESSED)


def test_what_is_over_by_then_is_asked_nothing(world: World) -> None:
    """What has recovered before its checks were run needs no assessment any more."""
    world.hears("outage", work=False)
    world.house.ledger.deduplicate(world.house.agenda.claim(Lane.INTAKE, Job.DEDUPLICATE, world.clock.now()))
    (claimed,) = world.house.agenda.claim(Lane.URGENT, Job.CHECK, world.clock.now())
    world.works()
    world.hears(action=Action.RESOLVE)
    world.outside.heard = []
    world.house.ledger.wait([claimed], world.clock.now())
    world.works()
    world.outside.heard_nothing()
    assert world.outside.looked == []
    assert "assessed" not in [line.kind for line in world.timeline]
    assert (world.incident.all_clear, world.incident.response.examining) == (True, None)


def test_a_storm_asks_a_page_once(world: World) -> None:
    """What was found just now serves the next incident too."""
    for number in range(5):
        world.hears("outage", key=f"web-{number}")
    world.outside.heard = []
    assert len(world.outside.looked) == 2
    assert all(one.response.findings for one in world.incidents)


def test_who_is_silenced_hears_of_no_check(redis: Redis) -> None:
    """It stands in the history."""
    rules = (
        TRIAGE
        + """
silences:
  - {name: deploy, when: {source: uptime}, start: 2026-03-02 08:00, for: 4h, reason: 2.4.1, by: ana}
"""
    )
    with a_world(redis, rules) as world:
        down(world)
        world.hears("outage")
        world.outside.heard_nothing()
        assert SAID in world.history()


def test_a_check_that_left_the_rules_is_a_finding(world: World) -> None:
    """The plan is frozen into the incident; the rules have moved on."""
    world.hears("outage", work=False)
    world.house.ledger.deduplicate(world.house.agenda.claim(Lane.INTAKE, Job.DEDUPLICATE, world.clock.now()))
    checks = {"site": world.ruleset.config.checks["site"]}
    object.__setattr__(world.ruleset, "config", world.ruleset.config.model_copy(update={"checks": checks}))
    world.works()
    world.outside.heard_exactly([*P1_PAGE, *ASSESSED])
    said = {one.check: (one.outcome, one.text) for one in world.incident.response.findings}
    assert said["api"] == ("unknown", "api is in the rules no more")


def test_links_are_filled_from_the_event_and_stand_in_the_message(redis: Redis) -> None:
    """Escaped; what the event lacks is left out."""
    rules = TRIAGE.replace(
        "then: {severity: P1}}",
        'then: {severity: P1, links: {Issues: "https://sentry.example/?q={labels.release}",'
        ' Other: "https://x.example/{labels.nothing}"}}}',
        1,
    )
    with a_world(redis, rules) as world:
        down(world)
        world.hears("outage", labels={"release": "2.4.1 & <b>/../x"})
        heard = world.outside.heard_exactly([*P1_PAGE, *ASSESSED])
        (link,) = world.incident.response.links
        assert (link.text, link.url) == ("Issues", "https://sentry.example/?q=2.4.1%20%26%20%3Cb%3E%2F..%2Fx")
        mail = next(one for one in heard if one.short == ("mail", Reason.OPENED))
        assert link.url in str(mail.body) or link.url in mail.text


def test_a_command_is_run_where_it_is_allowed_and_what_it_wrote_is_kept(redis: Redis) -> None:
    """Off, it is unknown and says what to set; on, its last lines stand behind the finding. Never in a message."""
    rules = TRIAGE.replace("triage: [site, api, deployed]", "triage: [log]")
    rules += "  log: {type: command, run: [echo, backend is down]}\n"
    for allowed, outcome, detail in (("false", "unknown", ""), ("true", "ok", "backend is down")):
        redis.flushall()
        with a_world(redis, rules, allow_commands=allowed) as world:
            world.hears("outage")
            heard = world.outside.heard_exactly([*P1_PAGE, *ASSESSED])
            (found,) = world.incident.response.findings
            assert (found.outcome, found.detail) == (outcome, detail)
            assert "backend is down" not in str([one.body for one in heard])


def test_the_audit_finds_nothing_where_all_is_well(world: World) -> None:
    """Findings are no promise."""
    world.hears("outage")
    world.outside.heard_exactly([*P1_PAGE, *ASSESSED])
    assert not world.house.ledger.repair(world.incident.id)
    audit(world.house)
    world.outside.heard = []
