"""The demonstration's own incidents: made up, and marked so, that somebody new has something to look at and answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from redis.exceptions import RedisError
from starlette.concurrency import run_in_threadpool

from router.api.commands import Report
from router.context import Context
from router.hooks.receiver import keep
from router.sources import TYPES
from rules.commands import Acknowledge
from rules.event import Severity
from workers import log
from workers.deliveries.intake import mint
from workers.plain import clock

MARK = {"demo": "yes"}
"""The label that what is made up carries."""
TRIES, BETWEEN = 200, 0.1
"""How often, and every how many seconds, is looked whether something made up has become an incident."""

_ACKNOWLEDGED = "made-up-backup"
INCIDENTS = (
    Report(
        summary="Checkout answers 502 to every second customer",
        severity=Severity.P1,
        dedup_key="made-up-checkout",
        labels={"service": "checkout", "environment": "production"},
    ),
    Report(
        summary="Payments take 9 seconds instead of 2",
        severity=Severity.P2,
        dedup_key="made-up-payments",
        labels={"service": "payments", "environment": "production"},
    ),
    Report(
        summary="The nightly backup did not finish",
        severity=Severity.P3,
        dedup_key=_ACKNOWLEDGED,
        labels={"service": "database", "environment": "production"},
    ),
    Report(
        summary="The certificate of status.example.com ends in 14 days",
        severity=Severity.P4,
        dedup_key="made-up-certificate",
        labels={"service": "status page"},
    ),
)


async def begin(context: Context) -> None:
    """On the first start: a few incidents, one of which somebody has. Nothing where there has ever been one."""
    try:
        if await run_in_threadpool(context.store.incidents, open_only=False, limit=1):
            return
        taken = None
        for report in INCIDENTS:
            key = await _hear(context, report)
            taken = key if report.dedup_key == _ACKNOWLEDGED else taken
        if taken is not None:
            await _acknowledge(context, taken)
    except RedisError as wrong:
        log.get("demo").warning("no incidents were made up", why=type(wrong).__name__)


async def test_alert(context: Context) -> str:
    """One more, as bad as a P2: what a person sees who presses the button to try it. Returns its title."""
    now = context.clock.now()
    title = f"Test alert of {clock(now, now)}"
    name = f"test-alert-{int(now * 1000)}"
    await _hear(context, Report(summary=title, severity=Severity.P2, dedup_key=name, labels={"service": "test"}))
    return title


async def _hear(context: Context, report: Report) -> str:
    """Take it in as any report is; returns the key of its signal."""
    in_force = context.in_force
    reporting = in_force.reporting(TYPES)
    labels: Mapping[str, str] = {**reporting.labels, **MARK}
    source, now = replace(reporting, labels=labels), context.clock.now()
    by = report.model_copy(update={"reporter": "the demonstration"})
    delivery = source.delivery(mint(now), now, headers={"content-type": "application/json"}, body=by.delivered)
    received = await keep(context, in_force, source, delivery)
    return received.judged[0].event.signal_key


async def _acknowledge(context: Context, signal_key: str) -> None:
    for _ in range(TRIES):
        await asyncio.sleep(BETWEEN)
        found = await run_in_threadpool(context.store.holder, signal_key)
        if found is not None:
            people = list(context.in_force.ruleset.config.people)
            by = people[0] if people else "somebody"
            await run_in_threadpool(context.ledger.answer, found, Acknowledge(by=by, via="console"))
            return
