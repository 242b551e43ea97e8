"""Mail: one thread per incident, no header a sender could write, no markup a sender could smuggle."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from pydantic import ValidationError

from rules.incident import Reason
from tests.channels.notifications import END, PAGE, hostile
from workers.channels.contract import Recipient, Reply, Undelivered
from workers.channels.mail import CHANNEL, MailOptions

OPTIONS = MailOptions(host="smtp.example.com", sender="tocsin@ops.example.com")
MARIA = Recipient(name="Maria Pop", address="maria@example.com")
PAGED = replace(PAGE, recipient=MARIA)


def mail(notification: Any = PAGED) -> EmailMessage:
    """As it travels: written out and read again."""
    return message_from_bytes(CHANNEL.post(notification, OPTIONS).message.as_bytes(), policy=default)


def part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert found is not None
    return found.get_content()


def test_a_mail_says_everything_in_both_parts() -> None:
    """Text and HTML hold the same facts and the same way to acknowledge."""
    message = mail()
    assert (message["To"], message["Subject"]) == ("Maria Pop <maria@example.com>", "[P1] Checkout is down")
    for kind in ("plain", "html"):
        body = part(message, kind)
        for fact in (
            "Checkout is down",
            "production · checkout",
            "10:15 UTC, for 14m",
            "ceo at 10:45 UTC",
            "step 2 of 3",
        ):
            assert fact in body
        assert "https://tocsin.example.com/a/abc" in body
        assert "https://tocsin.example.com/a/x/runbook" in body
    assert part(message, "plain").splitlines()[1] == "Escalated. You are told as engineering lead."


def test_mails_of_one_incident_make_one_thread() -> None:
    """Page and end differ in their ids, share the incident's root, and the end says first that it is over."""
    page, end = mail(), mail(replace(END, id="n-0002", recipient=MARIA))
    assert page["References"] == end["References"] == page["In-Reply-To"] == "<incident-inc-7@ops.example.com>"
    assert page["Message-ID"] == "<n-0001@ops.example.com>" != end["Message-ID"]
    assert end["Subject"] == f"Resolved: {page['Subject']}"
    recovered = mail(replace(END, reason=Reason.RECOVERED, recipient=MARIA))
    assert recovered["Subject"] == f"Recovered: {page['Subject']}"
    assert page["X-Tocsin-Incident"] == "inc-7"
    assert part(end, "plain").splitlines()[1] == "Resolved by Maria."
    assert "/a/abc" not in part(end, "html")


def test_the_same_notification_is_the_same_mail() -> None:
    """A second attempt sends the same bytes, so a mail server can drop the repetition."""
    assert mail().as_bytes() == mail().as_bytes()


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]


@settings(max_examples=100, deadline=None)
@given(hostile)
def test_no_sender_writes_a_header_or_a_tag(notification: Any) -> None:
    """The headers are ours, each once; the HTML holds our tags only; links lead into the web."""
    message = mail(replace(notification, recipient=MARIA))
    assert len(message.keys()) == len(set(message.keys())) == 12
    assert "Bcc" not in message
    tags = _Tags()
    tags.feed(part(message, "html"))
    assert tags.tags <= {"html", "body", "h1", "span", "p", "table", "tr", "th", "td", "ul", "li", "a"}
    assert all(link.startswith(("https://", "http://")) for link in tags.links)


def test_a_name_outside_ascii_arrives() -> None:
    """Encoded words carry the title and the name, whatever the alphabet."""
    message = mail(
        replace(PAGED, title="Plățile nu merg 🚨", recipient=Recipient(name="Ștefan", address="s@example.com"))
    )
    assert message["Subject"] == "[P1] Plățile nu merg 🚨"
    assert message["To"] == "Ștefan <s@example.com>"


@pytest.mark.parametrize("address", [None, "", "dan", "dan@", "@example.com", "dan@example.com\r\nBcc: x@example.com"])
def test_no_address_no_mail(address: str | None) -> None:
    """It fails for good, naming the person and not the address."""
    with pytest.raises(Undelivered, match="Dan") as refused:
        CHANNEL.post(replace(PAGED, recipient=Recipient(name="Dan", address=address)), OPTIONS)
    assert refused.value.permanent
    assert "@" not in refused.value.why


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"username": "u"}, "belong together"),
        ({"username": "u", "password": "${env:P}", "tls": "none"}, "needs tls"),
        ({"username": "u", "password": "literal"}, "expected a reference"),
        ({"sender": "Tocsin"}, "one mail address"),
        ({"port": 0}, "greater than or equal to 1"),
    ],
)
def test_wrong_options(options: dict[str, Any], words: str) -> None:
    """A password in the open, half a login and a sender that is none are errors of the YAML."""
    with pytest.raises(ValidationError, match=words):
        MailOptions.model_validate({"host": "h", "sender": "t@example.com", **options})


@pytest.mark.parametrize(("status", "permanent"), [(421, False), (451, False), (535, True), (550, True)])
def test_refusals(status: int, permanent: bool) -> None:
    """SMTP's own classes: 4 passes, 5 is for good."""
    with pytest.raises(Undelivered) as refused:
        CHANNEL.read(Reply(status=status, body=b"mailbox full"))
    assert refused.value.permanent is permanent


def test_every_reason_is_named() -> None:
    """The second line says why the mail came."""
    for reason in Reason:
        assert part(mail(replace(PAGED, reason=reason)), "plain").splitlines()[1].lower().startswith(reason.value)
