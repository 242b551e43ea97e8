"""One step of a promise that takes several: what came of it goes into the incident, and the promise stands till it is
kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rules.commands import Command
from rules.incident import Incident
from rules.transitions import routing
from workers import agenda
from workers.agenda import Entry
from workers.writing.bundle import Bundle
from workers.writing.draft import Draft
from workers.writing.transactions import Transactions

Again = Callable[[Incident], float | None]
"""When the next step of an incident's promise is due (Unix seconds); None: there is none. It sees the incident as it is
once everything is written, so that nothing that happened meanwhile is forgotten."""


def stepped(
    transactions: Transactions, entry: Entry, command: Command | None, again: Again, error: str | None = None
) -> None:
    """Tell the incident what came of a step, and promise the next one in the same MULTI.

    With `error` the step has failed and is tried again. Whoever's claim has run out changes nothing. Raises Busy.
    """
    due: list[float | None] = [None]

    def apply(draft: Draft, _: Sequence[Entry]) -> None:
        draft.load((), (), [entry.incident or ""])
        incident = draft.incident(entry.incident)
        if incident is not None and command is not None:
            incident = routing.change(draft, incident, command)
        due[0] = None if incident is None else again(incident)

    def conclude(writes: Bundle, held: Sequence[Entry]) -> None:
        if due[0] is None:
            agenda.finish(writes, *held)
            return
        for one in held:
            agenda.postpone(writes, one, due[0], error)

    transactions.run(apply, [entry], conclude)
    if due[0] is not None:
        transactions.ring_if_due(entry, due[0])
