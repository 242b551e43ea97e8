"""The channels of incidents in Slack: one chore at a time, and what came of it is in the incident before the next.

A worker that dies in between has done at most one chore that nobody knows of. Whoever goes on does it again, which
Slack takes for done; only of a channel it is asked first whether it was made (`workers.channels.slack.chores`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from redis import Redis
from redis.exceptions import RedisError

from rules.announcing.room import AGAIN, EVERY, Chore, Room, Wanted, next_chore
from rules.announcing.room_commands import RoomCommand, RoomNamed, RoomRefused
from rules.announcing.room_name import channel_name
from rules.incident import Incident, TimelineEntry
from rules.reading.load import Ruleset
from workers import keys
from workers import log as logging
from workers.agenda import Entry
from workers.announcing import trying
from workers.announcing.room_material import told, wanted
from workers.channels.contract import Undelivered
from workers.channels.slack import SlackOptions
from workers.channels.slack.chores import VITAL, Material, outcome, request
from workers.clock import Clock
from workers.ledger import Ledger
from workers.settings import Environment, MissingReference, Settings
from workers.store import Store
from workers.telling import masking
from workers.telling.attempting import Perform
from workers.telling.sending import START_WITHIN

NEEDED_FOR = 3600.0
"""Seconds after the end of an incident in which what failed is still tried again."""
NUMBERS = 50
"""Incidents of one day that may have the same name."""

log = logging.get("rooms")


@dataclass(frozen=True, slots=True)
class _Job:
    """One claimed promise, and what there is to do about it."""

    entry: Entry
    incident: Incident
    room: Room
    lines: Sequence[TimelineEntry]
    wanted: Wanted


class Rooms:
    """Sees to the channels of claimed entries. Thread-safe: it holds nothing that changes."""

    def __init__(
        self,
        *,
        redis: Redis,
        ledger: Ledger,
        store: Store,
        clock: Clock,
        rules: Callable[[], Ruleset],
        settings: Settings,
        environment: Environment,
        perform: Perform,
    ) -> None:
        self._redis = redis
        self._ledger = ledger
        self._store = store
        self._clock = clock
        self._rules = rules
        self._settings = settings
        self._environment = environment
        self._perform = perform

    def see_to(self, entry: Entry, claimed_at: float) -> None:
        """Do the next chore of one incident's channel, or see that none is left."""
        now = self._clock.now()
        incident = self._store.incident(entry.incident or "")
        room = incident.response.room if incident is not None else None
        if now - claimed_at > START_WITHIN:
            self._ledger.wait([entry], now)
        elif incident is None or room is None:
            self._ledger.stepped(entry, None, lambda _: None)
        else:
            lines = self._store.timeline(incident.id)
            self._next(_Job(entry, incident, room, lines, wanted(incident, room, lines, self._rules().config)), now)

    def _next(self, job: _Job, now: float) -> None:
        chore = next_chore(job.room, job.wanted, is_open=job.incident.is_open)
        if chore is None:
            self._ledger.stepped(job.entry, None, lambda one: _if_changed(one, job.room, now))
        elif chore is Chore.EDIT and now < job.room.shown_at + EVERY:
            self._ledger.stepped(job.entry, None, lambda _: job.room.shown_at + EVERY)
        elif chore is Chore.NAME:
            self._ledger.stepped(job.entry, self._reserved(job), lambda _: now)
        else:
            self._do(chore, job)

    def _reserved(self, job: _Job) -> RoomNamed:
        """The first name of this incident that no other has. Whoever reserves it twice has it."""
        for number in range(job.room.number, job.room.number + NUMBERS):
            otherwise = f"{job.incident.severity} {job.incident.id}"
            name = channel_name(job.incident.title, job.incident.opened_at, otherwise, number)
            self._redis.set(keys.room(name), job.incident.id, nx=True, ex=keys.KEEP_RESOLVED)
            if self._redis.get(keys.room(name)) == job.incident.id.encode():
                return RoomNamed(name=name, number=number)
        return RoomNamed(name=channel_name(job.incident.id, job.incident.opened_at, "", 1), number=number)

    def _do(self, chore: Chore, job: _Job) -> None:
        """One request, and what came of it."""
        try:
            options = self._options(job.room)
            material = self._material(chore, job)
            reply = self._perform(request(chore, job.room, material, options))
            command = outcome(chore, job.room, material, reply)
        except Undelivered as failure:
            self._failed(chore, job, failure)
            return
        except RedisError:
            raise  # Not its fault: the lease brings it back.
        except Exception as wrong:
            log.exception("chore could not be made", incident=job.incident.id, chore=chore)
            command = RoomRefused(
                chore=chore,
                why=f"The channel of this incident cannot be seen to ({chore}: {type(wrong).__name__}).",
                vital=chore in VITAL,
            )
        if isinstance(command, RoomRefused):
            log.warning("slack refused", incident=job.incident.id, chore=chore, why=command.why)
        now = self._clock.now()
        later = isinstance(command, RoomRefused) and command.vital
        self._ledger.stepped(job.entry, command, lambda one: _while_needed(one, now + AGAIN, now) if later else now)

    def given_up(self, entry: Entry, why: str) -> RoomCommand | None:
        """What its incident is told when the promise is put away: it would wait for that in vain."""
        incident = self._store.incident(entry.incident or "")
        if incident is None or incident.response.room is None:
            return None
        text = (
            f"The channel of this incident is not kept up to date: {why}. Try again: tocsin pending --retry {entry.id}"
        )
        return RoomRefused(chore=Chore.SAY, why=text, vital=True)

    def _options(self, room: Room) -> SlackOptions:
        """The bot's, its secrets revealed. Raises Undelivered where the rules have it no longer."""
        config = self._rules().config.channels.get(room.channel)
        options = SlackOptions.model_validate(config.options) if config is not None and config.type == "slack" else None
        if options is None or options.token is None:
            raise Undelivered(f"the rules have no Slack bot «{room.channel}» any more", permanent=True)
        try:
            return self._environment.reveal_options(options)
        except MissingReference as missing:
            raise Undelivered(str(missing), permanent=True) from None

    def _material(self, chore: Chore, job: _Job) -> Material:
        return told(chore, job.incident, job.room, job.lines, self._rules().config, self._settings, self._clock.now())

    def _failed(self, chore: Chore, job: _Job, failure: Undelivered) -> None:
        """In passing: again later, and the incident hears of it when that goes on. For good: it hears at once."""
        why = masking.said(failure.why, self._environment.revealed)
        log.warning("chore failed", incident=job.incident.id, chore=chore, why=why, permanent=failure.permanent)
        lasts = trying.lasts(job.entry, failure)
        text = f"The channel of this incident cannot be seen to: {why}"
        command: RoomCommand | None = RoomRefused(chore=chore, why=text, vital=True) if lasts else None
        pause = trying.pause(job.entry, failure, AGAIN)
        now = self._clock.now()
        self._ledger.stepped(job.entry, command, lambda one: _while_needed(one, now + pause, now), why)


def _while_needed(incident: Incident, at: float, now: float) -> float | None:
    """What fails is tried again at `at`, but not for ever: of what is over, for an hour."""
    over = incident.resolved_at if not incident.is_open else None
    return None if over is not None and now - over > NEEDED_FOR else at


def _if_changed(incident: Incident, room: Room, now: float) -> float | None:
    """Once more, where the incident has changed since it was looked at."""
    after = incident.response.room
    return now if after is not None and after != room else None
