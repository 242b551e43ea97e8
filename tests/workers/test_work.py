"""A worker process ends with its supervisor, and is back with its Redis."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes.tocsin import API, RULES, TOKEN, free_port, wait_for
from workers.agenda import Lane
from workers.settings import child_environment
from workers.work import LaneWorker, _worker

SUPERVISED = """
import os, sys, threading
from workers.supervisor import Child, Supervisor
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
