"""Starts `tocsin` with a fault built in, to show what a crash at the worst moment does: `launch.py MODE ARGUMENTS…`.

sound               no fault
dies-after-commit   the first ten transactions of the ledger are each followed by SIGKILL, before a bell can ring
promises-later      the same, with a Tocsin that writes its agenda entries after the transaction instead of in it
unaudited           no auditor, which would mend what the others break
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from router.cli import main
from workers import agenda, auditor, draft, ledger

DEATHS = 10


def _die_after_commit(of_all: int = DEATHS) -> None:
    """Die once the transaction is through; a file counts the deaths over the restarts."""
    attempt = ledger.Ledger._attempt
    counter = Path(os.environ["TOCSIN_CONFIG"]) / "deaths"

    def dying(self: ledger.Ledger, *arguments: object) -> draft.Draft:
        done = attempt(self, *arguments)  # type: ignore[arg-type]
        deaths = len(counter.read_bytes()) if counter.exists() else 0
        if done.desks and deaths < of_all:
            with counter.open("ab") as file:
                file.write(b"x")
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    ledger.Ledger._attempt = dying  # type: ignore[method-assign]


def _promise_later() -> None:
    """The mistake that section 4 of the plan forbids: the entry is not part of the transaction that promises it."""
    late: list[agenda.Entry] = []
    attempt = ledger.Ledger._attempt
    _unaudited()
    draft.agenda = _Later(late)  # type: ignore[assignment]
    _die_after_commit()
    dying = ledger.Ledger._attempt

    def sloppy(self: ledger.Ledger, *arguments: object) -> draft.Draft:
        late.clear()
        done = dying(self, *arguments)  # type: ignore[arg-type]
        with self._redis.pipeline() as pipe:
            for entry in late:
                agenda.add(pipe, entry)
            pipe.execute()
        return done

    assert attempt is not dying
    ledger.Ledger._attempt = sloppy  # type: ignore[method-assign]


def _unaudited() -> None:
    """Nobody compares promises with incidents."""
    auditor.Auditor.my_turn = lambda _: False  # type: ignore[method-assign]


class _Later:
    """Stands where `workers.agenda` stands and keeps new entries back."""

    def __init__(self, late: list[agenda.Entry]) -> None:
        self._late = late

    def __getattr__(self, name: str) -> object:
        return getattr(agenda, name)

    def add(self, _pipe: object, *entries: agenda.Entry) -> None:
        """Not now."""
        self._late.extend(entries)


if __name__ == "__main__":
    mode, *arguments = sys.argv[1:]
    faults = {"dies-after-commit": _die_after_commit, "promises-later": _promise_later, "unaudited": _unaudited}
    faults.get(mode, lambda: None)()
    main(arguments, prog_name="tocsin")
