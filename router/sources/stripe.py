"""Stripe: snapshot events and the thin events of API v2.

Source of the facts: https://docs.stripe.com/webhooks, stripe/stripe-python `stripe/_webhook.py`,
https://docs.stripe.com/currencies. Verified here and not by the `stripe` library: that costs 200 ms to import, accepts
times an hour ahead of the clock, and refuses thin events.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from router.sources.contract import Delivery, Options, Setup, SourceType, Unauthentic, Unreadable
from router.sources.reading import at, event, first, mapping, parse_object, text
from router.sources.signatures import sign_hex, verify_hmac, verify_moment
from rules.event import Action, Event

_TRIGGERS = {
    "account.application.deauthorized",
    "charge.dispute.created",
    "charge.dispute.funds_withdrawn",
    "radar.early_fraud_warning.created",
    "review.opened",
}
_RESOLVES = {
    "charge.dispute.closed",
    "checkout.session.async_payment_succeeded",
    "invoice.paid",
    "invoice.payment_succeeded",
    "payment_intent.succeeded",
    "payout.paid",
    "review.closed",
    "setup_intent.succeeded",
}
_WITHOUT_DECIMALS = frozenset(
    ("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF")
)
"""Stripe's list. ISK and UGX have no decimals either, but Stripe keeps writing them as if they had two."""
_THREE_DECIMALS = frozenset(("BHD", "JOD", "KWD", "OMR", "TND"))
_MOST = 10**15
_HEALTH = "v2.core.health."
"""Stripe on its own trouble: https://docs.stripe.com/api/v2/core/events/event-types."""
_HEALTHS = {"firing": Action.TRIGGER, "increased": Action.TRIGGER, "resolved": Action.RESOLVE}
_AMOUNTS = {"invoice": "amount_due", "checkout.session": "amount_total"}
_LABELS = ("customer", "payment_intent", "invoice", "charge", "subscription", "failure_code", "reason", "status")


def verify(delivery: Delivery, secrets: Sequence[bytes], now: float, _options: Options) -> None:
    """Check `Stripe-Signature` (`t=…,v1=…[,v1=…]`): any v1, any secret, at most 300 s from our clock on either side.

    While an endpoint's secret is rolled over Stripe signs with both. Other schemes (`v0`) are ignored.
    """
    pairs = [part.strip().partition("=") for part in delivery.headers.get("stripe-signature", "").split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    if len(times) != 1:
        raise Unauthentic("no Stripe-Signature, or not exactly one time in it")
    signed_at = verify_moment(times[0], now)
    given = [value for name, _, value in pairs if name == "v1"]
    verify_hmac(signed_at.encode() + b"." + delivery.body, given, secrets)


def sign(body: bytes, secret: bytes, now: float, _options: Options) -> dict[str, str]:
    """The header Stripe would add. The secret is used as it is, `whsec_` included."""
    return {"Stripe-Signature": f"t={int(now)},v1={sign_hex(secret, str(int(now)).encode() + b'.' + body)}"}


def parse(delivery: Delivery, _options: Options) -> list[Event]:
    """The one event of a webhook. Raises Unreadable for a body without a `type`."""
    body = parse_object(delivery.body)
    what = text(body, "type")
    if not what:
        raise Unreadable("no Stripe event: it has no type")
    return [_thin(delivery, what, body) if "data" not in body or _is_thin(body) else _snapshot(delivery, what, body)]


def _is_thin(body: dict[str, object]) -> bool:
    return text(body, "object") == "v2.core.event"


def _snapshot(delivery: Delivery, what: str, body: dict[str, object]) -> Event:
    thing = mapping(body, "data", "object")
    amount, reason = _amount(what, thing), _reason(what, thing)
    currency = text(thing, "currency")
    title = ": ".join(filter(None, (f"Stripe {_subject(what, thing)}", show_amount(amount, currency))))
    return event(
        delivery,
        kind=f"stripe.{what}",
        action=_action(what, thing),
        key=_key(what, body, thing),
        summary=f"{title} ({reason})" if reason else title,
        labels=_labels(body, thing) | {"amount": major_units(amount, currency)},
        # The only page a body links to. It is the customer's, but it shows the invoice and its state.
        url=text(thing, "hosted_invoice_url"),
        occurred_at=at(body, "created"),
        sender_id=text(body, "id"),
    )


def _thin(delivery: Delivery, what: str, body: dict[str, object]) -> Event:
    thing = mapping(body, "related_object")
    name, account = text(thing, "id"), text(body, "context")
    key, title = f"stripe {what} {account}", f"Stripe {what}"
    if what.startswith(_HEALTH):
        of, _, state = what.removeprefix(_HEALTH).rpartition(".")
        key, title = f"stripe health {of} {account}", f"Stripe's own health: {of.replace('_', ' ')} {state}"
    return event(
        delivery,
        kind=f"stripe.{what}",
        action=_action(what, thing),
        key=f"stripe {text(thing, 'type')} {name}" if name else key,
        summary=f"Stripe {what} for {name}" if name else title,
        labels={"account": account, "livemode": text(body, "livemode")},
        occurred_at=at(body, "created"),
        sender_id=text(body, "id"),
    )


def _action(what: str, thing: dict[str, object]) -> Action:
    last = what.rpartition(".")[2]
    if what.startswith(_HEALTH):
        return _HEALTHS.get(last, Action.INFO)
    if what in _TRIGGERS or last.endswith(("failed", "error_report_triggered")):
        return Action.TRIGGER
    # A cancelled payment ends the trouble only if there was some; most were simply not wanted any more.
    given_up = what == "payment_intent.canceled" and bool(mapping(thing, "last_payment_error"))
    return Action.RESOLVE if what in _RESOLVES or given_up else Action.INFO


def _key(what: str, body: dict[str, object], thing: dict[str, object]) -> str:
    account = text(body, "account")
    if what == "account.application.deauthorized":
        # data.object is the application, or nothing of use: only the envelope says which account has left.
        return f"stripe account {account or 'unknown'}"
    kind = first(text(thing, "object"), what.rpartition(".")[0], what)
    # What is to come, and what has none of its own, is known by whom it is about.
    about = (text(thing, name) for name in ("id", "charge", "subscription", "customer"))
    return f"stripe {kind} {first(*about, account)}"


def _subject(what: str, thing: dict[str, object]) -> str:
    if what == "account.application.deauthorized":
        return "account deauthorized the application"
    return f"account {text(thing, 'id')} updated" if what == "account.updated" else what


def _reason(what: str, thing: dict[str, object]) -> str:
    errors = (text(thing, "last_payment_error", "message"), text(thing, "last_setup_error", "message"))
    why = first(text(thing, "failure_message"), *errors)
    if what.startswith("charge.dispute."):
        why = text(thing, "reason")
    outcome = text(thing, "status") if what == "charge.dispute.closed" else ""
    return ", ".join(filter(None, (first(why, text(thing, "fraud_type")), outcome)))


def _amount(what: str, thing: dict[str, object]) -> int | None:
    name = "amount_refunded" if what == "charge.refunded" else _AMOUNTS.get(text(thing, "object"), "amount")
    found = at(thing, name)
    return found if isinstance(found, int) and not isinstance(found, bool) and abs(found) < _MOST else None


def _labels(body: dict[str, object], thing: dict[str, object]) -> dict[str, str]:
    error = mapping(thing, "last_payment_error")
    labels = {name: text(thing, name) for name in _LABELS}
    # A failed payment is told twice, of the charge and of its intent: this label is the same in both.
    itself = text(thing, "id") if text(thing, "object") == "payment_intent" else ""
    return labels | {
        "payment_intent": first(labels["payment_intent"], itself),
        "account": text(body, "account"),
        "currency": text(thing, "currency").upper(),
        "livemode": text(body, "livemode"),
        "failure_code": first(labels["failure_code"], text(error, "decline_code"), text(error, "code")),
    }


def show_amount(minor: int | None, currency: str) -> str:
    """An amount of minor units as people write it; "" without an amount or a currency.

    >>> show_amount(2000, "usd"), show_amount(1000, "jpy"), show_amount(1500, "kwd")
    ('20.00 USD', '1000 JPY', '1.500 KWD')
    """
    shown = major_units(minor, currency)
    return f"{shown} {currency.upper()}" if shown else ""


def major_units(minor: int | None, currency: str) -> str:
    """An amount of minor units as an exact decimal in the currency's own units, which can be added up; "" as above.

    >>> major_units(4250, "eur"), major_units(4250, "jpy"), major_units(4250, "bhd")
    ('42.50', '4250', '4.250')
    """
    code = currency.upper()
    if minor is None or not code:
        return ""
    places = 0 if code in _WITHOUT_DECIMALS else 3 if code in _THREE_DECIMALS else 2
    return f"{Decimal(minor).scaleb(-places):.{places}f}"


SOURCE = SourceType(
    name="stripe",
    title="Stripe",
    parse=parse,
    verify=verify,
    sign=sign,
    setup=Setup(
        steps=(
            "In the Stripe dashboard open **Developers > Webhooks** and add an endpoint with the URL `{url}`.",
            (
                "Choose the events: `charge.failed`, `charge.dispute.*`, `invoice.payment_failed`, `invoice.paid`, "
                "`payment_intent.payment_failed`, `payment_intent.succeeded`, `payout.failed` are a good start. "
                "Choose a failure together with what ends it."
            ),
            (
                "Reveal the **Signing secret**, put it into the environment and name it as it is, `whsec_` "
                "included: `secret: ${env:STRIPE_SECRET}`. While you roll it over, list the old and the new one."
            ),
        ),
        notes=(
            (
                "A declined card is news, not an outage: give such rules a gate (`more_than`); `labels.amount` is "
                "in the units of `labels.currency`, so that a gate can add it up."
            ),
            'Test events carry `livemode: "false"`.',
        ),
    ),
)
