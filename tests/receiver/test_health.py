"""What a load balancer and Prometheus are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from rules.record import encode
from tests.receiver.ear import BEARER, DOWN, ENVIRONMENT, KUMA, Ear
from workers import keys
from workers.agenda import Lane
from workers.deliveries.spool import Spool
from workers.store import AT_ONCE, connect
from workers.watch import beats


@pytest.fixture
def away() -> Ear:
    """A receiver whose Redis is not there."""
    return Ear(ENVIRONMENT["REDIS_URL"], connect(ENVIRONMENT["REDIS_URL"]))


def beat(ear: Ear, *lanes: str) -> None:
    """Let a worker of each lane beat."""
    for lane in lanes:
        beats.beat(ear.redis, f"{lane}:host:1")


def test_alive_is_alive_whatever_redis_does(away: Ear) -> None:
    """Restarting the receiver would not bring Redis back."""
    assert away.ask("GET", "/healthz").status_code == 200


def test_ready_without_workers_is_ready_but_says_so(ear: Ear) -> None:
    """What it hears is kept; a load balancer must not take it away."""
    answer = ear.ask("GET", "/readyz")
    assert answer.status_code == 200
    assert len(answer.json()["degraded"]) == len(Lane)
    beat(ear, *Lane)
    assert ear.ask("GET", "/readyz").json()["degraded"] == []


def test_without_redis_a_receiver_is_ready_while_its_disk_is(away: Ear) -> None:
    """A load balancer must not take the spool away; but nobody can be paged, and both are said."""
    assert away.post(KUMA, DOWN).status_code == 202
    answer = away.ask("GET", "/readyz")
    assert answer.status_code == 200
    assert "Redis takes no writes" in answer.json()["degraded"][0]
    assert "1 deliveries wait" in answer.json()["degraded"][1]
    assert "tocsin_spool_deliveries 1.0" in away.ask("GET", "/metrics", headers=BEARER).text
    assert away.ask("GET", "/readyz/paging").status_code == 503


def test_not_ready_when_nothing_could_be_kept(away: Ear, tmp_path: Path) -> None:
    """Neither Redis nor the disk takes a delivery."""
    (tmp_path / "file").touch()
    away.spool = Spool(tmp_path / "file")
    answer = away.ask("GET", "/readyz")
    assert answer.status_code == 503
    assert "the spool cannot be written either" in answer.json()["reasons"]


def test_paging_needs_a_worker_in_every_lane(ear: Ear) -> None:
    """It names the lane nobody works in."""
    beat(ear, "intake", "calm")
    answer = ear.ask("GET", "/readyz/paging")
    assert answer.status_code == 503
    assert [one for one in answer.json()["reasons"] if "urgent" in one] == answer.json()["reasons"]
    beat(ear, "urgent")
    assert ear.ask("GET", "/readyz/paging").status_code == 200


def test_paging_needs_a_redis_that_takes_writes(ear: Ear) -> None:
    """A full one still answers every question."""
    beat(ear, *Lane)
    ear.redis.config_set("maxmemory", 1)
    try:
        answer = ear.ask("GET", "/readyz/paging")
    finally:
        ear.redis.config_set("maxmemory", 0)
    assert answer.status_code == 503
    assert "takes no writes" in answer.json()["reasons"][0]


def test_metrics_count_what_was_heard_and_what_is_owed(ear: Ear) -> None:
    """By source, rule, severity and lane."""
    ear.is_down()
    ear.post("/hooks/kuma/wrong", DOWN)
    beat(ear, "urgent")
    ear.clock.at += 60
    lines = ear.ask("GET", "/metrics", headers=BEARER).text.splitlines()
    for line in (
        "tocsin_redis_up 1.0",
        'tocsin_deliveries_total{outcome="accepted",source="kuma"} 1.0',
        'tocsin_deliveries_total{outcome="unauthentic",source="kuma"} 1.0',
        'tocsin_decisions_total{rule="the site is down",severity="P1"} 1.0',
        'tocsin_open_incidents{severity="P1",state="triggered"} 1.0',
        'tocsin_agenda_entries{job="escalate",lane="urgent"} 1.0',
        'tocsin_workers{lane="urgent"} 1.0',
        'tocsin_workers{lane="calm"} 0.0',
        "tocsin_agenda_overdue_seconds 60.0",
    ):
        assert line in lines


def test_every_open_incident_is_counted(ear: Ear) -> None:
    """However many there are, and one whose record is gone breaks nothing."""
    record = encode(ear.is_down())
    ear.redis.mset({keys.incident(f"I{number}"): record for number in range(AT_ONCE + 3)})
    ear.redis.zadd(keys.OPEN, {f"I{number}": number for number in range(AT_ONCE + 4)})
    assert ear.store.open_by_severity() == {"P1/triggered": AT_ONCE + 4}


def test_metrics_without_redis_say_just_that(away: Ear) -> None:
    """A scrape that fails would hide it."""
    answer = away.ask("GET", "/metrics", headers=BEARER)
    assert answer.status_code == 200
    assert "tocsin_redis_up 0.0" in answer.text.splitlines()


def test_a_forged_name_never_becomes_a_label(ear: Ear) -> None:
    """Only configured names do."""
    ear.post('/hooks/"evil', DOWN)
    ear.post(KUMA, DOWN)
    assert "evil" not in ear.ask("GET", "/metrics", headers=BEARER).text
