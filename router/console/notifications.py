"""`/notifications`: what was tried to tell people and what came of it, how each channel is, and its test."""

from __future__ import annotations

import time
from collections.abc import Sequence

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from router.accounts.audit import What
from router.api.notifications import AskedToTest, promise, result_of
from router.console.incident import Part
from router.console.routes import Page, Refused
from router.console.visit import Visit
from router.console.visitor import Role
from router.context import Context
from workers.telling.attempts import Became
from workers.telling.tried import Attempts, Health, Sought

AT_ONCE = 50
FRESH = 2.0
"""Seconds for which how the channels are is told again: it is worked out of thousands of attempts."""
MOST_PAGES = 200


class NotificationsPage:
    """The list, one attempt, and the buttons that test channels."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._attempts = Attempts(context.redis)
        self._health: dict[str, Health] = {}
        self._looked = float("-inf")

    def pages(self) -> list[Page]:
        """What of the console is here."""
        return [
            Page("/notifications", "GET", self.show),
            Page("/notifications/{id}", "GET", self.one),
            Page("/channels/{name}/test", "POST", self.test, needs=Role.RESPONDER),
        ]

    async def show(self, visit: Visit) -> Response:
        """GET: the attempts that fit the filters of the address, the newest first."""
        return await run_in_threadpool(self._listed, visit)

    async def one(self, visit: Visit) -> Response:
        """GET: one attempt with what was sent and answered."""

        def drawn() -> Response:
            attempt = self._attempts.one(visit.request.path_params["id"])
            if attempt is None:
                raise Refused(
                    404, "This attempt is no longer kept", "The latest 10,000 are, and a week of an incident."
                )
            exchange, entry = self._attempts.exchange(attempt), Sought(entry=attempt.entry, incident=attempt.incident)
            tries = self._attempts.find(entry, 20, most=2000)
            return visit.page("notification.html", one=attempt, exchange=exchange, tries=tries[::-1])

        return await run_in_threadpool(drawn)

    async def test(self, visit: Visit) -> Response:
        """POST: send a test through a channel, wait a little for what comes of it, and say so."""
        name, form = visit.request.path_params["name"], visit.form
        agreed = form.get("agreed") == "yes"
        asked = AskedToTest(by=visit.visitor.name, person=form.get("person") or None, agreed=agreed)
        entry = await run_in_threadpool(promise, self._context, name, asked)
        await visit.audited(What.TESTED, f"{name}, reaching {asked.person}" if asked.person else name)
        result = await result_of(self._context, entry)
        here = "/notifications"
        if result is None:
            return visit.back(here, f"The test of {name} is promised; no worker has sent it yet.", wrong=True)
        if result.became is not Became.DELIVERED:
            return visit.back(f"{here}/{result.id}", f"{name} does not work: {result.why}", wrong=True)
        text = f"{name} works: it took the test in {result.took * 1000:.0f} ms, with {result.status}."
        return visit.back(here, text)

    def _listed(self, visit: Visit) -> Response:
        asked, config = visit.asked, self._context.in_force.ruleset.config
        outcome, page = asked.get("outcome", ""), _page(asked.get("page", "1"))
        sought = Sought(
            channel=asked.get("channel") or None,
            became=Became(outcome) if outcome in list(Became) else None,
            incident=asked.get("incident") or None,
            person=asked.get("person") or None,
        )
        found = self._attempts.find(sought, AT_ONCE + 1, (page - 1) * AT_ONCE)
        return visit.page(
            "notifications.html",
            attempts=found[:AT_ONCE],
            part=Part(page, page + (len(found) > AT_ONCE), len(found)),
            sought=sought,
            outcomes=list(Became),
            people=sorted(config.people),
            channels=list(config.channels),
            health=self._healthy(list(config.channels), visit.now),
            ways=self._context.ledger.ways(),
        )

    def _healthy(self, channels: Sequence[str], now: float) -> dict[str, Health]:
        if time.monotonic() - self._looked > FRESH or self._health.keys() != set(channels):
            self._health, self._looked = self._attempts.health(channels, now), time.monotonic()
        return self._health


def _page(text: str) -> int:
    return min(MOST_PAGES, max(1, int(text[:4]))) if text.isascii() and text.isdigit() else 1
