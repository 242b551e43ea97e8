"""From an authentic delivery to what is kept of it: read the events, judge the triggers, and lose nothing.

No clock, no socket: what a delivery means depends on the delivery and the rules alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from router.hooks import discretion
from router.in_force import Ruleset, Source
from router.sources.contract import Delivery, Unreadable
from router.sources.reading import SUMMARY, clean, shorten
from rules import own
from rules.decision import Judged
from rules.event import Action, Event
from workers.deliveries.intake import Received


def hear(delivery: Delivery, source: Source, ruleset: Ruleset) -> Received:
    """Read and judge the delivery. Never raises: what cannot be read becomes an event that says so."""
    return _received(delivery, source, *judge(delivery, source, ruleset))


def judge(delivery: Delivery, source: Source, ruleset: Ruleset) -> tuple[tuple[Judged, ...], str | None]:
    """What the delivery says, judged, and why it (or a part of it) could not be read; None when it could."""
    return judge_read(read(delivery, source), delivery, source, ruleset)


def read(delivery: Delivery, source: Source) -> list[Event] | str:
    """What the delivery says; or why it cannot be read."""
    try:
        events = source.type.parse(delivery, source.options)
    except Unreadable as wrong:
        return str(wrong)
    except Exception as wrong:  # noqa: BLE001 whatever a stranger's body does to a parser, it must not be lost
        return f"reading it failed with {type(wrong).__name__}"
    return [replace(one, nth=nth) for nth, one in enumerate(events)] if len(events) > 1 else events


def judge_read(
    said: Sequence[Event] | str, delivery: Delivery, source: Source, ruleset: Ruleset
) -> tuple[tuple[Judged, ...], str | None]:
    """As `judge`, of what `read` has read: several rules can judge one reading."""
    if isinstance(said, str):
        return _raised(delivery, source, said)
    return _judge(said, delivery, source, ruleset)


def unreadable(delivery: Delivery, source: Source, why: str) -> Received:
    """A delivery kept raw, and raised as a P3 of its own."""
    return _received(delivery, source, *_raised(delivery, source, why))


def _raised(
    delivery: Delivery, source: Source, why: str, besides: Sequence[Judged] = ()
) -> tuple[tuple[Judged, ...], str]:
    """The P3 of what could not be read; `besides` is what could be."""
    line = shorten(clean(why), SUMMARY)
    told, decision = own.unreadable(source.name, source.type.name, line, delivery.received_at, delivery.id)
    return (*besides, Judged(event=told, decision=decision)), line


def _judge(
    events: Sequence[Event], delivery: Delivery, source: Source, ruleset: Ruleset
) -> tuple[tuple[Judged, ...], str | None]:
    judged: list[Judged] = []
    failure = ""
    for one in events:
        try:
            decision = ruleset.decide(one, delivery.received_at) if one.action is Action.TRIGGER else None
        except Exception as wrong:  # noqa: BLE001 an event that no rule survives must not be lost, nor take the others along
            failure = f"judging {one.kind} failed with {type(wrong).__name__}"
            continue
        judged.append(Judged(event=one, decision=decision))
    if failure:
        return _raised(delivery, source, failure, judged)
    return tuple(judged), None


def _received(delivery: Delivery, source: Source, judged: tuple[Judged, ...], why: str | None) -> Received:
    return Received(
        id=delivery.id,
        source=source.name,
        source_type=source.type.name,
        received_at=delivery.received_at,
        method=delivery.method,
        query=discretion.query(delivery, source),
        headers=discretion.headers(delivery, source),
        body=discretion.body(delivery, source),
        judged=judged,
        unreadable=why,
    )
