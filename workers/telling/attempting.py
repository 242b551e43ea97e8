"""One attempt under way: it watches the request go and the reply come, and says afterwards what is to be kept of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from workers.agenda import Entry
from workers.channels.contract import HttpRequest, MailRequest, Reply
from workers.settings import Environment
from workers.telling import masking
from workers.telling.attempts import Attempt, Became, Kept, id_of

Perform = Callable[[HttpRequest | MailRequest], Reply]


@dataclass(slots=True)
class Going:
    """One message on its way, for one entry or for several together. `at` is when it began, Unix seconds."""

    first: Entry
    at: float
    environment: Environment
    together: int = 1
    took: float = 0.0
    _request: HttpRequest | MailRequest | None = field(default=None, repr=False)
    _reply: Reply | None = field(default=None, repr=False)

    def perform(self, request: HttpRequest | MailRequest, perform: Perform) -> Reply:
        """Send it. Raises what `perform` raises."""
        self._request, began = request, time.monotonic()
        try:
            self._reply = perform(request)
            return self._reply
        finally:
            self.took = time.monotonic() - began

    def ended(self, entry: Entry, became: Became, why: str = "", again_at: float | None = None) -> Kept:
        """What is kept of it for one of its entries; what was sent, only once."""
        secrets = self.environment.revealed
        alone = entry.id == self.first.id
        attempt = attempt_of(
            entry,
            self.at,
            became,
            masking.said(why, secrets) if why else "",
            took=self.took,
            again_at=again_at,
            status=self._reply.status if self._reply is not None else None,
            together=self.together,
            within=None if alone else id_of(self.first),
        )
        if self._request is None or not alone:
            return Kept(attempt=attempt)
        return Kept(attempt=attempt, exchange=masking.shown(self._request, self._reply, secrets))


def attempt_of(
    entry: Entry,
    at: float,
    became: Became,
    why: str = "",
    *,
    took: float = 0.0,
    again_at: float | None = None,
    status: int | None = None,
    together: int = 1,
    within: str | None = None,
) -> Attempt:
    """The facts about one entry."""
    body = entry.body
    return Attempt(
        id=id_of(entry),
        entry=entry.id,
        incident=entry.incident,
        channel=str(body["channel"]),
        role=body["role"],
        person=body["person"],
        reason=str(body["reason"]),
        severity=str(body["severity"]),
        number=entry.failures + 1,
        at=at,
        took=round(took, 4),
        became=became,
        why=why,
        again_at=again_at,
        status=status,
        together=together,
        within=within,
        test=bool(body.get("test")),
    )
