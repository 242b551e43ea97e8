"""Stripe: what its events say, in whose money, and who may send them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given

from router.sources.contract import Delivery, Options, Unauthentic, Unreadable
from router.sources.stripe import SOURCE, show_amount, sign, verify
from rules.event import Action
from rules.gates.amount import ONE, parse_amount
from tests.sources.hearing import NOW, at, broken, deliveries, heard, survives, told

WORDS = ["type", "data", "object", "id", "amount", "currency", "usd", "related_object", "created", "invoice", "charge"]
INTENT = "stripe payment_intent pi_3SampleIntent"
INVOICE = "stripe invoice in_1SampleInvoice"
DISPUTE = "stripe dispute du_1SampleDispute"
BODY = b'{"type": "charge.failed"}\n'


@pytest.mark.parametrize(
    ("sample", "kind", "action", "key", "summary"),
    [
        (
            *("charge_failed", "charge.failed", Action.TRIGGER, "stripe charge ch_3SampleCharge"),
            "Stripe charge.failed: 42.50 EUR (Your card has insufficient funds.)",
        ),
        (
            *("payment_intent_failed", "payment_intent.payment_failed", Action.TRIGGER, INTENT),
            "Stripe payment_intent.payment_failed: 42.50 EUR (Your card has insufficient funds.)",
        ),
        (
            *("payment_intent_succeeded", "payment_intent.succeeded", Action.RESOLVE, INTENT),
            "Stripe payment_intent.succeeded: 42.50 EUR",
        ),
        (
            *("payment_intent_canceled", "payment_intent.canceled", Action.INFO, INTENT),
            "Stripe payment_intent.canceled: 42.50 EUR",
        ),
        (
            *("payment_intent_canceled_after_failure", "payment_intent.canceled", Action.RESOLVE, INTENT),
            "Stripe payment_intent.canceled: 42.50 EUR (Your card has insufficient funds.)",
        ),
        (
            *("invoice_payment_failed", "invoice.payment_failed", Action.TRIGGER, INVOICE),
            "Stripe invoice.payment_failed: 129.00 USD",
        ),
        ("invoice_paid", "invoice.paid", Action.RESOLVE, INVOICE, "Stripe invoice.paid: 129.00 USD"),
        (
            *("dispute_created", "charge.dispute.created", Action.TRIGGER, DISPUTE),
            "Stripe charge.dispute.created: 1000 JPY (product_not_received)",
        ),
        (
            *("dispute_closed", "charge.dispute.closed", Action.RESOLVE, DISPUTE),
            "Stripe charge.dispute.closed: 1000 JPY (product_not_received, lost)",
        ),
        (
            *("payout_failed", "payout.failed", Action.TRIGGER, "stripe payout po_1SamplePayout"),
            "Stripe payout.failed: 1500.500 KWD (The bank account has been closed.)",
        ),
        (
            *("payout_paid", "payout.paid", Action.RESOLVE, "stripe payout po_1SamplePayout"),
            "Stripe payout.paid: 1500.500 KWD",
        ),
        (
            *("account_deauthorized", "account.application.deauthorized", Action.TRIGGER),
            *("stripe account acct_SampleMarket", "Stripe account deauthorized the application"),
        ),
        (
            *("balance_available", "balance.available", Action.INFO, "stripe balance"),
            "Stripe balance.available",
        ),
        ("unknown_event", "tea.brewed", Action.INFO, "stripe tea tea_1", "Stripe tea.brewed: 0.01 GBP"),
        (
            *("thin_error_report", "v1.billing.meter.error_report_triggered", Action.TRIGGER),
            *("stripe billing.meter mtr_sample_1", "Stripe v1.billing.meter.error_report_triggered for mtr_sample_1"),
        ),
        (
            *("thin_ping", "v2.core.event_destination.ping", Action.INFO),
            *("stripe v2.core.event_destination.ping", "Stripe v2.core.event_destination.ping"),
        ),
    ],
)
def test_samples(sample, kind, action, key, summary):
    """A failure and what ends it have one key; amounts are in the currency's own units; the unknown is news."""
    (event,) = heard(SOURCE, sample)
    assert (event.kind, event.action, event.dedup_key) == (f"stripe.{kind}", action, key)
    assert event.summary == summary


def test_what_rules_can_ask_about():
    """A rule can tell test money from real money, group by customer, and look at the reason."""
    (event,) = heard(SOURCE, "payment_intent_failed")
    assert event.labels == {
        "amount": "42.50",
        "payment_intent": "pi_3SampleIntent",
        "currency": "EUR",
        "livemode": "false",
        "customer": "cus_SampleMaria",
        "failure_code": "insufficient_funds",
        "status": "requires_payment_method",
    }
    assert event.occurred_at == at("09:00:01")


def test_an_invoice_links_to_its_page():
    """The invoice's own page is the only address a body holds; for the rest none is invented."""
    assert heard(SOURCE, "invoice_paid")[0].url == "https://invoice.stripe.com/i/acct_SampleShop/test_sample"
    assert heard(SOURCE, "charge_failed")[0].url is None


@pytest.mark.parametrize(
    ("given_id", "kept"),
    [
        ("evt_1Q9", "evt_1Q9"),
        ("evt_00000000000000", None),
        ("evt_000000000000000000000000", None),
        ("payout.failed_00000000000000", None),
        ("", None),
    ],
)
def test_test_events_have_no_id(given_id, kept):
    """The dashboard's test sends share one id: taken for a retry, the second one would vanish."""
    (event,) = told(SOURCE, {"id": given_id, "type": "charge.failed", "data": {"object": {}}})
    assert event.sender_id == kept


@pytest.mark.parametrize(
    ("minor", "currency", "shown"),
    [
        (2000, "usd", "20.00 USD"),
        (5, "usd", "0.05 USD"),
        (-150, "eur", "-1.50 EUR"),
        (1000, "jpy", "1000 JPY"),
        (1500, "kwd", "1.500 KWD"),
        (500, "ugx", "5.00 UGX"),
        (0, "inr", "0.00 INR"),
        (None, "usd", ""),
        (100, "", ""),
    ],
)
def test_amounts(minor, currency, shown):
    """1000 JPY are 1000 yen, not ten."""
    assert show_amount(minor, currency) == shown


@pytest.mark.parametrize(
    ("amount", "currency", "label"),
    [
        (4250, "eur", "42.50"),
        (1, "usd", "0.01"),
        (5000, "jpy", "5000"),
        (5000, "krw", "5000"),
        (5000, "clp", "5000"),
        (5000, "xaf", "5000"),
        (1500, "bhd", "1.500"),
        (1500, "kwd", "1.500"),
        (1500, "tnd", "1.500"),
        (500, "ugx", "5.00"),
        (500, "isk", "5.00"),
        (12300, "huf", "123.00"),
        (999_999_999_999_999, "usd", "9999999999999.99"),
        (20.5, "usd", None),
        ("2000", "usd", None),
        (True, "usd", None),
        (2000, "", None),
        (None, "usd", None),
    ],
)
def test_an_amount_can_be_added_up(amount, currency, label):
    """The label is an exact decimal in the currency's own units, which a gate reads; what is no amount has none."""
    thing = {"object": "charge", "id": "ch_1", "amount": amount, "currency": currency}
    (event,) = told(SOURCE, {"id": "evt_1", "type": "charge.failed", "data": {"object": thing}})
    assert event.labels.get("amount") == label
    assert event.labels.get("currency") == (currency.upper() or None)
    assert label is None or parse_amount(label) == Decimal(label) * ONE


@pytest.mark.parametrize("body", [b"nonsense", b"[]", b"{}", {"type": ""}, {"type": {}}])
def test_unreadable(body):
    """A body that does not say of what type it is."""
    with pytest.raises(Unreadable):
        told(SOURCE, body)


def _header(secret: bytes = b"whsec_new", when: float = NOW, body: bytes = BODY) -> str:
    return sign(body, secret, when, Options())["Stripe-Signature"]


def _v1(secret: bytes) -> str:
    return _header(secret).partition(",v1=")[2]


@pytest.mark.parametrize(
    "header",
    [
        _header(),
        _header(when=NOW - 300),
        _header(when=NOW + 300),
        f"t={NOW:.0f},v1={'0' * 64},v1={_v1(b'whsec_new')}",
        f"t={NOW:.0f}, v1={_v1(b'whsec_old')}, v0=beef",
        f"t={NOW:.0f},v1={_v1(b'whsec_new').upper()}",
    ],
)
def test_signed(header):
    """Any v1 fits any secret of a roll-over, within five minutes on either side."""
    verify(
        Delivery(received_at=NOW, headers={"stripe-signature": header}, body=BODY),
        [b"whsec_old", b"whsec_new"],
        NOW,
        Options(),
    )


@pytest.mark.parametrize(
    "header",
    [
        "",
        "nonsense",
        _header(b"whsec_other"),
        _header(b"new"),
        _header(body=BODY.rstrip()),
        _header(when=NOW - 301),
        _header(when=NOW + 301),
        _header().replace("v1=", "v0="),
        _header().replace("t=", "x="),
        _header() + f",t={NOW + 1:.0f}",
        f"t=now,v1={_v1(b'whsec_new')}",
        f"t={'9' * 5000},v1={_v1(b'whsec_new')}",
        f"t={NOW + 1:.0f},v1={_v1(b'whsec_new')}",
    ],
)
def test_not_signed(header):
    """Missing, another's, without the prefix of the secret, another body, too old, from the future, a changed time."""
    with pytest.raises(Unauthentic):
        verify(
            Delivery(received_at=NOW, headers={"stripe-signature": header}, body=BODY), [b"whsec_new"], NOW, Options()
        )


@given(deliveries(WORDS) | broken(SOURCE))
def test_survives_strangers(strange: Delivery):
    """Whatever arrives gives events or Unreadable, never another exception."""
    survives(SOURCE, strange)
