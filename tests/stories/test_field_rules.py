"""What went wrong in other tools between message and page, and must not here: rules, groups, gates, escaping."""

from __future__ import annotations

from pathlib import Path

import pytest
from redis import Redis

from rules.event import Action
from rules.incident import Reason, State
from rules.reading.load import Wrong, load
from tests.channels.test_slack import markdown
from tests.receiver.ear import KUMA, Ear
from tests.workers.test_reload import Process
from tests.world import RULES, START, a_world
from workers import jobs
from workers.agenda import DESKS
from workers.deliveries.inbox import Inbox

P1_PAGE = [("pagerduty", "trigger"), ("slack", Reason.OPENED), ("mail", Reason.OPENED)]
P2_PAGE = [("pagerduty", "trigger"), ("slack", Reason.OPENED)]
P2_OVER = [("pagerduty", "resolve"), ("slack", Reason.RECOVERED)]


def test_a_rule_that_groups_is_followed_for_every_event(redis: Redis) -> None:
    """Keep #6793: a rule was stored and shown as active, and alerts of one service with two names were two alerts."""
    with a_world(redis) as world:
        for name in ("alert one", "alert two"):
            world.hears("grouped", key=name, summary=name, source="api", labels={"service": "billing-api"})
        world.outside.heard_exactly(P2_PAGE)
        assert len(world.incident.signals) == 2
        assert world.incident.rule == "one service"


def test_a_rule_that_cannot_be_followed_is_not_accepted() -> None:
    """Keep PR #6794: no event had the fields of a rule, and nothing said so. Here: the line, and what is expected."""
    with pytest.raises(Wrong) as wrong:
        load({"rules.yaml": RULES.replace("group_by: [labels.service]", "group_by: [lables.service]")})
    (problem,) = wrong.value.problems
    assert str(problem).startswith("rules.yaml:")
    assert "lables.service" in str(problem)
    assert "labels." in str(problem)


def test_a_silence_for_a_source_that_is_none_is_not_accepted() -> None:
    """Keep #6793 for silences: one that looks as if it were in force, and is for a source nobody has."""
    silence = "{name: backup, when: {source: uptme}, start: 2026-03-02 02:00, for: 1h, reason: a backup}"
    sources = '\nsources: {uptime-eu: {type: uptimekuma, token: "${env:KUMA}"}}\nsilences:\n  - '
    with pytest.raises(Wrong) as wrong:
        load({"rules.yaml": RULES + sources + silence})
    (problem,) = wrong.value.problems
    assert "'uptme' (did you mean uptime?)" in str(problem)


def test_saved_rules_judge_the_next_event_and_move_no_running_ladder(redis: Redis, tmp_path: Path) -> None:
    """Keep #6793 once more, while it runs: what is shown as in force is what the very next event is judged by."""
    with a_world(redis) as world:
        process = Process(redis, tmp_path / "one", world.clock)
        process.reload.begin()
        world.hears("degraded", key="old")
        world.outside.heard_exactly(P2_PAGE)
        faster = RULES.replace(
            "P2, responder: on-call engineer, after: 1h", "P2, responder: on-call engineer, after: 5m"
        )
        process.write(faster)
        process.looks()
        world.ruleset = process.live()
        world.passes("1m")
        world.hears("degraded", key="new")
        world.outside.heard_exactly(P2_PAGE)
        old, new = world.incidents
        assert (old.steps[1].due_at - START, new.steps[1].due_at - START) == (3600, 60 + 300)
        assert (new.rules_version, new.title) == (process.live().version, "new is down")
        assert old.rules_version != new.rules_version


def test_what_depends_on_what_is_down_is_not_told_as_well(redis: Redis) -> None:
    """Healthchecks #917 asks for it: the database is down, and so is everything that needs it. One page."""
    with a_world(redis) as world:
        world.hears("grouped", key="database", labels={"service": "shop"})
        for number in range(30):
            world.hears("grouped", key=f"job {number}", labels={"service": "shop"})
        world.outside.heard_exactly(P2_PAGE)
        for number in range(30):
            world.hears(key=f"job {number}", action=Action.RESOLVE)
        world.outside.heard_nothing()
        world.hears(key="database", action=Action.RESOLVE)
        world.outside.heard_exactly(P2_OVER)


def test_one_failure_now_and_then_is_no_alarm(redis: Redis) -> None:
    """Mozilla FxA #9762: one failed payment was enough for a mail, eight of them a day."""
    with a_world(redis) as world:
        for number in range(16):
            world.hears("payment", key=f"charge {number}")
            world.passes("3h")
        assert world.incidents == []


def test_a_retry_of_one_payment_is_no_further_failure(redis: Redis) -> None:
    """Mozilla FxA #10870: the alert fired at every retry. Here four cards must fail, not one four times."""
    with a_world(redis, RULES.replace("quiet_for: 15m}", "quiet_for: 15m, distinct: labels.payment}")) as world:
        for attempt in range(12):
            world.hears("payment", key=f"attempt {attempt}", labels={"payment": "pi_1"})
            world.passes("20s")
        assert world.incidents == []
        for number in range(2, 5):
            world.hears("payment", key=f"card {number}", labels={"payment": f"pi_{number}"})
        world.outside.heard_exactly(P1_PAGE)


def test_a_recovery_finds_what_it_ends_whatever_its_labels(redis: Redis) -> None:
    """Grafana OnCall #5091: groups were never resolved, because the recovery did not come to the same group."""
    with a_world(redis) as world:
        world.hears("grouped", key="web", labels={"service": "shop"})
        world.outside.heard_exactly(P2_PAGE)
        world.hears("quite different", key="web", action=Action.RESOLVE, summary="ok", labels={"service": ""})
        world.outside.heard_exactly(P2_OVER)
        world.passes("15m")
        assert world.incident.state is State.RESOLVED


@pytest.mark.parametrize("pause", ["1m", "20m"], ids=["before it counts as resolved", "after"])
def test_the_second_outage_is_told_like_the_first(redis: Redis, pause: str) -> None:
    """Alertmanager #1063: of what went and came, only the first firing was ever told."""
    with a_world(redis) as world:
        for number in range(3):
            world.hears("degraded")
            again = number and pause == "1m"
            world.outside.heard_exactly(
                [("pagerduty", "trigger"), ("slack", Reason.RETRIGGERED if again else Reason.OPENED)]
            )
            world.passes("1m")
            world.hears("degraded", action=Action.RESOLVE)
            world.outside.heard_exactly(P2_OVER)
            world.passes(pause)


def test_one_channel_that_fails_stops_no_other(redis: Redis) -> None:
    """Grafana #19768: Slack was told, the webhook after it failed, and no mail was tried."""
    with a_world(redis) as world:
        world.outside.pagerduty.hangs(times=20)
        world.outside.slack.fails(status=500, times=2)
        world.hears("outage")
        (mail,) = world.outside.heard_exactly([("mail", Reason.OPENED)])
        assert mail.at == world.clock.at
        world.passes("10s")
        world.outside.heard_exactly([("slack", Reason.OPENED)])
        world.passes("50s")
        world.outside.heard_exactly([("webhook", Reason.OPENED)])


def test_two_processes_and_a_message_that_comes_twice_make_one_page(redis: Redis) -> None:
    """Alertmanager #1005 and #2222: two instances told the same, each once."""
    with a_world(redis) as world:
        event = world.hears("outage", work=False)
        world.takes_in(event)
        other = world.another(redis)
        for _ in range(10):
            for desk in DESKS:
                jobs.drain(other, *desk)
                jobs.drain(world.house, *desk)
        world.outside.heard_exactly(P1_PAGE)
        assert world.incident.count == 1


def test_what_nobody_can_read_is_kept_before_anybody_tries(valkey: str, redis: Redis) -> None:
    """Piro writes the raw webhook down after it has dealt with it: of the one that broke it, there is none."""
    ear = Ear(valkey, redis)
    body = b'{"heartbeat": {"status": [[[' + b"\xff" * 64
    answer = ear.ask("POST", KUMA, content=body)
    assert (answer.status_code, answer.json()["severity"]) == (202, "P3")
    kept = Inbox(redis).whole(answer.json()["delivery"])
    assert kept is not None
    assert kept.body == body


def test_a_senders_words_call_nobody_but_those_on_call(redis: Redis) -> None:
    """Apprise lets `<!here>` through as it stands: whoever can write a summary can wake a whole company."""
    with a_world(redis) as world:
        world.hears("minor", key="x", summary="<!here> <!channel> <@U0BOSS> <https://evil.example|log in>")
        (told,) = world.outside.heard_exactly([("slack", Reason.OPENED)])
        live = [told.body["text"], *markdown(told.body["blocks"])]
        assert not [text for text in live if "<" in text.replace("<@U02ANA>", "")]
        assert "U0BOSS" in told.text
