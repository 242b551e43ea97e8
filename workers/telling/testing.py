"""Testing a channel: a notification that says it is none, promised and sent on the way every other one goes.

It is of no incident. A machine that pages (PagerDuty) is told with the mildest severity, and at once that it is over.
"""

from __future__ import annotations

from collections.abc import Callable

from redis import Redis
from redis.exceptions import RedisError

from rules.event import Severity
from rules.incident import Reason
from rules.reading.config import Config
from workers import agenda, keys, latch, queue
from workers import log as logging
from workers.agenda import Entry, Kind, Lane
from workers.channels import TYPES
from workers.channels.contract import ChannelOptions, ChannelType, Notification, Recipient, Undelivered
from workers.deliveries.intake import mint_short
from workers.telling.attempting import Going, Perform
from workers.telling.attempts import Became

PAUSE = 10.0
"""Seconds between two tests of one channel."""
log = logging.get("testing")
TITLE = "Test from Tocsin: nothing is wrong, nobody has to do anything"


class Refused(Exception):
    """The channel is not tested; `why` says what to do, `status` is HTTP's word for it."""

    def __init__(self, why: str, status: int = 422) -> None:
        super().__init__(why)
        self.why = why
        self.status = status


def promise(
    redis: Redis, config: Config, channel: str, *, by: str, now: float, person: str | None = None, agreed: bool = False
) -> Entry:
    """Put a test on the agenda, due now. `agreed`: whoever's pager it is knows. Raises Refused and RedisError."""
    _check(config, channel, person, agreed=agreed)
    if not latch.take(redis, keys.tested(channel), int(PAUSE * 1000)):
        raise Refused(f"{channel} was tested less than {PAUSE:g}s ago; its result is among the notifications.", 429)
    entry = _entry(channel, person, by, now)
    with redis.pipeline(transaction=True) as pipe:
        agenda.add(pipe, entry)
        pipe.execute()
    queue.ring(redis, entry.lane, entry.job)
    return entry


def _check(config: Config, channel: str, person: str | None, *, agreed: bool) -> None:
    """May it be tested so? Raises Refused."""
    configured = config.channels.get(channel)
    if configured is None:
        raise Refused(f"The rules have no channel {channel!r}. They have: {', '.join(config.channels)}.", 404)
    known = TYPES[configured.type]
    if person is not None and person not in config.people:
        raise Refused(f"The rules know no person {person!r}. They know: {', '.join(list(config.people)[:8])}.")
    if known.room:
        return
    shared = bool(known.shared and (configured.options or {}).get(known.shared))
    if person is None and not shared:
        raise Refused(f"{channel} reaches people one by one: say whom (--person, in the API `person`).")
    if known.gap is None and not agreed:
        whose = person or "whoever has it"
        raise Refused(f"{channel} is somebody's pager: ask {whose} first, then say so (--agreed, in the API `agreed`).")


def _entry(channel: str, person: str | None, by: str, now: float) -> Entry:
    body = {
        "test": True,
        "reason": Reason.UPDATE,
        "channel": channel,
        "role": "test",
        "person": person,
        "room": False,
        "step": None,
        "ladder": 0,
        "after": None,
        "by": by,
        "note": None,
        "severity": Severity.P4,
        "team": None,
    }
    return Entry(id=f"t-{mint_short()}", kind=Kind.NOTIFY, lane=Lane.CALM, due_at=now, created_at=now, body=body)


def tried(
    entry: Entry,
    going: Going,
    way: Callable[[], tuple[ChannelOptions, ChannelType]],
    recipient: Callable[[], Recipient | None],
    perform: Perform,
) -> tuple[Became, str]:
    """Say it once; where a machine pages, say at once that it is over. Never again: whoever tests wants to know now."""
    try:
        options, channel = way()
        to = recipient()
        requests = [channel.post(_told(entry, reason, to, going.at), options) for reason in _reasons(channel)]
        for request in (one for one in requests if one is not None):
            channel.read(going.perform(request, perform))
    except Undelivered as failure:
        return Became.REFUSED, failure.why
    except RedisError:
        raise
    except Exception as wrong:
        log.exception("test could not be made", entry=entry.id)
        return Became.REFUSED, f"could not be made ({type(wrong).__name__})"
    return Became.DELIVERED, ""


def _reasons(channel: ChannelType) -> tuple[Reason, ...]:
    return (Reason.OPENED, Reason.RESOLVED) if Reason.UPDATE in channel.silent else (Reason.UPDATE,)


def _told(entry: Entry, reason: Reason, recipient: Recipient | None, now: float) -> Notification:
    by = str(entry.body["by"])
    return Notification(
        id=entry.id,
        incident=f"test-{entry.id.removeprefix('t-')}",
        reason=reason,
        severity=Severity.P4,
        title=TITLE,
        where="",
        since=now,
        now=now,
        why=f"{by} tests the channel {entry.body['channel']}",
        next="nothing: this is a test",
        role="test",
        recipient=recipient,
        note="This is a test. If you read this, the channel works.",
        by=by,
    )
