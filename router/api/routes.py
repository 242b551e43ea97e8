"""`/api`: incidents read and answered, reports taken in, the agenda read aloud. Everything here needs a token."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Any

from redis.exceptions import RedisError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

from router.accounts.api import AccountsApi
from router.accounts.caller import in_their_name
from router.api import briefings, promises
from router.api.checks import Checks
from router.api.commands import ASKED, read_asked, read_limit, read_parked, read_report, read_state
from router.api.counting import Window
from router.api.deliveries import Deliveries
from router.api.editions import Editions
from router.api.export import Export
from router.api.finding import incident_named
from router.api.maintenance import Maintenances
from router.api.notifications import Notifications
from router.api.numbers import told
from router.api.postmortems import PostmortemsApi
from router.api.promising import Promising
from router.api.reporting import report
from router.api.runbook_api import RunbookApi
from router.api.schedules import Schedules
from router.api.senders import Senders
from router.api.shown import child, shown, unverified
from router.api.silences import Silences
from router.api.tracing import Tracing
from router.context import Context
from router.hooks.receiver import what_was_heard
from router.problems import Problem, unavailable
from router.requests import headers_of, read_body
from rules.record import as_data, encode
from workers import gates
from workers.agenda import Agenda
from workers.ledger import Busy, NoIncident, Refused

READ_WITHIN = 0.5
"""Seconds to wait for the numbers' first reading; whoever is told that it goes on asks again."""

MOST = 1000
"""Open incidents looked through for those that a gate has opened."""

Endpoint = Callable[[Request], Awaitable[Response]]


def routes(context: Context) -> Router:
    """The API's own router, to be mounted under /api behind the guard."""
    api, deliveries, editions, quiet = _Api(context), Deliveries(context), Editions(context), Silences(context)
    promising = Promising(context)
    people = AccountsApi(context)
    heard = Senders(context)
    schedules = Schedules(context)
    told = Notifications(context)
    works = Maintenances(context)
    after, export = PostmortemsApi(context), Export(context)
    runbooks = RunbookApi(context, functools.partial(incident_named, context.store))
    looks = Checks(context)
    commands = [
        Route(f"/incidents/{{id}}/{what}", _kept(functools.partial(api.command, what)), methods=["POST"])
        for what in ASKED
    ]
    return Router(
        [
            Route("/incidents", _kept(api.incidents), methods=["GET"]),
            Route("/incidents", _kept(api.report), methods=["POST"]),
            Route("/incidents/{id}", _kept(api.incident), methods=["GET"]),
            Route("/incidents/{id}/brief", _kept(api.brief), methods=["GET"]),
            *commands,
            Route("/incidents/{id}/export", _kept(_said(export.show)), methods=["GET"]),
            Route("/incidents/{id}/postmortem", _kept(_said(after.show)), methods=["GET"]),
            Route("/incidents/{id}/postmortem", _kept(_said(after.save)), methods=["POST"]),
            Route("/incidents/{id}/postmortem/ask", _kept(_said(after.ask)), methods=["POST"]),
            Route("/incidents/{id}/postmortem/waive", _kept(_said(after.waive)), methods=["POST"]),
            Route("/incidents/{id}/postmortem/review", _kept(_said(after.review)), methods=["POST"]),
            Route("/incidents/{id}/postmortem/actions", _kept(_said(after.add, 201)), methods=["POST"]),
            Route("/incidents/{id}/postmortem/actions/{number}", _kept(_said(after.change)), methods=["POST"]),
            Route("/postmortems", _kept(_said(after.find)), methods=["GET"]),
            Route("/incidents/{id}/runbook", _kept(_said(runbooks.show)), methods=["GET"]),
            Route("/incidents/{id}/runbook", _kept(_said(runbooks.work)), methods=["POST"]),
            Route("/deliveries", _kept(_said(deliveries.find)), methods=["GET"]),
            Route("/deliveries/purge", _kept(_said(deliveries.purge)), methods=["POST"]),
            Route("/deliveries/{id}", _kept(_said(deliveries.show)), methods=["GET"]),
            Route("/deliveries/{id}/explain", _kept(_said(deliveries.explain)), methods=["GET"]),
            Route("/deliveries/{id}/redeliver", _kept(_said(deliveries.redeliver, 202)), methods=["POST"]),
            Route("/sources", _kept(_said(heard.find)), methods=["GET"]),
            Route("/sources/{name}", _kept(_said(heard.show)), methods=["GET"]),
            Route("/notifications", _kept(_said(told.find)), methods=["GET"]),
            Route("/notifications/{id}", _kept(_said(told.show)), methods=["GET"]),
            Route("/channels/{name}/test", _kept(_said(told.test, 202)), methods=["POST"]),
            Route("/checks", _kept(_said(looks.find)), methods=["GET"]),
            Route("/checks/{name}/run", _kept(_said(looks.run, 202)), methods=["POST"]),
            Route("/deployments", _kept(_said(looks.deployments)), methods=["GET"]),
            Route("/deployments", _kept(_said(looks.deployed, 201)), methods=["POST"]),
            Route("/silences", _kept(_said(quiet.find)), methods=["GET"]),
            Route("/silences", _kept(_said(quiet.add, 201)), methods=["POST"]),
            Route("/silences/{name}/lift", _kept(_said(quiet.lift)), methods=["POST"]),
            Route("/maintenance", _kept(_said(works.find)), methods=["GET"]),
            Route("/maintenance", _kept(_said(works.begin, 201)), methods=["POST"]),
            Route("/maintenance/{name}/prolong", _kept(_said(works.prolong)), methods=["POST"]),
            Route("/maintenance/{name}/end", _kept(_said(works.end)), methods=["POST"]),
            Route("/maintenance/{name}/publish", _kept(_said(works.publish)), methods=["POST"]),
            Route("/schedules", _kept(_said(schedules.find)), methods=["GET"]),
            Route("/schedules/{name}/overrides", _kept(_said(schedules.override, 201)), methods=["POST"]),
            Route("/schedules/{name}/overrides/{id}/lift", _kept(_said(schedules.lift)), methods=["POST"]),
            Route("/rules", _kept(_said(editions.show)), methods=["GET"]),
            Route("/rules/reload", _kept(_said(editions.reload)), methods=["POST"]),
            Route("/gates", _kept(api.gates), methods=["GET"]),
            Route("/numbers", _kept(api.numbers), methods=["GET"]),
            Route("/agenda", _kept(api.agenda), methods=["GET"]),
            Route("/agenda/{id}/retry", _kept(api.retry), methods=["POST"]),
            Route("/agenda/{id}/run", _kept(_said(promising.run)), methods=["POST"]),
            Route("/agenda/{id}/postpone", _kept(_said(promising.postpone)), methods=["POST"]),
            Route("/agenda/{id}/drop", _kept(_said(promising.drop)), methods=["POST"]),
            Route("/queues", _kept(_said(promising.queues)), methods=["GET"]),
            Route("/queues/failed/{id}/requeue", _kept(_said(promising.requeue)), methods=["POST"]),
            Route("/queues/failed/{id}/remove", _kept(_said(promising.remove)), methods=["POST"]),
            Route("/accounts", _kept(_said(people.find)), methods=["GET"]),
            Route("/accounts/first", _kept(_said(people.first)), methods=["POST"]),
            Route("/accounts/invites", _kept(_said(people.invite, 201)), methods=["POST"]),
            Route("/accounts/tokens", _kept(_said(people.tokens)), methods=["GET"]),
            Route("/accounts/tokens", _kept(_said(people.make_token, 201)), methods=["POST"]),
            Route("/accounts/tokens/{id}/revoke", _kept(_said(people.revoke)), methods=["POST"]),
            Route("/accounts/{name}/role", _kept(_said(people.change_role)), methods=["POST"]),
            Route("/accounts/{name}/person", _kept(_said(people.change_person)), methods=["POST"]),
            Route("/accounts/{name}/reset", _kept(_said(people.reset, 201)), methods=["POST"]),
            Route("/accounts/{name}/remove", _kept(_said(people.remove)), methods=["POST"]),
            Route("/audit", _kept(_said(people.audit)), methods=["GET"]),
        ],
        # A redirect would be built from the Host header, which anybody may write.
        redirect_slashes=False,
    )


class _Api:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._tracing = Tracing(context)

    async def incidents(self, request: Request) -> Response:
        open_only = read_state(request.query_params.get("state", "open"))
        limit = read_limit(request.query_params.get("limit", "200"))
        found = await run_in_threadpool(self._context.store.incidents, open_only=open_only, limit=limit)
        now = self._context.clock.now()
        return _json({"incidents": [shown(one, now) for one in found]})

    async def incident(self, request: Request) -> Response:
        return _json(await run_in_threadpool(self._explained, request.path_params["id"]))

    async def brief(self, request: Request) -> Response:
        def said() -> dict[str, Any]:
            return briefings.told(self._context, incident_named(self._context.store, request.path_params["id"]))

        return _json(await run_in_threadpool(said))

    async def command(self, what: str, request: Request) -> Response:
        body = await read_body(headers_of(request.scope["headers"]), request.receive, self._context.settings.body_limit)
        asked = read_asked(what, in_their_name(request, body), self._context.in_force.ruleset.config.people)

        def obey() -> dict[str, Any]:
            ledger, one = self._context.ledger, incident_named(self._context.store, request.path_params["id"]).id
            before = self._written(one, asked.by)
            try:
                ledger.answer(one, asked.command(ledger.roster()))
            except Refused as why:
                raise Problem(409, str(why), **self._unverified(what, one)) from None
            # Whatever a person changes stands in the history with their name.
            return {**self._whole(one), "changed": self._written(one, asked.by) > before, "by": asked.by}

        return _json(await run_in_threadpool(obey))

    async def report(self, request: Request) -> Response:
        headers = headers_of(request.scope["headers"])
        body = await read_body(headers, request.receive, self._context.settings.body_limit)
        said = await report(self._context, read_report(in_their_name(request, body, "reporter")))
        return _json({**what_was_heard(said.received), "incident": said.incident}, 202)

    async def gates(self, request: Request) -> Response:
        limit = read_limit(request.query_params.get("limit", "200"))
        context = self._context

        def read() -> list[dict[str, Any]]:
            rules, now = context.in_force.ruleset.config.rules, context.clock.now()
            found = gates.standings(context.redis, rules, now, limit)
            opened = gates.opened_by(context.store.incidents(limit=MOST)) if found else {}
            return [{**one.shown(), "incident": opened.get(one.reading.gate.key)} for one in found]

        return _json({"gates": await run_in_threadpool(read)})

    async def numbers(self, request: Request) -> Response:
        window = Window.asked(request.query_params)
        config = self._context.in_force.ruleset.config
        return _json(told(await run_in_threadpool(self._context.counting.count, window, config, READ_WITHIN)))

    async def agenda(self, request: Request) -> Response:
        limit = read_limit(request.query_params.get("limit", "200"))
        parked = read_parked(request.query_params.get("state", "promised"))

        def read() -> list[dict[str, Any]]:
            agenda = Agenda(self._context.redis)
            entries = agenda.parked(limit) if parked else agenda.upcoming(limit)
            concerned = {entry.incident for entry in entries if entry.incident}
            known = {one: self._context.store.incident(one) for one in concerned}
            return promises.read_aloud(entries, known, self._context.clock.now())

        return _json({"items": await run_in_threadpool(read)})

    async def retry(self, request: Request) -> Response:
        def take_up() -> list[dict[str, Any]]:
            entry = Agenda(self._context.redis).given_up(request.path_params["id"])
            if entry is None:
                raise Problem(404, "No entry of this id was given up. GET /api/agenda?state=parked lists them.")
            self._context.ledger.take_up(entry)
            incident = self._context.store.incident(entry.incident or "")
            return promises.read_aloud([entry], {entry.incident or "": incident}, self._context.clock.now())

        return _json({"items": await run_in_threadpool(take_up)})

    def _unverified(self, what: str, incident_id: str) -> dict[str, Any]:
        """What a program needs to go on where a `resolve` was refused: the sentence names a few items only."""
        incident = self._context.store.incident(incident_id) if what == "resolve" else None
        return {} if incident is None else unverified(incident, self._context.clock.now())

    def _written(self, incident_id: str, by: str) -> int:
        return sum(line.by == by for line in self._context.store.timeline(incident_id))

    def _whole(self, part: str) -> dict[str, Any]:
        incident = incident_named(self._context.store, part)
        timeline = self._context.store.timeline(incident.id)
        children = [child(one) for one in self._context.store.children(incident.id)]
        whole = shown(incident, self._context.clock.now())
        return {**whole, "children": children, "timeline": as_data(timeline)}

    def _explained(self, part: str) -> dict[str, Any]:
        """Whole, with why it opened."""
        incident = incident_named(self._context.store, part)
        trace = self._tracing.incident(incident, self._context.store.timeline(incident.id))
        return {**self._whole(part), "trace": trace}


def _json(said: object, status: int = 200) -> Response:
    return Response(encode(said), status, media_type="application/json")


def _said(asked: Callable[[Request], Awaitable[dict[str, Any]]], status: int = 200) -> Endpoint:
    async def answered(request: Request) -> Response:
        return _json(await asked(request), status)

    return answered


def _kept(endpoint: Endpoint) -> Endpoint:
    """What Redis, or a race, can do to any request of the API."""

    async def answered(request: Request) -> Response:
        try:
            return await endpoint(request)
        except NoIncident:
            raise Problem(404, "This incident is gone: its time has run out.") from None
        except Refused as why:
            raise Problem(409, str(why)) from None
        except Busy:
            raise Problem(
                503, "Many are writing to this incident. Please try again.", headers={"Retry-After": "1"}
            ) from None
        except RedisError:
            raise unavailable() from None

    return answered
