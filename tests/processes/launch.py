"""Starts `tocsin` with a fault built in, to show what a crash at the worst moment does: `launch.py MODE ARGUMENTS…`.

sound               no fault
dies-after-commit   the first ten transactions of the ledger are each followed by SIGKILL, before a bell can ring
promises-later      the same, with a Tocsin that writes its agenda entries after the transaction instead of in it
unaudited           no auditor, which would mend what the others break
dies-after-send     the first sends ($DEATHS of them) are each followed by SIGKILL, before they can be noted as sent
commits-in-pieces   what keeps a delivery is no transaction: the delivery first, what is promised of it a moment later
spools-in-haste     the spool answers before its disk has
later-release       a release that writes its records in a later version
another-clock       this host's clock is $SKEW seconds ahead of everybody else's
poisoned            events that speak of poison kill who puts them into their incidents
"""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rules import upcast

if sys.argv[1:2] == ["later-release"]:
    # Before anything else is imported, which takes the number for a default.
    upcast.VERSION += 1
    upcast.upcast.__defaults__ = (upcast.UPCASTS, upcast.VERSION)

from router.cli import main
from rules.decision import Judged
from rules.incident import TimelineEntry
from rules.transitions import routing
from workers import agenda, ledger
from workers.deliveries import intake, spool
from workers.telling.attempts import Kept
from workers.watch import auditor
from workers.writing import draft
from workers.writing.commands import Commands
from workers.writing.transactions import Transactions
from workers.writing.wire import Wire

DEATHS = 10


def _die_after_commit(of_all: int = DEATHS) -> None:
    """Die once the transaction is through; a file counts the deaths over the restarts."""
    attempt = Transactions._attempt

    def dying(self: Transactions, *arguments: object) -> draft.Draft:
        done = attempt(self, *arguments)  # type: ignore[arg-type]
        if done.desks:
            _die(of_all)
        return done

    Transactions._attempt = dying  # type: ignore[method-assign]


def _die(of_all: int) -> None:
    """SIGKILL, unless there have been so many already."""
    counter = Path(os.environ["TOCSIN_CONFIG"]) / "deaths"
    if (len(counter.read_bytes()) if counter.exists() else 0) < of_all:
        with counter.open("ab") as file:
            file.write(b"x")
        os.kill(os.getpid(), signal.SIGKILL)


def _die_after_send() -> None:
    """The provider has said yes, and nobody here will know."""
    delivered, lock = ledger.Ledger.delivered, threading.Lock()

    def dying(
        self: ledger.Ledger, entry: agenda.Entry, line: TimelineEntry, outcome: str, attempt: Kept | None = None
    ) -> None:
        if outcome == "sent":
            with lock:
                _die(int(os.environ["DEATHS"]))
        delivered(self, entry, line, outcome, attempt)

    ledger.Ledger.delivered = dying  # type: ignore[method-assign]


def _promise_later() -> None:
    """The mistake that section 4 of the plan forbids: the entry is not part of the transaction that promises it."""
    late: list[agenda.Entry] = []
    attempt = Transactions._attempt
    _unaudited()
    draft.agenda = _Later(late)  # type: ignore[assignment]
    _die_after_commit()
    dying = Transactions._attempt

    def sloppy(self: Transactions, *arguments: object) -> draft.Draft:
        late.clear()
        done = dying(self, *arguments)  # type: ignore[arg-type]
        with self._redis.pipeline() as pipe:
            for entry in late:
                agenda.add(pipe, entry)
            pipe.execute()
        return done

    assert attempt is not dying
    Transactions._attempt = sloppy  # type: ignore[method-assign]


def _unaudited() -> None:
    """Nobody compares promises with incidents."""
    auditor.Auditor.my_turn = lambda _: False  # type: ignore[method-assign]


def _commit_in_pieces() -> None:
    """The other mistake: a Redis that dies in between has the delivery and not the promise."""

    async def commit(wire: Wire, batch: Sequence[intake.Received], now: float) -> None:
        late: list[agenda.Entry] = []
        first, second = Commands(), Commands()
        intake.agenda = _Later(late)  # type: ignore[assignment]
        intake.queue_commands(first, batch, now)
        intake.agenda = agenda
        await wire.send(first)
        await asyncio.sleep(0.1)
        for entry in late:
            agenda.add(second, entry)
        await wire.send(second)

    intake.commit = commit


def _another_clock() -> None:
    """Everything here that asks the host for the time."""
    true, skew = time.time, float(os.environ["SKEW"])
    time.time = lambda: true() + skew


def _spool_in_haste() -> None:
    """As somebody would who has measured how long an fsync takes."""
    opened = spool.Spool._open

    def hasty(self: spool.Spool) -> sqlite3.Connection:
        connection = opened(self)
        connection.execute("PRAGMA synchronous = OFF")
        return connection

    spool.Spool._open = hasty  # type: ignore[method-assign]


def _poisoned() -> None:
    """A crash that no except can catch, as of a library in C."""
    apply = routing.apply

    def dying(draft: draft.Draft, judged: Sequence[Judged], *more: Any) -> None:
        if any("poison" in one.event.summary for one in judged):
            _die(1000)
        apply(draft, judged, *more)

    routing.apply = dying


class _Later:
    """Stands where `workers.agenda` stands and keeps new entries back."""

    def __init__(self, late: list[agenda.Entry]) -> None:
        self._late = late

    def __getattr__(self, name: str) -> object:
        return getattr(agenda, name)

    def add(self, _pipe: object, *entries: agenda.Entry) -> None:
        """Not now."""
        self._late.extend(entries)


FAULTS = {
    "dies-after-commit": _die_after_commit,
    "promises-later": _promise_later,
    "unaudited": _unaudited,
    "dies-after-send": _die_after_send,
    "commits-in-pieces": _commit_in_pieces,
    "spools-in-haste": _spool_in_haste,
    "another-clock": _another_clock,
    "poisoned": _poisoned,
}

if __name__ == "__main__":
    mode, *arguments = sys.argv[1:]
    FAULTS.get(mode, lambda: None)()
    main(arguments, prog_name="tocsin")
