"""Looking at Stripe's list of events: through the library, with our own way out."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest

from rules.responding.triage import Found
from tests.checks.means import NOW, looked
from tests.outside import Outside
from workers.channels.contract import HttpRequest, Reply
from workers.checks.contract import CannotRun, Said
from workers.checks.stripe_webhooks import CHECK

EVENTS = "https://api.stripe.com/v1/events"
KEY = "rk_live_0000000000000000"


class Stripe(Outside):
    """Stripe's API as far as it is asked here."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(lambda: NOW)
        self.reply = reply
        self.requests: list[HttpRequest] = []

    def probe(self, request: HttpRequest, within: float, kept: int) -> Reply:  # noqa: ARG002
        """The answer of the test."""
        self.requests.append(request)
        return self.reply


def page(*events: dict[str, Any], status: int = 200) -> Stripe:
    """Stripe with these events."""
    body = {"object": "list", "data": list(events), "has_more": False, "url": "/v1/events"}
    return Stripe(Reply(status=status, body=orjson.dumps(body)))


def event(kind: str = "charge.failed", ago: float = 2060.0, pending: int = 1) -> dict[str, Any]:
    """One event that was not delivered."""
    return {
        "id": "evt_1", "object": "event", "type": kind, "created": int(NOW - ago), "pending_webhooks": pending,
        "data": {"object": {"id": "ch_1", "object": "charge"}}, "livemode": True,
    }  # fmt: skip


def asked(stripe: Stripe, key: str = KEY, **options: Any) -> Said:
    """One look, its key revealed as whoever runs checks does."""
    given = CHECK.options.model_validate({"api_key": "${env:KEY}", **options})
    return CHECK.look(given.model_copy(update={"api_key": key}), _means(stripe))


def _means(stripe: Stripe) -> Any:
    class _Means:
        outside = stripe
        within = 8.0
        now = NOW

    return _Means()


def test_what_our_endpoint_has_not_taken_is_a_failure() -> None:
    """How many, since when, and which kinds; what is still on its way is not asked for."""
    stripe = page(event(), event("invoice.paid", 900.0), event("charge.failed", 800.0), event("payout.paid", 700.0, 0))
    said = asked(stripe)
    assert said.found is Found.FAILED
    assert said.text == "could not deliver 3 events, the first 34m ago (charge.failed, invoice.paid)"
    (request,) = stripe.requests
    parts = urlsplit(request.url)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == EVENTS
    assert parse_qs(parts.query) == {
        "delivery_success": ["false"],
        "limit": ["25"],
        "created[gte]": [str(int(NOW) - 3600)],
        "created[lte]": [str(int(NOW) - 300)],
    }
    assert request.headers["authorization"] == f"Bearer {KEY}"


def test_an_endpoint_that_takes_everything_is_well() -> None:
    """An empty list."""
    said = asked(page())
    assert (said.found, said.text) == (Found.OK, "delivers all events of the last 1h")


def test_a_connected_account_is_asked_for_by_its_header() -> None:
    """Connect: the platform's key, their events."""
    stripe = page()
    asked(stripe, account="acct_1")
    assert stripe.requests[0].headers["stripe-account"] == "acct_1"


@pytest.mark.parametrize("key", ["sk_live_0000000000000000", "sk_test_1", "whsec_1", ""])
def test_a_key_that_may_more_is_never_used(key: str) -> None:
    """Nothing is asked with it, and it is not repeated."""
    stripe = page()
    with pytest.raises(CannotRun, match="restricted key") as why:
        asked(stripe, key)
    assert stripe.requests == []
    assert not key or key not in str(why.value)


@pytest.mark.parametrize(
    ("status", "words"),
    [(401, "must be a restricted one"), (403, "must be a restricted one"), (500, "Stripe answers 500"),
     (429, "Stripe answers 429")],
)  # fmt: skip
def test_an_answer_that_is_none_is_unknown(status: int, words: str) -> None:
    """It says nothing of our endpoint. Asked once: the next run comes soon."""
    body = orjson.dumps({"error": {"type": "invalid_request_error", "message": f"Invalid API Key: {KEY}"}})
    stripe = Stripe(Reply(status=status, body=body))
    with pytest.raises(CannotRun, match=words) as why:
        asked(stripe)
    assert KEY not in str(why.value)
    assert len(stripe.requests) == 1


def test_what_is_no_json_is_unknown_too() -> None:
    """A proxy's page, or an answer that was cut."""
    with pytest.raises(CannotRun, match="Stripe answers"):
        asked(Stripe(Reply(status=200, body=b"<html>")))


def test_the_key_is_a_reference() -> None:
    """Never the key itself."""
    with pytest.raises(ValueError, match="never the secret itself"):
        looked(CHECK, api_key=KEY)
