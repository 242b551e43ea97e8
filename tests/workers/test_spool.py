"""The spool alone: what Redis could not take is on the disk, in order, once, and bounded."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from rules.decision import Decision, Gate, Judged
from rules.event import Action, Event, Severity
from workers.deliveries.intake import Received
from workers.deliveries.spool import FILE, Spool, SpoolFailed

EVENT = Event(
    kind="k", action=Action.TRIGGER, dedup_key="web", summary="Web \u2603", labels={"a": "b"}, received_at=5.5
)
DECISION = Decision(severity=Severity.P1, rule="r", group_key="g", gate=Gate(key="g", count=1, within=2, quiet_for=3))


def a_delivery(name: str = "D1", body: bytes = b"\x00\xff{}") -> Received:
    """One that says something, with a body that is not text."""
    return Received(
        id=name,
        source="shop",
        source_type="generic",
        received_at=5.5,
        query="a=b",
        headers={"content-type": "application/json"},
        body=body,
        judged=(Judged(event=EVENT, decision=DECISION), Judged(event=EVENT)),
    )


def test_what_was_put_comes_back_whole_and_in_order(tmp_path: Path) -> None:
    """Body, headers, events, decisions and gates: nothing is lost between disk and Redis."""
    spool = Spool(tmp_path)
    many = [a_delivery(f"D{number}") for number in range(5)]
    spool.put(many[:2])
    spool.put(many[2:])
    assert spool.oldest(100) == many
    assert spool.oldest(2) == many[:2]
    assert spool.waiting() == 5


def test_a_batch_is_bounded_by_bytes_and_never_empty(tmp_path: Path) -> None:
    """Small ones together, large ones alone: what is read at once fits into a second of Redis and into memory."""
    spool = Spool(tmp_path)
    large = os.urandom(1024 * 1024)
    many = [a_delivery("D1"), a_delivery("D2"), a_delivery("D3", large), a_delivery("D4", large), a_delivery("D5")]
    spool.put(many)
    for names in (["D1", "D2"], ["D3"], ["D4"], ["D5"], []):
        batch = spool.oldest(100)
        assert [one.id for one in batch] == names
        spool.drop(batch)


def test_what_was_handed_over_is_gone(tmp_path: Path) -> None:
    """Only what is dropped; the rest waits."""
    spool = Spool(tmp_path)
    spool.put([a_delivery("D1"), a_delivery("D2")])
    spool.drop([a_delivery("D1")])
    assert [one.id for one in spool.oldest(10)] == ["D2"]


def test_the_same_delivery_is_kept_once(tmp_path: Path) -> None:
    """It may come twice when an attempt was cut off after the disk had it."""
    spool = Spool(tmp_path)
    spool.put([a_delivery()])
    spool.put([a_delivery(), a_delivery("D2")])
    assert [one.id for one in spool.oldest(10)] == ["D1", "D2"]


def test_it_survives_the_death_of_its_process(tmp_path: Path) -> None:
    """kill -9 right after `put` returned: the next process finds it."""
    code = (
        "import os, signal, sys; from pathlib import Path; from tests.workers.test_spool import a_delivery;"
        "from workers.deliveries.spool import Spool; Spool(Path(sys.argv[1])).put([a_delivery()]);"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=Path(__file__).parents[2], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert Spool(tmp_path).oldest(10) == [a_delivery()]


def test_every_commit_is_synced(tmp_path: Path) -> None:
    """WAL and synchronous=FULL: what a 2xx rests on. Only its owner may read the file, which holds raw deliveries."""
    spool = Spool(tmp_path)
    spool.put([a_delivery()])
    connection = spool._connection
    assert connection is not None
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0


def test_a_full_spool_refuses_and_keeps_what_it_has(tmp_path: Path) -> None:
    """Beyond its limit the sender must keep it; when it has been drained it takes again."""
    spool = Spool(tmp_path, limit=64 * 1024)
    while spool.writable():
        spool.put([a_delivery(f"D{spool.waiting()}", os.urandom(4000))])
    kept = spool.oldest(1000)
    assert 5 < len(kept) < 100
    with pytest.raises(SpoolFailed, match="limit of 65536 bytes"):
        spool.put([a_delivery("one more")])
    assert spool.oldest(1000) == kept
    assert not spool.writable()
    spool.drop(kept)
    assert spool.writable()
    spool.put([a_delivery()])


def test_a_disk_that_fails_is_said_to_fail(tmp_path: Path) -> None:
    """A file where the folder should be, and a file that is no database: no exception but the one that means 503."""
    (tmp_path / "file").touch()
    (tmp_path / FILE).write_bytes(b"this is no database" * 100)
    for folder in (tmp_path / "file", tmp_path):
        with pytest.raises(SpoolFailed):
            Spool(folder).put([a_delivery()])
        assert not Spool(folder).writable()


def test_a_file_locked_for_too_long_is_a_failure_and_no_wait_for_ever(tmp_path: Path) -> None:
    """Another process holds it: the sender is told to come back."""
    spool = Spool(tmp_path)
    spool.put([a_delivery()])
    other = sqlite3.connect(tmp_path / FILE)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(SpoolFailed):
        spool.put([a_delivery("D2")])
    other.rollback()
    spool.put([a_delivery("D2")])
    assert spool.waiting() == 2


def test_a_disk_that_hangs_is_a_failure_for_all_but_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One thread waits for it; the others are told within a moment, and one of them can raise the alarm."""
    monkeypatch.setattr("workers.deliveries.spool.HANGS_AFTER", 0.1)
    spool, begun, answers = Spool(tmp_path), threading.Event(), threading.Event()
    monkeypatch.setattr(Spool, "_used", lambda *_: begun.set() or answers.wait(10) or 0)
    hanging = threading.Thread(target=spool.put, args=([a_delivery()],))
    hanging.start()
    assert begun.wait(5)
    with pytest.raises(SpoolFailed, match="hangs"):
        spool.put([a_delivery("D2")])
    assert not spool.writable()
    answers.set()
    hanging.join()
    assert spool.waiting() == 1


def test_one_at_a_time_hands_over(tmp_path: Path) -> None:
    """Of several receivers of a host one drains, the others go on."""
    first, second = Spool(tmp_path), Spool(tmp_path)
    with first.draining() as ours, second.draining() as theirs:
        assert (ours, theirs) == (True, False)
    with second.draining() as theirs:
        assert theirs
