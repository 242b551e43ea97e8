"""Told to stop: every process ends what it is in the middle of, says nothing of a failure, and exits with 0."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from redis import Redis

from tests.processes.tocsin import API, RULES, TOKEN, free_port, wait_for
from workers.channels.contract import Undelivered
from workers.outward import call
from workers.settings import child_environment
from workers.store import Store

pytestmark = pytest.mark.processes
ENDS = pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM], ids=lambda one: one.name)


def started(valkey: str, folder: Path, port: int, *words: str) -> subprocess.Popen[str]:
    """`tocsin …` as a process of its own; stdout and stderr together."""
    (folder / "rules.yaml").write_text(RULES.format(lead="1h", ceo="2h", sink=9))
    env = {
        "REDIS_URL": valkey,
        "PORT": str(port),
        "TOCSIN_DATA": str(folder / "d"),
        "TOCSIN_CONFIG": str(folder),
        "TOCSIN_API_TOKEN": API,
        "TOCSIN_SECRET": "a-secret-for-links",
        "MONITOR_TOKEN": TOKEN,
        **dict.fromkeys(("PD_ANA", "PD_MARIA", "PD_VICTOR"), "key"),
    }
    return subprocess.Popen(
        [sys.executable, "-m", "router.cli", *words],
        env=child_environment(env),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def ended(process: subprocess.Popen[str]) -> str:
    """What it said until its end, which must be a good one."""
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 0, said
    assert "Aborted" not in said
    assert "Traceback" not in said
    return said


def healthy(port: int) -> bool:
    """Does a receiver answer there?"""
    try:
        return call("GET", f"http://127.0.0.1:{port}/healthz", timeout=1).status == 200
    except Undelivered:
        return False


@ENDS
def test_a_receiver_that_is_told_to_stop_ends_well(
    valkey: str, redis: Redis, tmp_path: Path, end: signal.Signals
) -> None:
    """Ctrl-C and the service manager's TERM are no failures: what it is hearing is still kept and answered."""
    port = free_port()
    process = started(valkey, tmp_path, port, "serve", "--accept-weaker-durability")
    try:
        assert wait_for(lambda: healthy(port), 60)
        with socket.create_connection(("127.0.0.1", port), timeout=10) as sender:
            head = f"POST /hooks/monitor/{TOKEN} HTTP/1.1\r\nHost: x\r\nContent-Length: 15\r\n\r\n"
            sender.sendall(head.encode() + b'{"title"')
            assert wait_for(lambda: healthy(port), 5)
            process.send_signal(end)
            assert wait_for(lambda: not healthy(port), 5)
            sender.sendall(b': "Hm"}')
            assert sender.recv(4096).startswith(b"HTTP/1.1 202 ")
        ended(process)
    finally:
        process.kill()


@ENDS
@pytest.mark.parametrize(("words", "beats"), [(["work"], 3), (["work", "--lane", "urgent"], 1)])
def test_workers_that_are_told_to_stop_end_well(
    valkey: str, redis: Redis, tmp_path: Path, end: signal.Signals, words: list[str], beats: int
) -> None:
    """All lanes beat, then all are gone; a lane alone does as they do."""
    process = started(valkey, tmp_path, free_port(), *words)
    store = Store(redis)
    try:
        assert wait_for(lambda: len(store.beating()) == beats, 60)
        process.send_signal(end)
        ended(process)
        assert store.beating() == []
    finally:
        process.kill()
