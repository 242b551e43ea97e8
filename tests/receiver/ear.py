"""A whole receiver over a real Valkey, asked through ASGI without a socket, with a clock that stands still."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import weakref
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import httpx
import orjson
from redis import Redis
from starlette.types import ASGIApp

from router.app import build
from router.context import Context
from router.hooks.committer import Committer
from router.hooks.refusals import Refusals
from router.hooks.spooling import Spooling
from router.in_force import in_force
from router.serve import fast_redis
from router.sources import TYPES
from rules.incident import Incident
from rules.reading.load import Ruleset, load
from tests.in_memory import in_memory
from workers import keys
from workers.agenda import Agenda, Job, Kind, Lane, park
from workers.clock import DrivenClock
from workers.deliveries import intake
from workers.deliveries.spool import Spool
from workers.house import ways
from workers.ledger import Ledger
from workers.rulebook.configuration import Written
from workers.rulebook.reload import Folder, Live, Reload
from workers.settings import Environment, Settings
from workers.store import Store
from workers.writing.wire import Wire

NOW = 1_795_168_800.0
"""20 November 2026, 10:00 UTC."""
SECRET, TOKEN, API_TOKEN = "sentry-secret-1", "kuma-token-1", "api-token-1"
RULES = """
severities:
  P1: {means: Complete outage, respond_within: 15m, channels: [slack]}
  P2: {means: Major degradation, respond_within: 1h, channels: [slack], first_responder: lead}
  P3: {means: Minor issues, respond_within: 4h, channels: [slack], first_responder: lead}
  P4: {means: Low priority, respond_within: 24h, channels: [slack], first_responder: lead}
escalation:
  - {severity: P1, responder: on-call engineer, after: 15m, escalate_to: lead}
roles: {on-call engineer: {person: ana}, lead: {person: maria}}
people: {ana: {slack: U02ANA}, maria: {slack: U03MARIA}}
channels: {slack: {type: slack, url: "${env:SLACK}"}}
sources:
  shop-sentry: {type: sentry, secret: ["${env:SENTRY_OLD}", "${env:SENTRY_NEW}"]}
  kuma: {type: uptimekuma, token: "${env:KUMA}", labels: {environment: production, monitor: ours}}
  anything: {type: generic, unsigned: true}
  packed: {type: generic, secret: "${env:SENTRY_NEW}", gzip: true}
  private: {type: generic, unsigned: true, redact: [user.email, "cards.*.no"]}
rules:
  - {name: the site is down, when: {kind: [uptimekuma.down]}, then: {severity: P1, runbook: site-down}}
  - {name: everything else, then: {severity: P3}}
"""
SECRETS = {
    "SENTRY_OLD": "an-older-secret",
    "SENTRY_NEW": SECRET,
    "KUMA": TOKEN,
    "SLACK": "https://hooks.slack.example/x",
    "SLACK_BOT": "xoxb-of-the-tests",
    "SLACK_SIGNING": "a-signing-secret",
}
ENVIRONMENT = {
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "TOCSIN_API_TOKEN": f"{API_TOKEN},api-token-2",
    "TOCSIN_SECRET": "link-secret-2,link-secret-1",
    "PUBLIC_URL": "https://tocsin.example.com",
}
RUNBOOKS = {
    "site-down": "# The site is down\n\nLook <b>first</b>.\n\n1. Check DNS\n\n```\ndig +short example.com\n```\n"
}
DOWN: dict[str, Any] = {
    "heartbeat": {"monitorID": 7, "status": 0, "time": "2026-11-20 10:00:00.000", "msg": "timeout"},
    "monitor": {"id": 7, "name": "Shop"},
    "msg": "[Shop] [🔴 Down] timeout",
}
KUMA = f"/hooks/kuma/{TOKEN}"
BEARER = {"Authorization": f"Bearer {API_TOKEN}"}


class Ear:
    """One receiver process; `redis` is where it keeps things."""

    def __init__(self, url: str, redis: Redis, settings: Mapping[str, str] | None = None) -> None:
        self.url = url
        self.redis = redis
        self.clock = DrivenClock(NOW)
        self.settings = Settings.model_validate({**ENVIRONMENT, **(settings or {})})
        self.ruleset = load({"rules.yaml": RULES}, runbooks=RUNBOOKS)
        self.in_force = in_force(self.ruleset, TYPES, Environment(SECRETS).reveal)
        self.ledger = Ledger(redis, lambda: self.ruleset, self.clock, lambda: ways(self.ruleset))
        self.store = Store(redis)
        self.commits: list[int] = []
        self.mounts: dict[str, ASGIApp] = {}
        self.rung = 0
        self.rules: Path | None = None
        """A folder from which new rules may come."""
        folder = tempfile.mkdtemp(prefix="tocsin-spool-", dir=in_memory())
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self.spool = Spool(Path(folder))

    def use(self, ruleset: Ruleset) -> None:
        """Other rules are in force from now on."""
        self.ruleset = ruleset
        self.in_force = in_force(ruleset, TYPES, Environment(SECRETS).reveal)

    def kept(self, delivery_id: str) -> dict[str, bytes] | None:
        """Everything that Redis holds of a delivery, by name."""
        record = cast("bytes | None", self.redis.get(keys.delivery(delivery_id)))
        if record is None:
            return None
        told, body = intake.read_record(record)
        texts = {
            name: value.encode() if isinstance(value, str) else orjson.dumps(value) for name, value in told.items()
        }
        return texts | {"body": body}

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """One request."""

        async def one(client: httpx.AsyncClient) -> httpx.Response:
            return await client.request(method, path, **more)

        return self.converse(one)

    def post(self, path: str, body: object = None, **headers: str) -> httpx.Response:
        """One JSON body."""
        return self.ask(
            "POST", path, json=body, headers={name.replace("_", "-"): value for name, value in headers.items()}
        )

    def together(self, requests: Sequence[tuple[str, object]]) -> list[httpx.Response]:
        """Several JSON bodies in the same moment."""

        async def all_of(client: httpx.AsyncClient) -> list[httpx.Response]:
            return await asyncio.gather(*(client.post(path, json=body) for path, body in requests))

        return self.converse(all_of)

    def converse(self, talk: Callable[[httpx.AsyncClient], Coroutine[Any, Any, Any]]) -> Any:
        """Talk to the app within one event loop; what it refused is counted at the end."""

        async def conversation() -> Any:
            fast = fast_redis(self.url)
            try:
                context = self.context(fast)
                transport = httpx.ASGITransport(build(context, self.mounts), raise_app_exceptions=False)
                async with httpx.AsyncClient(transport=transport, base_url="https://tocsin.example.com") as client:
                    answer = await talk(client)
                await context.committer.settle()
                if self.url.startswith("unix"):
                    await context.refusals.flush()
                return answer
            finally:
                await self.wire.close()
                await fast.aclose()

        return asyncio.run(conversation())

    def context(self, fast: Any) -> Context:
        """What the app needs, around one event loop's client; None where nothing is asked of it."""
        fast = fast or fast_redis(self.url)
        wire = self.wire = Wire(fast)

        async def write(batch: Sequence[intake.Received], now: float) -> None:
            self.commits.append(len(batch))
            await intake.commit(wire, batch, now)

        async def hand_over(batch: Sequence[intake.Received], now: float) -> None:
            self.commits.append(len(batch))
            await intake.commit_once(fast, batch, now)

        def ring() -> None:
            self.rung += 1

        # A busy machine may take its time; only a Redis that refuses counts as away here.
        self.spooling = Spooling(write, hand_over, self.spool, self.clock, ring, within=10)
        context = Context(
            settings=self.settings,
            in_force=self.in_force,
            clock=self.clock,
            committer=Committer(self.spooling.write, self.clock, self.spooling.ring),
            spooling=self.spooling,
            refusals=Refusals(fast),
            redis=self.redis,
            fast=fast,
            store=self.store,
            ledger=self.ledger,
        )
        if self.rules is not None:
            context.reload = self._reloading(context, self.rules)
        return context

    def _reloading(self, context: Context, folder: Path) -> Reload:
        def adopt(ruleset: Ruleset) -> None:
            context.in_force = in_force(ruleset, TYPES, Environment(SECRETS).reveal)

        def read(written: Written) -> Ruleset:
            return load(written.texts, runbooks=written.runbooks)

        where = Folder(path=folder, load=read, lacks=lambda _: [])
        return Reload(self.redis, self.clock, Live(self.ruleset), where, adopt)

    def works(self) -> None:
        """The workers put what was heard into incidents."""
        self.clock.at += 1
        self.ledger.deduplicate(Agenda(self.redis).claim(Lane.INTAKE, Job.DEDUPLICATE, self.clock.at))

    def incident(self) -> Incident:
        """The only incident."""
        (incident,) = self.store.incidents(open_only=False)
        return incident

    def parks_a_page(self) -> str:
        """The first notification that is promised is given up; returns its id."""
        agenda = Agenda(self.redis)
        entry = next(one for one in agenda.upcoming() if one.kind is Kind.NOTIFY)
        with self.redis.pipeline() as pipe:
            park(pipe, entry, self.clock.now(), "10 workers died over it")
            pipe.execute()
        return entry.id

    def is_down(self, monitor: int = 7, name: str = "Shop") -> Incident:
        """The shop is down, or what another monitor watches, and the workers know it."""
        before = {one.id for one in self.store.incidents(open_only=False)}
        heartbeat, watched = {**DOWN["heartbeat"], "monitorID": monitor}, {"id": monitor, "name": name}
        assert self.post(KUMA, {**DOWN, "heartbeat": heartbeat, "monitor": watched}).status_code == 202
        self.works()
        (opened,) = (one for one in self.store.incidents(open_only=False) if one.id not in before)
        return opened
