"""What comes of what people do in the response to an incident. `rules.transition` says in which state which applies."""

from __future__ import annotations

from rules.response import Ticked
from rules.response_commands import Tick, Untick
from rules.turn import Turn


def tick(turn: Turn, command: Tick) -> None:
    """An item is done; who ticked it first stays, unless the answer is another."""
    ticks = turn.incident.response.ticks
    before = ticks.get(command.item)
    if before is not None and before.answer == command.answer:
        return
    done = Ticked(by=command.by, at=turn.now, via=command.via, answer=command.answer, words=command.words)
    turn.change(response=turn.incident.response.changed(ticks={**ticks, command.item: done}))
    kind, text = _done(command, before)
    turn.note(kind, text, by=command.by, via=command.via, item=command.item)


def _done(command: Tick, before: Ticked | None) -> tuple[str, str]:
    words = command.words or command.item
    if not command.answer:
        return "ticked", f"done: {words}"
    leads = f" → {command.leads}" if command.leads else ""
    was = f" (it was {before.answer})" if before is not None else ""
    return "decided", f"decided: {words} {command.answer}{leads}{was}"


def untick(turn: Turn, command: Untick) -> None:
    """An item is not done after all."""
    ticks = turn.incident.response.ticks
    if command.item not in ticks:
        return
    left = {item: done for item, done in ticks.items() if item != command.item}
    turn.change(response=turn.incident.response.changed(ticks=left))
    words = command.words or command.item
    turn.note("unticked", f"not done after all: {words}", by=command.by, via=command.via, item=command.item)
