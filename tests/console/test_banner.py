"""What stands above every page: a channel that fails is told until it works again, with what to do."""

from __future__ import annotations

import pytest
from redis import Redis

from router.console import banner as looked
from router.console.banner import Banner, Line
from tests.receiver.sitting import Sitting
from tests.receiver.test_incident_page import is_down
from workers import keys
from workers.telling.attempts import Became
from workers.telling.tried import Attempts


@pytest.fixture
def sitting(valkey: str, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> Sitting:
    """Somebody at the console, with workers that beat."""
    monkeypatch.setattr(looked, "FRESH", 0.0)
    monkeypatch.setattr(looked, "idle_lanes", lambda _: [])
    return Sitting(valkey, redis)


def lines(sitting: Sitting) -> list[Line]:
    """What the banner says now."""
    return list(Banner(sitting.context(None)).lines())


def test_a_channel_that_fails_in_passing_is_told_and_taken_back(sitting: Sitting) -> None:
    """It is tried again by itself; once it has arrived nothing is said any more."""
    sitting.outside.slack.fails(status=503, body=b"busy")
    is_down(sitting)
    (line,) = lines(sitting)
    assert line.text.startswith("The channel slack failed at 10:00 UTC: ")
    assert line.text.endswith(" send a test to see whether it works now.")
    assert "503" in line.text
    assert not line.grave
    page = sitting.opens("/schedules").text
    assert 'href="/notifications?channel=slack"' in page
    sitting.clock.at += 2
    sitting.all_work()
    assert lines(sitting) == []
    assert 'role="alert"' not in sitting.opens("/schedules").text


def test_a_channel_that_refuses_is_grave_and_says_what_to_do(sitting: Sitting) -> None:
    """Nothing tries it again by itself: somebody has to mend it."""
    sitting.outside.slack.fails(status=404, body=b"no_such_<b>channel</b>", times=20)
    is_down(sitting)
    (line,) = lines(sitting)
    assert line.grave
    assert line.text.endswith("Somebody was not told, and it is not tried again: mend the channel, then send a test.")
    assert "<b>" not in sitting.opens("/").text


@pytest.mark.parametrize(
    ("last", "broken"),
    [
        ({}, []),
        ({"delivered": 5.0}, []),
        ({"refused": 5.0}, ["refused"]),
        ({"refused": 5.0, "delivered": 4.0}, ["refused"]),
        ({"refused": 5.0, "delivered": 5.0}, []),
        ({"again": 6.0, "refused": 5.0, "delivered": 4.0}, ["again"]),
        ({"given up": 6.0, "skipped": 7.0, "silent": 8.0}, ["given up"]),
    ],
    ids=["never used", "works", "refuses", "refused since", "works again", "the last counts", "others say nothing"],
)
def test_the_last_outcome_of_a_channel_counts(redis: Redis, last: dict[str, float], broken: list[str]) -> None:
    """Only what became of telling somebody; of channels that the rules have no longer nothing is said."""
    for became, at in last.items():
        redis.hset(keys.CHANNELS, f"slack|{became}", repr(at))
        redis.hset(keys.CHANNELS, f"gone|{became}", repr(at))
    assert [one.became for one in Attempts(redis).broken(["slack"])] == [Became(one) for one in broken]
