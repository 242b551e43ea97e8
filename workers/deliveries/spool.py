"""The spool: what Redis cannot take now, kept on this host's disk until it can.

SQLite in WAL mode with `synchronous=FULL`: when `put` has returned, the batch is on the disk and survives a crash of
this process and of the machine. All receivers of a host share one file; whoever holds its lock drains it.
"""

from __future__ import annotations

import fcntl
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path

from rules.record import decode, encode
from workers.deliveries.intake import Received
from workers.deliveries.packing import pack, unpack

FILE, LOCK = "spool.db", "spool.lock"
LIMIT = 256 * 1024 * 1024
"""Bytes on disk; beyond, the sender must keep it."""
BATCH_BYTES = 1024 * 1024
"""Bytes that are handed over at once: as much as Redis takes within its second, compressed again on the way."""
BUSY_WITHIN = 0.5
"""Seconds another process may keep the file locked."""
HANGS_AFTER = 1.0
"""Seconds another thread of this process may be at it: a sender waits no longer either."""
_SHAPE = """
CREATE TABLE IF NOT EXISTS delivery (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  head BLOB NOT NULL,
  body BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS said (matter TEXT PRIMARY KEY, since REAL NOT NULL);
"""


class SpoolFailed(OSError):
    """The disk did not take it: it is full, read-only or broken, or the spool has reached its limit."""


class Spool:
    """Deliveries in the order of their arrival. Thread-safe."""

    def __init__(self, folder: Path, limit: int = LIMIT) -> None:
        self._folder = folder
        self._limit = limit
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def put(self, batch: Sequence[Received]) -> None:
        """Keep a batch, all or nothing, on the disk. A delivery that is there already is not kept twice."""
        rows = [(one.id, _head(one), pack(one.body)) for one in batch]
        with self._file() as file:
            if self._used(file) > self._limit:
                raise SpoolFailed(f"the spool has reached its limit of {self._limit} bytes")
            file.executemany("INSERT OR IGNORE INTO delivery (id, head, body) VALUES (?, ?, ?)", rows)

    def oldest(self, at_most: int, size: int = BATCH_BYTES) -> list[Received]:
        """The first deliveries that are still to be handed over: about `size` bytes of them, and one at least."""
        batch: list[Received] = []
        with self._file() as file:
            for head, packed in file.execute("SELECT head, body FROM delivery ORDER BY number LIMIT ?", (at_most,)):
                body = unpack(packed)
                size -= len(head) + len(body)
                if batch and size < 0:
                    break
                batch.append(replace(decode(Received, head), body=body))
        return batch

    def drop(self, batch: Sequence[Received]) -> None:
        """These are in Redis now."""
        with self._file() as file:
            file.executemany("DELETE FROM delivery WHERE id = ?", [(one.id,) for one in batch])

    def waiting(self) -> int:
        """How many deliveries are still to be handed over. Raises SpoolFailed when the disk cannot be read."""
        with self._file() as file:
            return int(file.execute("SELECT count(*) FROM delivery").fetchone()[0])

    def writable(self) -> bool:
        """Could a delivery be kept now? It is tried."""
        try:
            with self._file() as file:
                file.execute("PRAGMA user_version = 1")
                return self._used(file) <= self._limit
        except SpoolFailed:
            return False

    def note(self, matter: str, since: float) -> bool:
        """Write down that an alarm is raised; False when one of this host's processes has done so already."""
        with self._file() as file:
            return file.execute("INSERT OR IGNORE INTO said VALUES (?, ?)", (matter, since)).rowcount == 1

    def withdraw(self, matter: str) -> float | None:
        """Since when the alarm was raised, for the one process that takes it back; None for all others."""
        with self._file() as file:
            row = file.execute("SELECT since FROM said WHERE matter = ?", (matter,)).fetchone()
            if row is None or file.execute("DELETE FROM said WHERE matter = ?", (matter,)).rowcount != 1:
                return None
            return float(row[0])

    @contextmanager
    def draining(self) -> Iterator[bool]:
        """Is it this process that hands over? One at a time, over all processes that share the file."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self._folder / LOCK).open("w") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    @contextmanager
    def _file(self) -> Iterator[sqlite3.Connection]:
        # A disk that hangs holds one thread. Were the others to wait for it, none would be left to say so.
        if not self._lock.acquire(timeout=HANGS_AFTER):
            raise SpoolFailed("the disk hangs")
        try:
            if self._connection is None:
                self._connection = self._open()
            with self._connection:
                yield self._connection
        except (sqlite3.Error, OSError) as wrong:
            raise wrong if isinstance(wrong, SpoolFailed) else SpoolFailed(type(wrong).__name__) from None
        finally:
            self._lock.release()

    def _open(self) -> sqlite3.Connection:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        connection = sqlite3.connect(self._folder / FILE, timeout=BUSY_WITHIN, check_same_thread=False)
        (self._folder / FILE).chmod(0o600)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.executescript(_SHAPE)
        return connection

    @staticmethod
    def _used(file: sqlite3.Connection) -> int:
        pages, free, size = (
            int(file.execute(f"PRAGMA {name}").fetchone()[0]) for name in ("page_count", "freelist_count", "page_size")
        )
        return (pages - free) * size


def _head(received: Received) -> bytes:
    """Everything but the body, which is not text."""
    told = {one.name: getattr(received, one.name) for one in fields(received) if one.name != "body"}
    return encode({**told, "headers": dict(received.headers)})
