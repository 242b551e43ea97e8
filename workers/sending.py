"""Sending one notification: read the incident again, compose, post, perform, and write down what became of it.

At most one duplicate per crash per send in flight: what is sent twice carries the same id and PagerDuty key.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from redis.exceptions import RedisError

from rules import telling
from rules.commands import Undeliverable
from rules.duration import show_duration
from rules.event import Severity
from rules.incident import Incident, Reason, TimelineEntry
from rules.load import Ruleset
from rules.telling import AGAIN, Verdict, judge, needs_help
from workers import log as logging
from workers.agenda import Agenda, Entry
from workers.channels import TYPES
from workers.channels.contract import (
    ChannelOptions,
    ChannelType,
    HttpRequest,
    MailRequest,
    Notification,
    Reply,
    Undelivered,
)
from workers.clock import Clock
from workers.compose import compose
from workers.ledger import Ledger
from workers.links import KEEP, acknowledge_url
from workers.settings import Environment, MissingReference, Settings
from workers.store import Store

BACKOFF = (1.0, 2.0, 5.0, 15.0, 60.0, 60.0, 120.0, 300.0, 600.0, 900.0, 900.0)
"""Seconds before each further try; with the tries themselves about an hour."""
DEAD_AFTER = 3600.0
"""Seconds after which a notification is given up for good."""
PATIENCE = 60.0
"""Seconds without success after which a P1 page does not wait for its channel any longer."""
START_WITHIN = 3.0
"""A claim is only used while its lease still covers a whole attempt."""

log = logging.get("sending")

Perform = Callable[[HttpRequest | MailRequest], Reply]


class Sender:
    """Sends the notifications of claimed entries. Thread-safe: it holds nothing that changes."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        store: Store,
        agenda: Agenda,
        clock: Clock,
        rules: Callable[[], Ruleset],
        settings: Settings,
        environment: Environment,
        perform: Perform,
    ) -> None:
        self._ledger = ledger
        self._store = store
        self._agenda = agenda
        self._clock = clock
        self._rules = rules
        self._settings = settings
        self._environment = environment
        self._perform = perform

    def send(self, entry: Entry, claimed_at: float) -> None:
        """Deal with one claimed entry; every way out of here writes to the ledger."""
        if self.is_late(claimed_at):
            self._ledger.retry(entry, self._clock.now(), None)
            return
        self._agenda.begin([entry])
        incident = self._store.incident(entry.incident or "")
        before = entry.body.get("after")
        waits = bool(before and self._agenda.waiting([before]))
        if incident is None:
            self.gone(entry)
        elif self.judge(entry, incident, waits=waits) is Verdict.SEND:
            self.try_one(entry, incident)

    def is_late(self, claimed_at: float) -> bool:
        """Could an attempt that begins now outlive the claim? Then it must not begin."""
        return self._clock.now() - claimed_at > START_WITHIN

    def gone(self, entry: Entry) -> None:
        """There is no incident to tell of any more."""
        self._done(entry, "skipped", "the incident is gone")

    def judge(self, entry: Entry, incident: Incident, *, waits: bool, told_here: bool = False) -> Verdict:
        """Is it still to be sent, and now? Else that is written down.

        `waits`: the one before it on its way is still to be sent. `told_here`: that one goes out in this very message.
        """
        now = self._clock.now()

        def judged(one: Incident) -> tuple[Verdict, str]:
            return judge(
                Reason(entry.body["reason"]),
                entry.body["ladder"],
                one,
                age=now - entry.created_at,
                waits=waits,
                told_here=told_here,
                never_told=lambda: self._never_told(entry),
            )

        verdict, why = judged(incident)
        if verdict is Verdict.LATER:
            self._ledger.retry(entry, now + AGAIN, None)
        elif verdict is Verdict.SKIPPED:
            line = self.line("skipped", f"not sent, {why}: {what(entry)}", entry)
            self._ledger.skipped(entry, line, lambda one: judged(one)[0] is Verdict.SKIPPED)
        return verdict

    def give_up(self, entry: Entry, why: str) -> None:
        """Put a notification away that must not be tried again; its incident does not wait for it."""
        line = self.line("failed", f"{what(entry)} given up: {why}", entry)
        self._ledger.park(entry, why, line, self._call_for_help(entry, why))

    def _never_told(self, entry: Entry) -> bool:
        """Was every notification that went this way skipped, none of them perhaps sent by a worker that died?"""
        lines = self._store.timeline(entry.incident or "")
        return not any(line.detail.get("way") == way_of(entry.body) and line.detail.get("left") for line in lines)

    def try_one(self, entry: Entry, incident: Incident) -> None:
        """One attempt, and what became of it."""
        began = self._clock.now()
        try:
            options, channel = way = self.way(entry)
            request = channel.post(self.told(entry, incident, way, began), options)
            if request is None:
                self._done(entry, "silent", None)
                return
            channel.read(self._perform(request))
        except Undelivered as failure:
            self.failed(entry, incident, failure)
        except RedisError:
            raise  # Not its fault: the lease brings it back.
        except Exception as wrong:
            log.exception("notification could not be made", entry=entry.id, incident=incident.id)
            self.failed(entry, incident, Undelivered(f"could not be made ({type(wrong).__name__})", permanent=True))
        else:
            self._done(entry, "sent", what(entry, "told") + _how(entry, self._clock.now() - began))

    def way(self, entry: Entry) -> tuple[ChannelOptions, ChannelType]:
        """The channel of a notification, its secrets revealed. Raises Undelivered when there is no such way."""
        name = str(entry.body["channel"])
        config = self._rules().config.channels.get(name)
        if config is None:
            raise Undelivered(f"the rules have no channel {name} any more", permanent=True)
        channel = TYPES[config.type]
        try:
            return self._environment.reveal_options(channel.options.model_validate(config.options)), channel
        except MissingReference as missing:
            raise Undelivered(str(missing), permanent=True) from None

    def told(
        self,
        entry: Entry,
        incident: Incident,
        way: tuple[ChannelOptions, ChannelType],
        now: float,
        *,
        whole: bool = True,
    ) -> Notification:
        """What is to be said on its way; all of it, or what a digest shows. Raises Undelivered when nobody is there."""
        options, channel = way
        try:
            notification = self._reveal(self._compose(entry, incident, channel, now, whole))
        except MissingReference as missing:
            raise Undelivered(str(missing), permanent=True) from None
        own = notification.recipient.address if notification.recipient is not None else None
        if not (channel.room or own or (channel.shared and getattr(options, channel.shared))):
            raise Undelivered(f"{entry.body['person'] or 'nobody'} has no {channel.address}", permanent=True)
        return notification

    def _compose(self, entry: Entry, incident: Incident, channel: ChannelType, now: float, whole: bool) -> Notification:
        body = entry.body
        # Whoever reads a room may press its button: such a link must not speak in the name of the person called.
        link = self._link(incident.id, None if channel.room else body["person"], now) if whole else None
        return compose(
            incident,
            reason=Reason(body["reason"]),
            role=body["role"],
            person=body["person"],
            channel=body["channel"],
            step=body["step"],
            by=body["by"],
            note=body["note"],
            id=entry.id,
            ruleset=self._rules(),
            now=now,
            acknowledge_url=link,
            whole=whole,
        )

    def _link(self, incident_id: str, person: str | None, now: float) -> str | None:
        secrets = [secret.get_secret_value().encode() for secret in self._settings.secret]
        return acknowledge_url(self._settings.base_url, secrets, incident_id, person, now + KEEP) if secrets else None

    def _reveal(self, notification: Notification) -> Notification:
        recipient = notification.recipient
        if recipient is None or recipient.address is None:
            return notification
        return replace(notification, recipient=replace(recipient, address=self._environment.reveal(recipient.address)))

    def _done(self, entry: Entry, outcome: str, text: str | None) -> None:
        self._ledger.delivered(entry, self.line(outcome, text, entry), outcome)

    def failed(self, entry: Entry, incident: Incident, failure: Undelivered) -> None:
        """For good: the incident is told. In passing: again later, and a P1 page tells its incident after a minute."""
        now = self._clock.now()
        log.warning("notification failed", entry=entry.id, why=failure.why, permanent=failure.permanent)
        if failure.permanent or now - entry.created_at >= DEAD_AFTER:
            line = self.line("failed", f"{what(entry)} failed for good: {failure.why}", entry)
            self._ledger.refused(entry, line, self._call_for_help(entry, failure.why))
            return
        until = now + max(BACKOFF[min(entry.failures, len(BACKOFF) - 1)], failure.after or 0.0)
        limit = entry.created_at + PATIENCE
        if incident.severity is not Severity.P1 or until <= limit:
            self._ledger.retry(entry, until, failure.why)
        elif now < limit and failure.after is None:
            self._ledger.retry(entry, limit, failure.why)
        else:
            self._ledger.retry(entry, until, failure.why, self._call_for_help(entry, f"no success yet: {failure.why}"))

    def _call_for_help(self, entry: Entry, why: str) -> Undeliverable | None:
        """Only once, and only where it is worth it."""
        body = entry.body
        if not needs_help(Reason(body["reason"]), body["step"]) or body.get("given_up"):
            return None
        return Undeliverable(
            channel=body["channel"],
            role=body["role"],
            person=body["person"],
            step=body["step"],
            ladder=body["ladder"],
            why=why,
            roster=self._ledger.roster(),
        )

    def line(self, kind: str, text: str | None, entry: Entry, at: float | None = None) -> TimelineEntry:
        """What the incident's history gains; `at` is now unless it is given."""
        shown = text or f"nothing to say on {entry.body['channel']}: {entry.body['reason']}"
        when = self._clock.now() if at is None else at
        return TimelineEntry(at=when, kind=kind, text=shown, via=entry.body["channel"], detail=_detail(kind, entry))


def _how(entry: Entry, took: float) -> str:
    """What is worth knowing of how it went: nothing, when it went at once."""
    again = f", on attempt {entry.failures + 1}" if entry.failures else ""
    return again + (f", after {show_duration(took)}" if took >= 1 else "")


def _detail(kind: str, entry: Entry) -> dict[str, str]:
    """What the history keeps for programs: the entry, the way it went, and whether anything may have left the house."""
    left = kind == "sent" or entry.failures or entry.lost
    return {"entry": entry.id, "way": way_of(entry.body), **({"left": "yes"} if left else {})}


def way_of(body: dict[str, Any]) -> str:
    """A room is one way; a personal channel is one for each role and person."""
    whom = "" if body["room"] else f"/{body['role']}/{body['person'] or ''}"
    return f"{body['channel']}{whom}"


def what(entry: Entry, did: str = "to") -> str:
    """`slack to on-call engineer (ana): opened`."""
    body: dict[str, Any] = entry.body
    return telling.what(body["channel"], body["role"], body["person"], body["reason"], did)
