"""`/metrics`: Redis' counters and what stands in it now, for Prometheus. Redis away is a fact to report, no error."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from redis.exceptions import RedisError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

from router.api.editions import complaints
from router.api.postmortems import standings
from router.context import Context
from rules.postmortem.record import Stage
from workers import gates
from workers.agenda import Agenda, Lane
from workers.counters import COUNTERS, read
from workers.queue import queue

LOOKED_AT = 200
"""Gates looked at for the fullest: those that counted last."""
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def routes(context: Context) -> Router:
    """The endpoint's own router, to stand behind the guard."""

    async def metrics(_request: Request) -> Response:
        return Response(await run_in_threadpool(written, context), headers={"Content-Type": MEDIA_TYPE})

    return Router([Route("/metrics", metrics)])


def written(context: Context) -> bytes:
    """Everything measured now; blocks on Redis."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Measured(context))
    return generate_latest(registry)


class _Measured(Collector):
    def __init__(self, context: Context) -> None:
        self._context = context

    def collect(self) -> Iterator[Metric]:
        try:
            measured = [*self._counters(), *self._agenda(), *self._standing()]
        except RedisError:
            measured = []
        up = GaugeMetricFamily("tocsin_redis_up", "1 when Redis answers this process, else 0.")
        up.add_metric([], 1 if measured else 0)
        yield up
        waiting = self._context.spooling.waiting()
        yield GaugeMetricFamily(
            "tocsin_spool_deliveries", "Deliveries on this host's disk that Redis has not got yet.", value=waiting or 0
        )
        yield from measured

    def _counters(self) -> Iterator[Metric]:
        for name, (meaning, labels) in COUNTERS.items():
            family = CounterMetricFamily(f"tocsin_{name}", meaning, labels=labels)
            for values, number in read(self._context.redis, name).items():
                family.add_metric(values, number)
            yield family

    def _agenda(self) -> Iterator[Metric]:
        agenda = Agenda(self._context.redis)
        length = GaugeMetricFamily("tocsin_agenda_entries", "Promises still to be kept.", labels=["lane", "job"])
        for (lane, job), number in agenda.lengths().items():
            length.add_metric([lane, job], number)
        yield length
        soonest = agenda.next_due()
        late = max(0.0, self._context.clock.now() - soonest) if soonest is not None else 0.0
        yield GaugeMetricFamily("tocsin_agenda_overdue_seconds", "How late the most overdue promise is.", value=late)
        jobs = GaugeMetricFamily("tocsin_queue_jobs", "RQ jobs waiting; each is only a bell.", labels=["lane"])
        for lane in Lane:
            jobs.add_metric([lane], queue(self._context.redis, lane).count)
        yield jobs

    def _standing(self) -> Iterator[Metric]:
        standing = GaugeMetricFamily(
            "tocsin_open_incidents", "Incidents not yet resolved.", labels=["severity", "state"]
        )
        for name, number in self._context.store.open_by_severity().items():
            standing.add_metric(name.split("/"), number)
        yield standing
        beating = [name.partition(":")[0] for name in self._context.store.beating()]
        workers = GaugeMetricFamily("tocsin_workers", "Worker processes that beat.", labels=["lane"])
        for lane in Lane:
            workers.add_metric([lane], beating.count(lane))
        yield workers
        yield from self._postmortems()
        yield from self._gates()
        yield from self._rules()

    def _postmortems(self) -> Iterator[Metric]:
        standing = standings(self._context, unfinished=True)
        by = Counter(one.record.stage for one in standing if one.record.due_at is not None)
        waiting = GaugeMetricFamily("tocsin_postmortems_waiting", "Post-mortems not done with.", labels=["stage"])
        for stage in (Stage.DRAFT_DUE, Stage.DRAFTED):
            waiting.add_metric([stage], by[stage])
        yield waiting
        said = "Post-mortems of which something is overdue: draft, review, or an action item."
        yield GaugeMetricFamily("tocsin_postmortems_overdue", said, value=sum(bool(one.late) for one in standing))
        left = sum(len(one.record.open_actions) for one in standing)
        yield GaugeMetricFamily(
            "tocsin_action_items_open",
            "Action items still open, of post-mortems with something left to do.",
            value=left,
        )

    def _gates(self) -> Iterator[Metric]:
        """By rule only: what a gate counts by comes from senders."""
        context = self._context
        rules, now = context.in_force.ruleset.config.rules, context.clock.now()
        counting = GaugeMetricFamily(
            "tocsin_gates_counting", "Gates that have counted something within their time, by rule.", labels=["rule"]
        )
        for rule, number in gates.counting(context.redis, rules, now).items():
            counting.add_metric([rule], number)
        yield counting
        fullest = GaugeMetricFamily(
            "tocsin_gates_fullest_ratio",
            "How much of what opens it the fullest gate of a rule has counted; above 1 it is open.",
            labels=["rule"],
        )
        most: dict[str, float] = {rule.name: 0.0 for rule in rules if rule.more_than is not None}
        for one in gates.standings(context.redis, rules, now, LOOKED_AT):
            most[one.rule] = max(most[one.rule], one.reading.full)
        for rule, full in most.items():
            fullest.add_metric([rule], full)
        yield fullest

    def _rules(self) -> Iterator[Metric]:
        context = self._context
        version = GaugeMetricFamily("tocsin_rules_info", "The rules this process judges by.", labels=["version"])
        version.add_metric([context.in_force.ruleset.version], 1)
        yield version
        refused = "1 while new rules stand on a disk that are not in force here, else 0; /readyz says why."
        yield GaugeMetricFamily("tocsin_rules_refused", refused, value=1 if complaints(context) else 0)
