"""Mails by Postmark: who may open an incident with one, what its answers are, and what machines write."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from router.sources.contract import Delivery, Unreadable
from router.sources.postmark import SOURCE, PostmarkOptions
from router.sources.postmark.mail import read
from rules.event import Action, Event
from tests.sources.hearing import NOW, broken, deliveries, delivery, heard, sample, survives, told

WORDS = [
    "FromFull",
    "Email",
    "Subject",
    "Headers",
    "Name",
    "Value",
    "TextBody",
    "Auto-Submitted",
    "a@b.example",
    "References",
]
MARIA = "Maria Popa (maria@example.com)"


def changed(name: str = "report", options: PostmarkOptions | None = None, /, **fields: object) -> Event:
    """The event of a sample with some fields written otherwise; `headers` are put beside its own."""
    body = json.loads(sample(SOURCE, name).body)
    headers = fields.pop("headers", {})
    assert isinstance(headers, dict)
    body.update(fields)
    body["Headers"] += [{"Name": header, "Value": value} for header, value in headers.items()]
    given_in = Delivery(id="d1", received_at=NOW, body=json.dumps(body).encode())
    (event,) = SOURCE.parse(given_in, options or PostmarkOptions())
    return event


def test_a_mail_is_a_report() -> None:
    """Subject, reporter, what was said and what was attached; its id is Postmark's, the same at every retry."""
    (event,) = heard(SOURCE, "report")
    assert (event.kind, event.action, event.actor) == ("postmark.report", Action.TRIGGER, MARIA)
    assert event.summary == "Customers cannot pay by card"
    assert event.dedup_key == "mail <first-4711@mail.example.com>"
    assert event.sender_id == "5f0c3b1e-6a2d-4f7e-9b8a-1c2d3e4f5a6b"
    assert event.labels["details"].startswith(
        'Three customers called since 10:15: the checkout says "try again later".'
    )
    assert event.labels["attachments"] == "checkout.png"
    assert event.severity is None


def test_an_answer_is_of_the_same_thread() -> None:
    """Whoever writes it, and with what they add alone; without `References`, by what it answers."""
    (event,) = heard(SOURCE, "answer")
    assert (event.kind, event.dedup_key) == ("postmark.report", "mail <first-4711@mail.example.com>")
    assert (event.summary, event.labels["details"]) == (
        "Customers cannot pay by card",
        "Bank transfers work, only cards do not.",
    )
    body = json.loads(sample(SOURCE, "answer").body)
    body["Headers"] = [one for one in body["Headers"] if one["Name"] != "References"]
    (event,) = told(SOURCE, body)
    assert event.dedup_key == "mail <first-4711@mail.example.com>"


@pytest.mark.parametrize(
    ("subject", "summary", "severity"),
    [
        ("P1: Fwd: The shop is down", "The shop is down", "p1"),
        ("Re: AW: [P2] Login broken", "Login broken", "p2"),
        ("re[2]: Sv: Login broken", "Login broken", None),
        ("Report: p10 printers jam", "Report: p10 printers jam", None),
        ("P3", "P3", "p3"),
        ("Regarding the menu", "Regarding the menu", None),
    ],
)
def test_a_subject_says_what_is_wrong_and_perhaps_how_bad(subject: str, summary: str, severity: str | None) -> None:
    """Without what mail programs put before it."""
    event = changed(Subject=subject)
    assert (event.summary, event.severity) == (summary, severity)


def test_without_a_subject_its_first_words_say_it() -> None:
    """Also of a mail that is nothing but HTML, without its style."""
    (event,) = heard(SOURCE, "html_only")
    assert event.summary == 'The search finds "nothing" & hangs.'
    assert changed(Subject="", TextBody="", HtmlBody="").summary == f"A mail of {MARIA} without a word"


@pytest.mark.parametrize(
    ("name", "kind", "why"),
    [
        ("out_of_office", "automatic", "written by a machine"),
        ("bounce", "automatic", "a bounce"),
        ("spam", "spam", "taken for spam"),
    ],
)
def test_what_no_person_meant_opens_nothing(name: str, kind: str, why: str) -> None:
    """It is kept by itself, with why, and is no line of the thread it answers."""
    (event,) = heard(SOURCE, name)
    assert (event.action, event.kind) == (Action.INFO, f"postmark.{kind}")
    assert event.summary.endswith(f"({why})")
    assert event.dedup_key.startswith("mail by itself ")


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto-Submitted": "auto-generated; x=y"},
        {"Return-Path": "<>"},
        {"X-Failed-Recipients": "a@example.com"},
        {"Precedence": "bulk"},
        {"X-Autoreply": "yes"},
    ],
)
def test_machines_say_that_they_are_machines(headers: dict[str, str]) -> None:
    """RFC 3834 and what came before it."""
    assert changed(headers=headers).action is Action.INFO


@pytest.mark.parametrize("headers", [{"Auto-Submitted": "No"}, {"Precedence": "list"}, {"List-Id": "<x.example.com>"}])
def test_a_group_that_passes_mails_on_is_no_machine(headers: dict[str, str]) -> None:
    """Many houses' incident address is a mailing list."""
    assert changed(headers=headers).action is Action.TRIGGER


def test_only_those_named_may_open() -> None:
    """An address, or a whole domain; of others' mails the thread hears, and nobody is woken by them."""
    for senders, opens in (
        ([], True),
        (["maria@example.com"], True),
        (["@example.com"], True),
        (["Maria@Example.com"], True),
        (["@ple.com"], False),
        (["dan@example.com", "@example.org"], False),
    ):
        event = changed("report", PostmarkOptions(senders=senders))
        assert (event.action is Action.TRIGGER) is opens, senders
    assert (event.kind, event.dedup_key) == ("postmark.stranger", "mail <first-4711@mail.example.com>")
    assert "may not open incidents writes: Three customers" in event.summary


@pytest.mark.parametrize(
    ("tests", "believed"),
    [
        (["DKIM_SIGNED,DKIM_VALID,DKIM_VALID_AU,SPF_PASS"], True),
        (["DKIM_SIGNED,DKIM_VALID,SPF_PASS"], False),
        (["DKIM_VALID_AUX"], False),
        (["SPF_PASS", "DKIM_VALID_AU"], False),
        ([], False),
    ],
)
def test_with_dkim_nobody_writes_in_anothers_name(tests: list[str], believed: bool) -> None:
    """The domain of the sender has signed it; a sender may have written such a header too."""
    headers = [{"Name": "X-Spam-Tests", "Value": value} for value in tests]
    event = changed("report", PostmarkOptions(dkim=True), Headers=headers)
    assert (event.action is Action.TRIGGER) is believed
    assert believed or event.kind == "postmark.unproven"


def test_an_answer_to_our_own_notification_goes_to_its_incident() -> None:
    """As a line of its history; a stranger's does not."""
    (event,) = heard(SOURCE, "to_our_notification")
    assert (event.action, event.incident) == (Action.INFO, "7F3AQ9XK2M")
    assert event.summary == f"{MARIA} writes: Looking into it from the train."
    stranger = changed("to_our_notification", PostmarkOptions(senders=["@example.org"]))
    assert stranger.incident is None


def test_what_postmark_tells_of_our_own_mails_opens_nothing() -> None:
    """A bounce webhook that was pointed here by mistake."""
    (event,) = heard(SOURCE, "delivery_of_our_own")
    assert (event.action, event.kind) == (Action.INFO, "postmark.sent")


@pytest.mark.parametrize("body", [{}, [], b"", b"\xff", {"From": "nobody"}, {"FromFull": {"Email": ["a@b.example"]}}])
def test_unreadable(body: object) -> None:
    """What nobody has sent is no mail: it is kept and shown to a person."""
    with pytest.raises(Unreadable):
        told(SOURCE, body)


@pytest.mark.parametrize("sender", ["example.com", "a@b", "Maria <maria@example.com>", "@", ""])
def test_a_sender_is_an_address_or_a_domain(sender: str) -> None:
    """`tocsin check` says so, instead of mails that silently open nothing."""
    with pytest.raises(ValidationError, match="expected an address, like"):
        PostmarkOptions(senders=[sender])


@given(st.text(alphabet='<>/style script="&;a', max_size=4000))
def test_any_html_is_read(marked: str) -> None:
    """In one pass, to one line."""
    mail = read({"From": "a@b.example", "HtmlBody": marked})
    assert mail is not None
    assert "\n" not in mail.words


@given(deliveries(WORDS) | broken(SOURCE))
def test_survives_strangers(strange: Delivery) -> None:
    """Whatever arrives gives events or Unreadable, never another exception."""
    survives(SOURCE, strange)


def test_each_sample_is_a_delivery_of_its_own() -> None:
    """No two share an id: sent one after the other, each is heard."""
    ids = [event.sender_id for one in ("report", "answer", "spam", "bounce") for event in heard(SOURCE, one)]
    assert len(set(ids)) == len(ids)
    assert delivery(sample(SOURCE, "report")).body
