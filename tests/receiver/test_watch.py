"""What a receiver says by itself: after a while, once for a host, and once more when it is over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from router.serve import fast_redis
from router.watch import Watch
from tests.receiver.ear import Ear
from workers import keys
from workers.deliveries.spool import Spool
from workers.store import connect
from workers.watch import beats
from workers.watch.alarm import Matter


class Voice:
    """Stands where the alarm stands."""

    def __init__(self) -> None:
        self.said: list[tuple[str, Matter, float]] = []
        self.deaf = False

    def cry(self, matter: Matter, since: float) -> list[str]:
        """Something is so; while `deaf`, nobody hears."""
        self.said.append(("cry", matter, since))
        return [] if self.deaf else ["hook"]

    def all_clear(self, matter: Matter, since: float) -> None:
        """It is over."""
        self.said.append(("over", matter, since))


class Watched:
    """A receiver, its voice and its own clock."""

    def __init__(self, ear: Ear, voice: Voice | None = None) -> None:
        self.context = ear.context(fast_redis(ear.url))
        self.voice = voice or Voice()
        self.at = 1000.0
        self.watch = Watch(self.context, self.voice, lambda: self.at)  # type: ignore[arg-type]
        beats.beat(ear.redis, "urgent:host:1")

    def looks(self, seconds: int) -> list[Any]:
        """Look once a second; returns what was said."""
        before = len(self.voice.said)
        for _ in range(seconds):
            self.watch.look()
            self.at += 1
        return self.voice.said[before:]


def test_where_all_is_well_nothing_is_said(ear: Ear) -> None:
    """Redis answers, somebody works."""
    assert Watched(ear).looks(60) == []


def test_redis_away_is_said_after_five_seconds_and_once(ear: Ear) -> None:
    """A hiccup is no alarm; an outage is one, and its end is told."""
    watched = Watched(ear)
    watched.context.spooling.away = True
    assert watched.looks(3) == []
    watched.context.spooling.away = False
    assert watched.looks(3) == []
    watched.context.spooling.away = True
    began = watched.at
    assert watched.looks(60) == [("cry", Matter.REDIS, began)]
    watched.context.spooling.away = False
    assert watched.looks(60) == [("over", Matter.REDIS, began)]


def test_of_the_processes_of_a_host_one_speaks(ear: Ear) -> None:
    """Four receivers share a spool: one message, and one that it is over, whoever sees it first."""
    voice = Voice()
    several = [Watched(ear, voice) for _ in range(4)]
    for away in (True, False):
        for watched in several:
            watched.context.spooling.away = away
        for _ in range(10):
            for watched in several:
                watched.looks(1)
    assert [what for what, *_ in voice.said] == ["cry", "over"]


def test_a_receiver_that_restarts_meanwhile_repeats_nothing(ear: Ear) -> None:
    """The note is on the disk."""
    watched = Watched(ear)
    watched.context.spooling.away = True
    watched.looks(10)
    again = Watched(ear)
    again.context.spooling.away = True
    assert again.looks(30) == []
    again.context.spooling.away = False
    assert again.looks(1) == [("over", Matter.REDIS, 1000.0)]


def test_a_spool_that_cannot_be_written_is_said_at_once(ear: Ear, tmp_path: Path) -> None:
    """Redis away and the disk broken: deliveries are refused, which nobody else would notice."""
    (tmp_path / "spool.db").mkdir()
    ear.spool = Spool(tmp_path)
    watched = Watched(ear)
    watched.context.spooling.away = True
    assert [(what, matter) for what, matter, _ in watched.looks(10)] == [("cry", Matter.SPOOL), ("cry", Matter.REDIS)]


@pytest.mark.parametrize("lane", ["intake", "urgent", "calm"])
def test_workers_gone_altogether_are_said(ear: Ear, lane: str) -> None:
    """Half a minute without any; one lane of them is enough to tell of the others."""
    watched = Watched(ear)
    ear.redis.delete(keys.worker("urgent:host:1"))
    assert watched.looks(30) == []
    assert watched.looks(30) == [("cry", Matter.WORKERS, 1000.0)]
    beats.beat(ear.redis, f"{lane}:host:2")
    assert watched.looks(1) == [("over", Matter.WORKERS, 1000.0)]


def test_a_redis_that_is_gone_is_said_without_any_delivery(ear: Ear) -> None:
    """A quiet night, a P1 climbs its ladder, Redis dies: no delivery fails, and the receiver notices all the same."""
    watched = Watched(ear)
    there = watched.context.redis
    watched.context.redis = connect("redis://127.0.0.1:1/0")
    assert watched.looks(60) == [("cry", Matter.REDIS, 1000.0)]
    watched.context.redis = there
    assert watched.looks(60) == [("over", Matter.REDIS, 1000.0)]


def test_an_alarm_that_nobody_heard_is_raised_again(ear: Ear) -> None:
    """The channel hiccups at the moment of the alarm: half a minute later it is tried again, by whichever process."""
    voice = Voice()
    voice.deaf = True
    watched, other = Watched(ear, voice), Watched(ear, voice)
    watched.context.spooling.away = other.context.spooling.away = True
    assert len(watched.looks(40)) == 2
    voice.deaf = False
    assert [what for what, *_ in other.looks(30)] == ["cry"]
    assert watched.looks(60) == []
    watched.context.spooling.away = False
    assert [what for what, *_ in watched.looks(1)] == ["over"]
