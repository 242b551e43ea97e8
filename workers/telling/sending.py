"""Sending one notification: read the incident again, compose, post, perform, and write down what became of it.

At most one duplicate per crash per send in flight: what is sent twice carries the same id and PagerDuty key.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from redis.exceptions import RedisError

from rules.commands import Undeliverable
from rules.duration import show_duration
from rules.event import Severity
from rules.incident import Incident, Reason, TimelineEntry
from rules.reading.load import Ruleset
from rules.telling import AGAIN, Verdict, judge, needs_help
from workers import log as logging
from workers.agenda import Agenda, Entry
from workers.channels import TYPES
from workers.channels.contract import ChannelOptions, ChannelType, Notification, Recipient, Undelivered
from workers.clock import Clock
from workers.ledger import Ledger
from workers.settings import Environment, MissingReference, Settings
from workers.store import Store
from workers.telling import masking, notices, testing
from workers.telling.attempting import Going, Perform, attempt_of
from workers.telling.attempts import Became, Kept
from workers.telling.compose import compose, recipient_of
from workers.telling.links import KEEP, acknowledge_url
from workers.writing.promised import way_of, what

BACKOFF = (1.0, 2.0, 5.0, 15.0, 60.0, 60.0, 120.0, 300.0, 600.0, 900.0, 900.0)
"""Seconds before each further try; with the tries themselves about an hour."""
DEAD_AFTER = 3600.0
"""Seconds after which a notification is given up for good."""
PATIENCE = 60.0
"""Seconds without success after which a P1 page does not wait for its channel any longer."""
START_WITHIN = 3.0
"""A claim is only used while its lease still covers a whole attempt."""

log = logging.get("sending")


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
        now = self._clock.now()
        if now - claimed_at > START_WITHIN:
            self._ledger.retry(entry, now, None)
            return
        self._agenda.begin([entry])
        if entry.body.get("test") or entry.body.get("notice"):
            self._apart(entry)
            return
        incident = self._store.incident(entry.incident or "")
        before = entry.body.get("after")
        waits = bool(before and self._agenda.waiting([before]))
        if incident is None:
            self.gone(entry)
        elif self.judge(entry, incident, now, waits=waits) is Verdict.SEND:
            self.try_one(entry, incident)

    def is_late(self, claimed_at: float) -> bool:
        """Could an attempt that begins now outlive the claim? Then it must not begin."""
        return self._clock.now() - claimed_at > START_WITHIN

    def gone(self, entry: Entry) -> None:
        """There is no incident to tell of any more."""
        self._done(entry, "skipped", "the incident is gone")

    def judge(self, entry: Entry, incident: Incident, now: float, *, waits: bool, told_here: bool = False) -> Verdict:
        """Is it still to be sent, and `now` (Unix seconds)? Else that is written down.

        `waits`: the one before it on its way is still to be sent. `told_here`: that one goes out in this very message.
        """

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
            kept = Kept(attempt=attempt_of(entry, line.at, Became.SKIPPED, line.text))
            self._ledger.skipped(entry, line, lambda one: judged(one)[0] is Verdict.SKIPPED, kept)
        return verdict

    def give_up(self, entry: Entry, why: str) -> None:
        """Put a notification away that must not be tried again; its incident does not wait for it."""
        line = self.line("failed", f"{what(entry)} given up: {why}", entry)
        attempt = Kept(attempt=attempt_of(entry, line.at, Became.GIVEN_UP, why))
        self._ledger.park(entry, why, line, self._call_for_help(entry, why), attempt)

    def _never_told(self, entry: Entry) -> bool:
        """Was every notification that went this way skipped, none of them perhaps sent by a worker that died?"""
        lines = self._store.timeline(entry.incident or "")
        return not any(line.detail.get("way") == way_of(entry.body) and line.detail.get("left") for line in lines)

    def try_one(self, entry: Entry, incident: Incident) -> None:
        """One attempt, and what became of it."""
        going = self.going(entry, self._clock.now())
        try:
            options, channel = way = self.way(entry)
            request = channel.post(self.told(entry, incident, way, going.at), options)
            if request is None:
                self._done(entry, "silent", None, Became.SILENT)
                return
            channel.read(going.perform(request, self._perform))
        except Undelivered as failure:
            self.failed(entry, incident, failure, going)
        except RedisError:
            raise  # Not its fault: the lease brings it back.
        except Exception as wrong:
            log.exception("notification could not be made", entry=entry.id, incident=incident.id)
            why = f"could not be made ({type(wrong).__name__})"
            self.failed(entry, incident, Undelivered(why, permanent=True), going)
        else:
            line = self.line("sent", what(entry, "told") + _how(entry, going.took), entry)
            self._ledger.delivered(entry, line, "sent", going.ended(entry, Became.DELIVERED))

    def _apart(self, entry: Entry) -> None:
        """A test or a notice: no incident hears of it. A test is not tried again."""
        going = self.going(entry, self._clock.now())

        def recipient() -> Recipient | None:
            found = recipient_of(self._rules().config, entry.body["channel"], entry.body["person"])
            return self._revealed(found)

        say = notices.said if entry.body.get("notice") else testing.tried
        became, why = say(entry, going, lambda: self.way(entry), recipient, self._perform)
        if became is Became.AGAIN and (until := self._again_at(entry, self._clock.now())) is not None:
            self._ledger.retry(entry, until, why, None, going.ended(entry, became, why, again_at=until))
            return
        outcome = {Became.DELIVERED: "sent", Became.SILENT: "silent"}.get(became, "refused")
        self._ledger.delivered(entry, self.line(outcome, why, entry), outcome, going.ended(entry, became, why))

    def _again_at(self, entry: Entry, now: float) -> float | None:
        """When one that failed in passing is tried again; None: never, it has been tried for an hour."""
        return None if now - entry.created_at >= DEAD_AFTER else now + BACKOFF[min(entry.failures, len(BACKOFF) - 1)]

    def going(self, entry: Entry, at: float, together: int = 1) -> Going:
        """An attempt that begins at `at`, for this entry or for so many together of which it is the first."""
        return Going(entry, at, self._environment, together)

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
        self, entry: Entry, incident: Incident, way: tuple[ChannelOptions, ChannelType], now: float
    ) -> Notification:
        """What is to be said on its way. Raises Undelivered when nobody is there."""
        options, channel = way
        notification = self._compose(entry, incident, channel, now)
        notification = replace(notification, recipient=self._revealed(notification.recipient))
        own = notification.recipient.address if notification.recipient is not None else None
        if not (channel.room or own or (channel.shared and getattr(options, channel.shared))):
            raise Undelivered(f"{entry.body['person'] or 'nobody'} has no {channel.address}", permanent=True)
        return notification

    def _compose(self, entry: Entry, incident: Incident, channel: ChannelType, now: float) -> Notification:
        body = entry.body
        # Whoever reads a room may press its button: such a link must not speak in the name of the person called.
        link = self._link(incident.id, None if channel.room else body["person"], now)
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
        )

    def _link(self, incident_id: str, person: str | None, now: float) -> str | None:
        secrets = [secret.get_secret_value().encode() for secret in self._settings.secret]
        return acknowledge_url(self._settings.base_url, secrets, incident_id, person, now + KEEP) if secrets else None

    def _revealed(self, recipient: Recipient | None) -> Recipient | None:
        """With the address itself where the YAML refers to it. Raises Undelivered."""
        if recipient is None or recipient.address is None:
            return recipient
        try:
            return replace(recipient, address=self._environment.reveal(recipient.address))
        except MissingReference as missing:
            raise Undelivered(str(missing), permanent=True) from None

    def _done(self, entry: Entry, outcome: str, text: str | None, became: Became = Became.SKIPPED) -> None:
        """No attempt was made, and none will be."""
        line = self.line(outcome, text, entry)
        self._ledger.delivered(entry, line, outcome, Kept(attempt=attempt_of(entry, line.at, became, line.text)))

    def failed(self, entry: Entry, incident: Incident, failure: Undelivered, going: Going) -> None:
        """For good: the incident is told. In passing: again later, and a P1 page tells its incident after a minute."""
        now = self._clock.now()
        # A receiver may repeat the key it did not like.
        failure.why = masking.said(failure.why, self._environment.revealed)
        log.warning("notification failed", entry=entry.id, why=failure.why, permanent=failure.permanent)
        if failure.permanent or now - entry.created_at >= DEAD_AFTER:
            line = self.line("failed", f"{what(entry)} failed for good: {failure.why}", entry)
            kept = going.ended(entry, Became.REFUSED, failure.why)
            self._ledger.refused(entry, line, self._call_for_help(entry, failure.why), kept)
            return
        until = now + max(BACKOFF[min(entry.failures, len(BACKOFF) - 1)], failure.after or 0.0)
        # Whoever asks for longer is asked once more before it is given up, and not forgotten for a week.
        until = min(until, entry.created_at + DEAD_AFTER)
        limit = entry.created_at + PATIENCE
        help_ = None
        if incident.severity is Severity.P1 and until > limit:
            if now < limit and failure.after is None:
                until = limit
            else:
                help_ = self._call_for_help(entry, f"no success yet: {failure.why}")
        kept = going.ended(entry, Became.AGAIN, failure.why, again_at=until)
        self._ledger.retry(entry, until, failure.why, help_, kept)

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
