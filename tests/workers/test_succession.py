"""A worker is killed in the middle of its work; the next one takes over what it had in hand."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

from redis import Redis

from tests.workers.test_agenda import NOW, an_entry, claimed, conclude, promised
from workers import agenda
from workers.agenda import DEADLY, LEASE, Agenda, Job, Kind, Lane
from workers.watch.succession import is_dead, name_of, release


def test_what_a_dead_worker_had_in_hand_is_due_at_once(redis: Redis) -> None:
    """Killed in the middle of its work: its successor need not wait for the lease; what others hold stays theirs."""
    of = promised(redis, an_entry("its", due_at=NOW - 1), an_entry("theirs"), an_entry("later", due_at=NOW + 5))
    dies = Agenda(redis, "urgent:here:1")
    dies.begin(dies.claim(Lane.URGENT, Job.NOTIFY, NOW, at_most=1))
    assert Agenda(redis, "urgent:here:2").claim(Lane.URGENT, Job.NOTIFY, NOW, at_most=1)
    assert release(redis, Lane.URGENT, Job.NOTIFY, NOW + 1, lambda worker: worker.endswith(":1")) == 1
    (again,) = claimed(of, NOW + 1)
    assert (again.id, again.attempt, again.lost) == ("its", 2, 1)
    assert release(redis, Lane.URGENT, Job.NOTIFY, NOW + 1, lambda _: False) == 0


def test_what_waits_is_not_hurried_by_a_death(redis: Redis) -> None:
    """Slack asked for half a minute: that its last worker died since does not make it sooner."""
    promised(redis, an_entry())
    (entry,) = Agenda(redis, "urgent:here:1").claim(Lane.URGENT, Job.NOTIFY, NOW)
    conclude(redis, entry, agenda.postpone, NOW + 10, "Slack answered 429")
    assert release(redis, Lane.URGENT, Job.NOTIFY, NOW + 1, lambda _: True) == 0


def test_only_a_process_of_this_host_can_be_known_to_be_dead() -> None:
    """Our own is alive, one that was waited for is dead, and of another host's nobody knows."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    here = socket.gethostname()
    assert not is_dead(name_of(Lane.URGENT))
    assert is_dead(f"urgent:{here}:{gone.pid}")
    assert not is_dead(f"urgent:elsewhere:{gone.pid}")
    assert not is_dead("")


def test_a_container_that_starts_anew_is_another_worker(redis: Redis) -> None:
    """Same host name, same process number, another life: what killed the one before counts, and is soon given up."""
    promised(redis, an_entry("poison", kind=Kind.STEP))
    here = f"urgent:{socket.gethostname()}:{os.getpid()}"
    assert is_dead(f"{here}.00000000")
    for life in range(DEADLY + 1):
        (entry,) = Agenda(redis, f"{here}.{life:08}").claim(Lane.URGENT, Job.ESCALATE, NOW + life * (LEASE + 1))
    assert (entry.lost, entry.deadly) == (DEADLY, True)
