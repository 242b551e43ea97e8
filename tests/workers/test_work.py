"""A worker process ends with its supervisor, and is back with its Redis."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from redis import Redis

from tests.processes.tocsin import API, RULES, TOKEN, free_port, wait_for
from workers import agenda, keys, queue, work
from workers.agenda import Entry, Job, Kind, Lane
from workers.clock import DrivenClock
from workers.settings import child_environment
from workers.watch import beats
from workers.work import SAYS_EVERY, SOON, TICK, LaneWorker, Tick, _worker

SUPERVISED = """
import os, sys, threading
from workers.watch.supervisor import Child, Supervisor
argv = [sys.executable, "-m", "router.cli", *sys.argv[1:]]
child = Child(name="child", argv=argv, env=dict(os.environ))
threading.Thread(target=Supervisor([child]).watch, daemon=True).start()
while child.process is None:
    pass
print(child.process.pid, flush=True)
threading.Event().wait()
"""


@pytest.mark.processes
@pytest.mark.parametrize("words", [["work", "--lane", "urgent"], ["serve", "--accept-weaker-durability"]])
def test_who_loses_the_supervisor_while_it_starts_does_not_stay(valkey: str, tmp_path: Path, words: list[str]) -> None:
    """Killed in the first moment: a worker or a receiver sees once it is up that it is nobody's child, and ends."""
    (tmp_path / "rules.yaml").write_text(RULES.format(lead="1h", ceo="2h", sink=9))
    given = {
        "REDIS_URL": valkey,
        "PORT": str(free_port()),
        "TOCSIN_DATA": str(tmp_path / "d"),
        "TOCSIN_CONFIG": str(tmp_path),
        "TOCSIN_API_TOKEN": API,
        "TOCSIN_SECRET": "a-secret-for-links",
        "MONITOR_TOKEN": TOKEN,
        **dict.fromkeys(("PD_ANA", "PD_MARIA", "PD_VICTOR"), "key"),
    }
    env = child_environment(given)
    argv = [sys.executable, "-c", SUPERVISED, *words]
    with subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout is not None
        worker = int(supervisor.stdout.readline())
        supervisor.kill()
    try:
        assert wait_for(lambda: not _lives(worker), 30)
    finally:
        if _lives(worker):
            os.kill(worker, signal.SIGKILL)


def _lives(pid: int) -> bool:
    """Does it run? A zombie that nobody has buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_worker_is_back_when_its_redis_is(valkey: str) -> None:
    """RQ would sleep for up to a minute after an outage, and wait seven on a connection that was silently dropped."""
    worker = _worker(valkey, Lane.URGENT, "urgent:here:1")
    assert isinstance(worker, LaneWorker)
    assert worker.max_connection_wait_time <= 1
    assert worker.connection_timeout <= 15
    assert worker.connection.connection_pool.connection_kwargs["socket_timeout"] == worker.connection_timeout


def test_a_worker_says_seldom_that_it_lives(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """RQ says it in three questions around each job, each synced to a disk while a page waits."""
    at = 1000.0
    monkeypatch.setattr(work, "time", SimpleNamespace(monotonic=lambda: at))
    worker = LaneWorker(["calm"], connection=redis, name="calm-here-1")
    worker.register_birth()
    redis.delete(worker.key)
    before = redis.info("stats")["total_reads_processed"]
    worker.heartbeat(90)
    assert redis.info("stats")["total_reads_processed"] - before == 2, "its own, and the one for these numbers"
    assert 80 < redis.ttl(worker.key) <= 90
    assert redis.hexists(worker.key, "last_heartbeat")

    redis.delete(worker.key)
    worker.heartbeat()
    assert not redis.exists(worker.key)
    at += SAYS_EVERY
    worker.heartbeat()
    assert redis.exists(worker.key)
    assert work.RQ_TTL - 15 > SAYS_EVERY, "whoever listens for so long says it each time"


def test_a_bell_is_taken_and_rung_in_one_step(redis: Redis) -> None:
    """Whoever dies between the two would mute the others; and who finds it taken leaves nothing behind."""
    queue.ring(redis, Lane.URGENT, Job.NOTIFY)
    before, jobs = redis.info("stats")["total_reads_processed"], redis.keys("rq:job:*")
    assert not queue.ring(redis, Lane.URGENT, Job.NOTIFY)
    assert redis.info("stats")["total_reads_processed"] - before == 3, "one, and the two for these numbers"
    assert redis.keys("rq:job:*") == jobs
    assert queue.queue(redis, Lane.URGENT).job_ids == [name.decode().removeprefix("rq:job:") for name in jobs]
    (job,) = queue.queue(redis, Lane.URGENT).jobs
    assert (job.func_name, job.args, job.timeout) == ("workers.jobs.notify", ["urgent"], queue.JOB_TIMEOUT)
    assert 0 < redis.pttl(keys.bell(Lane.URGENT, Job.NOTIFY)) <= queue.BELL_LASTS_MS


NOW = 1_772_442_000.0


@pytest.mark.parametrize(
    ("due_in", "pause", "rung"),
    [(None, TICK, 0), (0.2, 0.2, 0), (0.001, SOON, 0), (3.0, TICK, 0), (0.0, TICK, 1), (-60.0, TICK, 1)],
)
def test_who_keeps_time_looks_when_the_next_promise_comes_due(
    redis: Redis, due_in: float | None, pause: float, rung: int
) -> None:
    """Twice a second, and sooner for a promise that falls between; one that stays due does not keep it busy."""
    tick = Tick(redis, "calm:here:1", orphaned=lambda: None)
    tick._clock = DrivenClock(NOW)  # type: ignore[assignment]
    if due_in is not None:
        entry = Entry(id="e", kind=Kind.STEP, lane=Lane.CALM, due_at=NOW + due_in, created_at=NOW)
        with redis.pipeline() as pipe:
            agenda.add(pipe, entry)
            pipe.execute()
    assert tick.look() == pytest.approx(pause, abs=1e-5)
    assert redis.exists(keys.bell(Lane.CALM, Job.ESCALATE)) == rung


def test_a_worker_that_looks_often_beats_no_more_often(redis: Redis) -> None:
    """A beat is a write that Redis syncs to its disk: two a second are enough."""
    tick = Tick(redis, "calm:here:1", orphaned=lambda: None)
    tick._clock = clock = DrivenClock(NOW)  # type: ignore[assignment]
    tick.look()
    assert redis.delete(keys.worker("calm:here:1"))
    clock.at += SOON
    tick.look()
    assert not redis.exists(keys.worker("calm:here:1"))
    clock.at += TICK
    tick.look()
    assert 0 < redis.ttl(keys.worker("calm:here:1")) <= beats.LASTS
