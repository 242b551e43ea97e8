"""Why things came as they did: worked out anew, when somebody asks, from the kept delivery and the rules in force."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from router.context import Context
from rules.decision import Decision, Judged
from rules.event import Action, Event
from rules.explained.trace import trace
from rules.incident import Incident, TimelineEntry
from rules.record import as_data
from workers.deliveries.inbox import Inbox, Whole

AT_MOST = 50
"""Events of one delivery that are explained."""
GONE = "the inbox has that delivery no longer: what the other rules made of it is not known any more"


class Tracing:
    """Asks Redis: only in threads."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._inbox = Inbox(context.redis)

    def delivery(self, whole: Whole) -> dict[str, Any]:
        """Each event of it, with its trace if it is a trigger, and the incident its signal leads to now."""
        kept = whole.kept
        return {
            "delivery": kept.id,
            "source": kept.source,
            "received_at": kept.received_at,
            "unreadable": kept.unreadable,
            "events": [self._event(one) for one in kept.judged[:AT_MOST]],
            "left_out": max(0, len(kept.judged) - AT_MOST),
        }

    def incident(self, incident: Incident, timeline: Sequence[TimelineEntry]) -> dict[str, Any]:
        """The trace of the event that opened it. `lost` says what is not known any more, empty when all is."""
        delivery = next((one.detail.get("delivery", "") for one in timeline if one.kind == "opened"), "")
        opener = _opener(self._inbox.judged(delivery), incident)
        if opener is None or opener.decision is None:
            return {"delivery": delivery, "lost": GONE, **_remembered(incident, self._context.in_force.ruleset.version)}
        return {"delivery": delivery, "lost": "", **self._trace(opener.event, opener.decision)}

    def _event(self, one: Judged) -> dict[str, Any]:
        event, decision = one.event, one.decision
        return {
            "event": as_data(event),
            "incident": event.incident or self._context.store.holder(event.signal_key) or self._counted_into(decision),
            "trace": None if decision is None else self._trace(event, decision),
        }

    def _counted_into(self, decision: Decision | None) -> str | None:
        """What a gate has counted leads nowhere by itself: its group does."""
        return None if decision is None or decision.gate is None else self._context.store.of_group(decision.group_key)

    def _trace(self, event: Event, decision: Decision) -> dict[str, Any]:
        rules, roster = self._context.ledger.ruleset(), self._context.ledger.roster()
        found = trace(event, decision, rules, roster, event.received_at, {})
        if decision.gate is not None and found["gate"] is not None:
            at = event.received_at if event.occurred_at is None else min(event.occurred_at, event.received_at)
            counted = self._context.store.counted(decision.gate.key, at - decision.gate.within, at)
            found["gate"]["counted"] = counted or None
        return found


def _opener(judged: Sequence[Judged], incident: Incident) -> Judged | None:
    triggers = [one for one in judged if one.event.action is Action.TRIGGER and one.decision is not None]
    same = (one for one in triggers if one.decision is not None and one.decision.group_key == incident.group_key)
    return next(same, triggers[0] if triggers else None)


def _remembered(incident: Incident, version: str) -> dict[str, Any]:
    """What the incident itself knows of it."""
    decided = incident.rules_version
    return {
        "edition": {"decided_by": decided, "explained_by": version, "same": decided == version},
        "rule": incident.rule,
        "severity": incident.severity.value,
        "set_by": dict(incident.set_by),
        "verdicts": [],
        "verdicts_left_out": 0,
    }
