"""The door through which deliveries enter: what is kept of them, and the promise to put them into their incidents.

`commit` writes a whole batch in one Redis transaction; when it has returned, every delivery of the batch is kept.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any

import orjson

from rules.decision import Judged
from rules.event import Action, Severity
from rules.frozen import frozen
from rules.record import encode, recall
from rules.upcast import VERSION
from workers import agenda, keys
from workers.agenda import Entry, Kind, Lane
from workers.counters import count
from workers.deliveries.packing import pack
from workers.rulebook import spoken
from workers.writing.commands import Commands
from workers.writing.wire import Wire

DUE_EARLY = 1.0
"""Seconds an event is due before it came: the worker that the bell wakes may believe it is a little earlier."""
OVERTAKES = {Severity.P1: 25.0, Severity.P2: 13.0}
"""The same for what opens or raises a P1 or P2: it is put into its incident before all milder that is waiting from as
many seconds before as lie between the two. Less than what counts as overdue (30 in the advice on metrics)."""
OVERHEAD = 250
"""Bytes Redis takes for a delivery beside its value: its key and its places in the indexes."""
_LENGTH = 4
"""Bytes that say how long the JSON before a kept body is."""
_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without I, L, O and U, which are misheard and misread; in the order of their values, so that ids sort by time."""
_PAIRS = [high + low for high in _DIGITS for low in _DIGITS]


@frozen
class Received:
    """One authentic delivery as it arrived, how it was read, and what the rules said."""

    id: str
    source: str
    source_type: str
    received_at: float
    method: str = "POST"
    query: str = ""
    """Raw, its secrets masked."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Those worth keeping; never one that proves anything."""
    body: bytes = b""
    judged: tuple[Judged, ...] = ()
    unreadable: str | None = None
    """Why no parser understood it."""
    v: int = VERSION


class DeliveryIds:
    """Mints ids that sort by arrival within a process and never repeat between processes: 22 characters, `[0-9A-Z]`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process = _text(secrets.randbits(40), 8)
        self._last = 0

    def mint(self, now: float) -> str:
        """The next id; `now` is Unix seconds. A clock that goes back does not take the order with it."""
        with self._lock:
            self._last = max(self._last + 1, int(now * 1_000_000) << 10)
            return _text(self._last, 14) + self._process


def _text(number: int, width: int) -> str:
    """The number in `width` digits of base 32, an even number of them."""
    return "".join([_PAIRS[number >> shift & 1023] for shift in range(5 * width - 10, -1, -10)])


_ids = DeliveryIds()


def mint(now: float | None = None) -> str:
    """A new id for a delivery or an entry of this process."""
    return _ids.mint(time.time() if now is None else now)


def mint_short() -> str:
    """A new id for an incident: ten characters to say on the telephone, random, so that a few of them tell it apart."""
    return _text(secrets.randbits(50), 10)


async def commit(wire: Wire, batch: Sequence[Received], now: float) -> None:
    """Keep the batch: one MULTI, all or nothing. Redis' errors pass through."""
    writes = Commands()
    queue_commands(writes, batch, now)
    await wire.send(writes)


async def commit_once(redis: Any, batch: Sequence[Received], now: float) -> None:
    """As `commit` of one delivery or more, but of what Redis lacks: an attempt that was given up may have got through.

    Raises WatchError when such an attempt gets through at this very moment. One that is on its way still, for minutes
    after a network was cut in two, is not seen: then a delivery is counted twice, and opens no second incident.
    """
    ids = [one.id for one in batch]
    async with redis.pipeline(transaction=True) as pipe:
        await pipe.watch(*map(keys.delivery, ids))
        held = await pipe.zmscore(keys.DELIVERIES, ids)
        pipe.multi()
        queue_commands(pipe, [one for one, score in zip(batch, held, strict=True) if score is None], now)
        await pipe.execute()


def queue_commands(pipe: Any, batch: Sequence[Received], now: float) -> None:
    """Queue everything that keeps a batch onto a pipeline, sync or async: few commands, however many deliveries."""
    judged = [encode(received.judged) for received in batch]
    records = {
        keys.delivery(received.id): _record(received, told) for received, told in zip(batch, judged, strict=True)
    }
    if records:
        pipe.mset(records)
    if batch:
        pipe.zadd(keys.DELIVERIES, {one.id: one.received_at for one in batch})
        # Never back: what a spool hands over may be older than what has come since.
        pipe.zadd(keys.LAST_HEARD, _last_heard(batch), gt=True)
    unreadable = {one.id: one.received_at for one in batch if one.unreadable is not None}
    if unreadable:
        pipe.zadd(keys.QUARANTINE, unreadable)
    # An empty batch asks whether Redis takes writes: this is one, whatever it adds.
    pipe.incrby(keys.INBOX_BYTES, sum(OVERHEAD + len(record) for record in records.values()))
    counted, spoke = _tally(batch)
    for (name, *values), number in counted.items():
        count(pipe, name, *values, by=number)
    spoken.note(pipe, spoke)
    agenda.add(pipe, *_promises(batch, judged, now))


def _last_heard(batch: Sequence[Received]) -> dict[str, float]:
    last: dict[str, float] = {}
    for one in batch:
        last[one.source] = max(one.received_at, last.get(one.source, 0.0))
    return last


def _promises(batch: Sequence[Received], judged: Sequence[bytes], now: float) -> Iterator[Entry]:
    """The entries that promise these events: one for all, but what is urgent has its own and stands in no line."""
    # Each list without its brackets: what has been written as JSON once is not written again.
    lists: dict[float, list[bytes]] = {}
    for received, told in zip(batch, judged, strict=True):
        if len(told) > 2:
            lists.setdefault(_early(received), []).append(told[1:-1])
    for early, events in sorted(lists.items(), reverse=True):
        body = {"judged": orjson.Fragment(b"[" + b",".join(events) + b"]")}
        name = f"in-{mint(now)}"
        yield Entry(id=name, kind=Kind.INTAKE, lane=Lane.INTAKE, due_at=now - early, created_at=now, body=body)


def _early(received: Received) -> float:
    """How many seconds before it came it is due, by the worst that it calls for.

    What a gate counts stays in line: how many are too many depends on what came before. Of what is over, or is told to
    nobody, nobody need hear first.
    """
    called = [one.decision for one in received.judged if one.decision is not None]
    first = [OVERTAKES.get(one.severity, DUE_EARLY) for one in called if one.gate is None and one.suppress is None]
    return max(first, default=DUE_EARLY)


def judged_of(entry: Entry) -> list[Judged]:
    """The events an intake entry promised to put into their incidents."""
    return recall(list[Judged], entry.body["judged"])


def _record(received: Received, judged: bytes) -> bytes:
    """A delivery as one value: what is told of it as JSON (`judged` is its part of that), then its body, compressed."""
    told = encode(
        {
            "source": received.source,
            "type": received.source_type,
            "received_at": received.received_at,
            "method": received.method,
            "query": received.query,
            "headers": dict(received.headers),
            "size": len(received.body),
            "unreadable": received.unreadable,
            "v": received.v,
            "judged": orjson.Fragment(judged),
        }
    )
    return len(told).to_bytes(_LENGTH, "big") + told + pack(received.body)


def head_of(record: bytes) -> bytes:
    """The JSON of what is told of a kept delivery, its source first."""
    return record[_LENGTH : _LENGTH + int.from_bytes(record[:_LENGTH], "big")]


def read_record(record: bytes) -> tuple[dict[str, Any], bytes]:
    """What is told of a kept delivery, and its body, still compressed."""
    ends = _LENGTH + int.from_bytes(record[:_LENGTH], "big")
    return orjson.loads(record[_LENGTH:ends]), record[ends:]


def _tally(batch: Sequence[Received]) -> tuple[Counter[tuple[str, ...]], dict[str, float]]:
    """What the counters gain, each only once for the whole batch, and when each rule spoke last."""
    gained: Counter[tuple[str, ...]] = Counter()
    last: dict[str, float] = {}
    for received in batch:
        gained["deliveries", received.source, "unreadable" if received.unreadable else "accepted"] += 1
        for judged in received.judged:
            action, decision = judged.event.action, judged.decision
            gained["events", received.source, action] += 1
            if decision is None or action is not Action.TRIGGER:
                continue
            gained["decisions", decision.rule, decision.severity] += 1
            for rule in spoken.of(decision):
                gained[spoken.COUNTED, rule] += 1
                last[rule] = max(received.received_at, last.get(rule, 0.0))
    return gained, last
