"""Promising again what an open incident should have been promised and is not; within the ledger's transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from rules.effects import Effect, WakeAt
from rules.incident import Incident, State, Told
from rules.owed import examine_owed, remind_owed, settle_owed, tell_again, wake_owed
from rules.together.inhibition import inhibiting
from rules.transition import Outcome
from rules.transitions.on_room import room_owed
from rules.turn import Turn
from workers.agenda import Kind
from workers.store import Store

LOOK_BACK = 900.0
"""Seconds a page is looked after: longer than the auditor is ever away while somebody waits for an answer."""


@dataclass(slots=True)
class Lacking:
    """What an incident lacks; false when it lacks nothing."""

    looks: list[Effect] = field(default_factory=list)
    pages: list[Told] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.looks or self.pages)


def lacking(incident: Incident, now: float, promised: Callable[[str], bool], store: Store) -> Lacking:
    """Compare an incident with the agenda. `promised` says of an entry's id whether it is there.

    Whom its parent keeps quiet no longer is owed a look at once, unless one at all the parent's children is promised.
    """
    found = Lacking()
    wake = wake_owed(incident)
    owed: dict[Kind, Effect | None] = {
        Kind.STEP: wake,
        Kind.SETTLE: settle_owed(incident),
        Kind.REMIND: remind_owed(incident),
        Kind.CHECK: examine_owed(incident),
        Kind.ROOM: room_owed(incident),
    }
    for kind, look in owed.items():
        if look is not None and not promised(f"{kind}-{incident.id}"):
            found.looks.append(look)
    if _is_free(incident, promised, store):
        found.looks = [*(look for look in found.looks if look is not wake), WakeAt(at=now)]
    if _lately_told(incident, now):
        gone = [told for told in incident.told if not promised(told.entry)]
        # Read after the look at the agenda: a page that was concluded in between has its line by now.
        concluded = {line.detail.get("entry") for line in store.timeline(incident.id)} if gone else set()
        found.pages = [told for told in gone if told.entry not in concluded]
    return found


def _is_free(incident: Incident, promised: Callable[[str], bool], store: Store) -> bool:
    """Is it kept quiet by what keeps nothing quiet any more, with nobody about to look at it?"""
    parent = incident.parent
    if parent is None or promised(f"{Kind.RELEASE}-{parent}"):
        return False
    return not any(inhibiting(one) for one in store.legible([parent]))


def promises_of(incident: Incident) -> list[str]:
    """Ids of every entry that may have to stand on the agenda for it."""
    kinds = (Kind.STEP, Kind.SETTLE, Kind.REMIND, Kind.CHECK, Kind.ROOM)
    looks = [f"{kind}-{incident.id}" for kind in kinds]
    if incident.parent is not None:
        looks.append(f"{Kind.RELEASE}-{incident.parent}")
    return [*looks, *(told.entry for told in incident.told)]


def _lately_told(incident: Incident, now: float) -> bool:
    """Does somebody wait for an answer to a page that went out lately?"""
    sent = [step.sent_at for step in incident.steps if step.sent_at is not None]
    return incident.state is State.TRIGGERED and bool(sent) and max(sent) > now - LOOK_BACK


def repaired(incident: Incident, lacks: Lacking, now: float) -> Outcome:
    """The incident with its promises made again."""
    turn = Turn(incident, now)
    if lacks.looks:
        turn.note("repaired", "a promise for this incident was gone; it is made again")
        turn.effects += lacks.looks
    tell_again(turn, lacks.pages)
    return Outcome(turn.incident, tuple(turn.effects), tuple(turn.timeline))
