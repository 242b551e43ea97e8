"""The record of attempts: what was tried to tell somebody, when, how long it took, and what came of it.

Written in the MULTI that concludes the attempt, so it costs no round trip of its own. Everything here is bounded: the
last 10,000 attempts, what the last 5,000 sent and were answered, and of each incident the last 500 for a week.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from rules.frozen import frozen
from rules.record import encode
from rules.upcast import VERSION
from workers import keys
from workers.agenda import Entry
from workers.writing.bundle import Bundle
from workers.writing.commands import Word

KEPT, EXCHANGES, PER_INCIDENT = 10_000, 5_000, 500
LASTS = 7 * keys.DAY
"""Seconds for which an incident's attempts are kept after its last."""


class Became(StrEnum):
    """What came of an attempt."""

    DELIVERED = "delivered"
    AGAIN = "again"
    """It failed in passing: it will be tried again."""
    REFUSED = "refused"
    """It failed for good."""
    SKIPPED = "skipped"
    """Nobody needed to hear it any more."""
    SILENT = "silent"
    """The channel has nothing to say for this reason."""
    GIVEN_UP = "given up"
    """It cost several workers their lives; a person must look at it."""

    @property
    def failed(self) -> bool:
        """Did somebody not hear what they should have?"""
        return self in {Became.AGAIN, Became.REFUSED, Became.GIVEN_UP}


@frozen
class Attempt:
    """One attempt to send one notification. Times are Unix seconds, `took` is seconds."""

    id: str
    """The entry's id and which claim of it this was."""
    entry: str
    incident: str | None
    channel: str
    role: str | None
    person: str | None
    reason: str
    severity: str
    number: int
    """Which try it was: 1 the first."""
    at: float
    became: Became
    took: float = 0.0
    why: str = ""
    again_at: float | None = None
    status: int | None = None
    """What the receiver answered: HTTP's or SMTP's number."""
    together: int = 1
    """How many notifications went out in this one message."""
    within: str | None = None
    """The attempt under which that message is kept, if not this one."""
    test: bool = False
    v: int = VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What was sent and what came back, secrets masked and both cut."""

    to: str
    """`POST https://events.pagerduty.com/v2/enqueue`: without whatever in it is a secret."""
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""
    message: str = ""
    """The id under which the receiver knows it, where it has one."""
    reply: str = ""
    reply_headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An attempt, and the exchange if there was any."""

    attempt: Attempt
    exchange: Exchange | None = None


def keep(writes: Bundle, kept: Kept | None, held: Sequence[Entry]) -> None:
    """Write an attempt down. One message for many stands once in the whole record, and in the list of each incident."""
    if kept is None:
        return
    attempt = kept.attempt
    for entry in held if attempt.together > 1 else ():
        if entry.id != attempt.entry:
            _list(writes, _of_another(attempt, entry))
    # What outlived its claim was sent all the same, perhaps twice: that is exactly what somebody will want to see.
    if attempt.within is None and (attempt.together == 1 or any(entry.id == attempt.entry for entry in held)):
        said = _list(writes, attempt)
        writes.xadd(keys.ATTEMPTS, {"a": said}, maxlen=KEPT, approximate=True)
        writes.hset(keys.CHANNELS, mapping={f"{attempt.channel}|{attempt.became}": repr(attempt.at)})
        if kept.exchange is not None:
            told: dict[str, Word] = {"id": attempt.id, "x": encode(kept.exchange)}
            writes.xadd(keys.EXCHANGES, told, maxlen=EXCHANGES, approximate=True)
    elif attempt.within is not None:
        _list(writes, attempt)


def _of_another(attempt: Attempt, entry: Entry) -> Attempt:
    """What the incident of `entry` keeps of it. Written out: `dataclasses.replace` takes five times as long."""
    body = entry.body
    return Attempt(
        id=id_of(entry),
        entry=entry.id,
        incident=entry.incident,
        channel=attempt.channel,
        role=body["role"],
        person=body["person"],
        reason=str(body["reason"]),
        severity=str(body["severity"]),
        number=entry.failures + 1,
        at=attempt.at,
        became=attempt.became,
        took=attempt.took,
        why=attempt.why,
        again_at=attempt.again_at,
        status=attempt.status,
        together=attempt.together,
        within=attempt.id,
        test=attempt.test,
    )


def _list(writes: Bundle, attempt: Attempt) -> bytes:
    said = encode(attempt)
    if attempt.incident is not None:
        name = keys.attempted(attempt.incident)
        writes.rpush(name, said)
        writes.ltrim(name, -PER_INCIDENT, -1)
        writes.expire(name, LASTS)
    return said


def id_of(entry: Entry) -> str:
    """What one claim of an entry is called: a claim is one attempt."""
    return f"{entry.id}.{entry.attempt}"
