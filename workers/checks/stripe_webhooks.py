"""Does our own endpoint take Stripe's webhooks? No event tells that it does not: Stripe's list of events does.

Source of the facts: https://docs.stripe.com/api/events/list (`delivery_success`: of false also what is still being
delivered, hence the grace), https://docs.stripe.com/webhooks (retries go on for three days), stripe-python 16.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, cast

from rules.duration import show_duration
from rules.reading.fields import Duration, Reference
from rules.responding.triage import Found
from workers.channels.contract import HttpRequest, Reply
from workers.checks.contract import CannotRun, CheckOptions, CheckType, Means, Outside, Said
from workers.plain import plain

MOST = 25
"""Events that are asked for: one is enough to fail, and each may be large."""
KEPT = 4 * 1024 * 1024
NAMED = 3
"""Kinds of events that are named."""


class StripeWebhooksOptions(CheckOptions):
    """One question: which events of late has our endpoint not taken?"""

    api_key: Reference
    """A reference to a restricted key (rk_…) that may read Events and nothing else."""
    account: str | None = None
    """A connected account, acct_…, whose events are meant."""
    since: Duration = 3600.0
    """How far back is looked."""
    grace: Duration = 300.0
    """What is younger than this may still be on its way."""


def look(options: CheckOptions, means: Means) -> Said:
    """Ask once. Raises CannotRun for a key that may too much, or not enough."""
    asked = cast(StripeWebhooksOptions, options)
    if not asked.api_key.startswith("rk_"):
        raise CannotRun("its api_key is no restricted key (rk_…): make one at Stripe that may read Events only")
    oldest, youngest = int(means.now - asked.since), int(means.now - asked.grace)
    found = _undelivered(asked, means, {"gte": oldest, "lte": youngest})
    if not found:
        return Said(found=Found.OK, text=f"delivers all events of the last {show_duration(asked.since)}")
    kinds = Counter(kind for kind, _ in found)
    named = ", ".join(plain(kind, 60) for kind, _ in kinds.most_common(NAMED)) + (", …" if len(kinds) > NAMED else "")
    number = f"{MOST} events or more" if len(found) >= MOST else f"{len(found)} event{'s' * (len(found) > 1)}"
    first = show_duration((means.now - min(created for _, created in found)) // 60 * 60)
    return Said(found=Found.FAILED, text=f"could not deliver {number}, the first {first} ago ({named})")


def _undelivered(asked: StripeWebhooksOptions, means: Means, created: Mapping[str, int]) -> list[tuple[str, float]]:
    """Kind and time (Unix seconds) of each event that an endpoint has not taken."""
    import stripe

    options: Any = {"stripe_account": asked.account} if asked.account else {}
    client = stripe.StripeClient(
        asked.api_key, http_client=_client(stripe, means.outside, means.within), max_network_retries=0
    )
    try:
        page = client.v1.events.list(cast(Any, {"delivery_success": False, "created": created, "limit": MOST}), options)
    except (stripe.AuthenticationError, stripe.PermissionError):
        raise CannotRun("Stripe refuses its api_key: it must be a restricted one that may read Events") from None
    except stripe.StripeError as wrong:
        raise CannotRun(f"Stripe answers {wrong.http_status or 'nothing'} ({type(wrong).__name__})") from None
    # An event nobody listens to is delivered, of course: it waits for no endpoint.
    return [(str(one.type), float(one.created)) for one in page.data if one.pending_webhooks]


def _client(stripe: Any, outside: Outside, within: float) -> Any:
    """The library's way out is ours: checked addresses, one deadline, no proxy of the environment."""

    class Ours(stripe.HTTPClient):  # type: ignore[misc]
        name = "tocsin"

        def request(self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None) -> Any:
            sent = {name.lower(): str(value) for name, value in headers.items()}
            body = post_data.encode() if isinstance(post_data, str) else post_data or b""
            request = HttpRequest(url=url, method=method.upper(), headers=sent, body=body)
            reply: Reply = outside.probe(request, within, KEPT)
            return reply.body, reply.status, reply.headers

        def close(self) -> None:
            """Nothing is kept open."""

    return Ours()


CHECK = CheckType(
    name="stripe_webhooks",
    title="Stripe's webhooks",
    options=StripeWebhooksOptions,
    look=look,
    within=8.0,
    setup="""\
    checks:
      stripe-webhooks: {type: stripe_webhooks, api_key: "${env:STRIPE_EVENTS_KEY}", every: 5m, labels: {area: payments}}

In Stripe's dashboard: **Developers > API keys > Create restricted key**, with *Read* on *Events* and nothing else. A
key that may more is refused.
""",
)
