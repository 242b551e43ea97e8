"""What comes of what people do in the response to an incident. `rules.transition` says in which state which applies."""

from __future__ import annotations

from rules.commands import Acknowledge
from rules.duration import show_duration
from rules.incident import Incident, Reason, State
from rules.responding.checklists import EVERYTHING, VERIFY
from rules.responding.response import Response, Ticked, Update
from rules.responding.response_commands import ClosedElsewhere, PostUpdate, StateImpact, TakePart, Tick, Untick
from rules.responding.updates import known_as, next_update, status_of
from rules.responding.verification import checks_wanted, closes_at, item_called, missing, named
from rules.transitions.on_people import take
from rules.transitions.on_public import publish_update
from rules.turn import Turn, moment

CHECK = "check"
"""By which way a check ticks."""
TREE = "tree:"
"""How the ids of a runbook's questions begin."""


def tick(turn: Turn, command: Tick) -> None:
    """An item is done; who ticked it first stays, unless the answer is another, or it has fired again since."""
    new = [(item, words) for item, words in _meant(turn.incident, command) if not _is_so(turn.incident, item, command)]
    at_once = command.item == EVERYTHING and len(new) > 1
    for item, words in new:
        ticks = turn.incident.response.ticks
        done = Ticked(by=command.by, at=turn.now, via=command.via, answer=command.answer, words=words)
        _change(turn, ticks={**ticks, item: done})
        kind, text = _done(command, words, ticks.get(item), at_once=at_once)
        turn.note(kind, text, by=command.by, via=command.via, item=item)
        _settle(turn, item)


def _done(command: Tick, words: str, before: Ticked | None, *, at_once: bool) -> tuple[str, str]:
    if not command.item.startswith(TREE):
        # Whoever reads the history can tell what somebody has looked at from what was ticked with one word.
        done = "done, all at once" if at_once else "done"
        return "ticked", f"{done}: {words}: {command.answer}" if command.answer else f"{done}: {words}"
    leads = f" → {command.leads}" if command.leads else ""
    was = f" (it was {before.answer})" if before is not None else ""
    return "decided", f"decided: {words} {command.answer}{leads}{was}"


def _is_so(incident: Incident, item: str, command: Tick) -> bool:
    """Is it ticked with that answer already, and has it not fired again since?

    Whoever ticks everything ticks what is left of it: what others have found, and what a check keeps, is not theirs.
    """
    before = incident.response.ticks.get(item)
    if before is None or (before.at < incident.fired_at and item.startswith(VERIFY)):
        return False
    return command.item == EVERYTHING or before.answer == command.answer


def untick(turn: Turn, command: Untick) -> None:
    """An item is not done after all."""
    for item, words in _meant(turn.incident, command):
        ticks = turn.incident.response.ticks
        if item in ticks:
            _change(turn, ticks={one: done for one, done in ticks.items() if one != item})
            turn.note("unticked", f"not done after all: {words}", by=command.by, via=command.via, item=item)
            _settle(turn, item)


def _meant(incident: Incident, command: Tick | Untick) -> list[tuple[str, str]]:
    """Id and words of each item. Of its own checklist only what is on it, by its number too, or all of it."""
    if command.item == EVERYTHING:
        return [(one.id, one.text) for one in incident.plan.verify]
    own = item_called(incident, command.item)
    if own is not None:
        return [(own.id, own.text)]
    # A runbook's item comes with its words, from where the runbook is known.
    return [(command.item, command.words)] if command.words and not command.item.startswith(VERIFY) else []


def _settle(turn: Turn, item: str) -> None:
    """What had recovered closes by itself once it is verified, and not before."""
    if item.startswith(VERIFY) and turn.incident.state is State.RECOVERED:
        turn.settle(closes_at(turn.incident))


def verified_by_check(turn: Turn, check: str, *, ok: bool, said: str) -> None:
    """A check has said how it is: its items of the checklist are ticked, or what it had ticked is so no longer."""
    wanted = check in checks_wanted(turn.incident)
    for item in [one for one in turn.incident.plan.verify if one.check == check]:
        before = turn.incident.response.ticks.get(item.id)
        if ok and wanted:
            tick(turn, Tick(item=item.id, by=check, via=CHECK, answer=said))
        elif not ok and before is not None and before.via == CHECK:
            untick(turn, Untick(item=item.id, by=check, via=CHECK))


def take_part(turn: Turn, command: TakePart) -> None:
    """Somebody leads it, or writes down; whoever is given that is told, and so are the rooms."""
    part, before = command.part, getattr(turn.incident.response, command.part)
    if command.to == before:
        return
    _change(turn, **{str(part): command.to})
    text = _part_text(command, before)
    turn.note("part", text, by=command.by, via=command.via, part=part)
    rooms = frozenset(told.channel for told in turn.incident.told if told.room)
    if command.to is None or command.to == command.by:
        ways = [told for told in turn.incident.told if told.room]
        turn.update(Reason.UPDATE, by=command.by, note=text, ways=ways)
    else:
        ways_out = turn.incident.ways
        for channel in ways_out:
            role = known_as(turn.incident, channel, command.to) or str(part)
            turn.tell(Reason.ASSIGNED, [channel], role=role, person=command.to, rooms=rooms, by=command.by, note=text)


def _part_text(command: TakePart, before: str | None) -> str:
    instead = f", after {before}" if before is not None else ""
    if command.to is None:
        return f"{before} is the {command.part} no more"
    if command.to == command.by:
        return f"{command.by} is the {command.part}{instead}"
    return f"{command.by} made {command.to} the {command.part}{instead}"


def state_impact(turn: Turn, command: StateImpact) -> None:
    """Whom it affects and what is broken, for whoever reads of it next."""
    changed = _impact(turn.incident.response, command)
    if changed:
        _change(turn, **changed)
        turn.note("impact", f"impact: {impact_of(turn.incident.response)}", by=command.by, via=command.via)


def _impact(response: Response, command: StateImpact | PostUpdate) -> dict[str, object]:
    said = {"affected": command.affected, "broken": command.broken, "users_noticed": command.users_noticed}
    return {name: value for name, value in said.items() if value is not None and value != getattr(response, name)}


def impact_of(response: Response) -> str:
    """`everybody who pays by card; card payments are broken; users have noticed`, as far as it is known."""
    parts = [
        f"affected: {response.affected}" if response.affected else "",
        f"broken: {response.broken}" if response.broken else "",
        "users have noticed" if response.users_noticed else "",
    ]
    return "; ".join(part for part in parts if part) or "not known yet"


def post_update(turn: Turn, command: PostUpdate) -> None:
    """In one step: how it goes, whom it affects, when more is said. Everybody who was told of it hears so."""
    impact = _impact(turn.incident.response, command)
    promised = turn.now + command.next_in if command.next_in is not None else None
    if command.status is not None:
        _change(turn, status=command.status, status_at=turn.now)
    update = Update(text=command.text, by=command.by, at=turn.now, next_at=promised)
    _change(turn, update=update, reminding=None, **impact)
    text = f"{status_of(turn.incident).capitalize()}: {command.text}"
    turn.note("update", text, by=command.by, via=command.via)
    if impact:
        turn.note("impact", f"impact: {impact_of(turn.incident.response)}", by=command.by, via=command.via)
    turn.update(Reason.UPDATE, by=command.by, note=update_note(turn.incident, turn.now))
    if command.publish:
        publish_update(turn, command)


def update_note(incident: Incident, now: float) -> str:
    """The last update as it is told: how it goes, whom it affects, and when the next comes."""
    response, following = incident.response, next_update(incident)
    said = response.update.text if response.update is not None else ""
    parts = [f"{status_of(incident).capitalize()}: {sentence(said)}"]
    parts += [f"Affected: {sentence(response.affected)}"] if response.affected else []
    parts += [f"Broken: {sentence(response.broken)}"] if response.broken else []
    parts += ["Users have noticed."] if response.users_noticed else []
    if following is not None and following > now:
        parts.append(f"Next update in {show_duration(following - now)} ({moment(following)}).")
    return " ".join(parts)


def sentence(text: str) -> str:
    """With a full stop where it has none, so that more can follow; nothing stays nothing."""
    return text if not text or text.endswith((".", "!", "?", "…")) else f"{text}."


def closed_elsewhere(turn: Turn, command: ClosedElsewhere) -> None:
    """Whoever closed its page believes that it is over, and has it now; it stays open until it is verified."""
    left = missing(turn.incident, turn.now)
    text = f"closed in {command.via} by {command.by}; here it stays open until it is verified: {named(left)}"
    turn.note("heard", text, by=command.by, via=command.via, delivery=command.event.delivery)
    taken = turn.incident.state is State.TRIGGERED
    if taken:
        take(turn, Acknowledge(by=command.by, via=command.via))
    turn.update(Reason.ACKNOWLEDGED if taken else Reason.UPDATE, by=command.by, note=text)


def _change(turn: Turn, **fields: object) -> None:
    turn.change(response=turn.incident.response.changed(**fields))
