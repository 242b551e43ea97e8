"""Mail: one thread per incident, text and HTML, through an SMTP server of yours."""

from __future__ import annotations

import html
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from typing import Literal, Self, cast

from pydantic import Field, field_validator, model_validator

from rules.incident import Reason
from rules.reading.fields import Reference
from workers.channels.contract import (
    ChannelOptions,
    ChannelType,
    Link,
    MailRequest,
    Notification,
    Reply,
    Undelivered,
    refusal,
    which,
)
from workers.plain import is_web, plain, since

_SUBJECT, _VALUE = 200, 2000
_DOT = "display:inline-block;padding:2px 8px;border:1px solid #444;border-radius:4px;font-weight:bold"
_BUTTON = "display:inline-block;padding:12px 20px;background:#1a5fb4;color:#fff;border-radius:6px;text-decoration:none"


class MailOptions(ChannelOptions):
    """`tls` is `starttls` (port 587), `tls` (port 465) or `none`; a password never travels without TLS."""

    host: str
    """The SMTP server."""
    port: int = Field(default=587, ge=1, le=65535)
    """Its port."""
    username: str | None = None
    """Whom to log in as."""
    password: Reference | None = None
    """A reference to the password."""
    tls: Literal["starttls", "tls", "none"] = "starttls"
    """`starttls` (port 587), `tls` (port 465) or `none`."""
    sender: str
    """The address that mails come from."""

    @field_validator("sender")
    @classmethod
    def _one_address(cls, sender: str) -> str:
        _address(sender)
        return sender

    @model_validator(mode="after")
    def _no_open_password(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password belong together")
        if self.username is not None and self.tls == "none":
            raise ValueError("a password needs tls: starttls or tls: tls")
        return self


def post(notification: Notification, options: ChannelOptions) -> MailRequest:
    """One mail to one person, in the thread of its incident. Raises `Undelivered` when there is no address."""
    mail = cast(MailOptions, options)
    message = EmailMessage(policy=SMTP)
    _head(message, notification, mail)
    message.set_content(_text(notification), cte="base64")
    message.add_alternative(_html(notification), subtype="html", cte="base64")
    # Python draws a random boundary otherwise, and the same notification would not be the same bytes.
    message.set_boundary(f"tocsin-{notification.id}")
    return MailRequest(
        host=mail.host,
        port=mail.port,
        message=message,
        username=mail.username,
        password=mail.password,
        tls=mail.tls,
    )


def _head(message: EmailMessage, notification: Notification, options: MailOptions) -> None:
    sender = _address(options.sender)
    thread = f"<{notification.of}-{notification.incident}@{sender.domain}>"
    message["From"] = Address("Tocsin", addr_spec=sender.addr_spec)
    message["To"] = _to(notification)
    message["Subject"] = _subject(notification)
    message["Date"] = formatdate(notification.now)
    message["Message-ID"] = f"<{notification.id}@{sender.domain}>"
    message["In-Reply-To"] = thread
    message["References"] = thread
    message["X-Tocsin-Incident"] = notification.incident
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"


def _subject(notification: Notification) -> str:
    """One for the whole incident, but the end says first that it is over: nobody must read "DOWN" and run.

    What somebody is asked to do says so too: it is not one more word of how it goes.
    """
    said_first = notification.reason.ends or notification.reason is Reason.REMINDER
    first = f"{notification.reason.value.capitalize()}: " if said_first else ""
    return plain(f"{first}[{notification.severity.value}] {notification.title}", _SUBJECT)


def _to(notification: Notification) -> Address:
    person = notification.recipient
    if person is None or not person.address:
        who = plain(person.name, 80) if person else "nobody"
        raise Undelivered(f"there is no mail address for {who}", permanent=True)
    try:
        return Address(plain(person.name, 80), addr_spec=_address(person.address).addr_spec)
    except ValueError:
        raise Undelivered(f"the address of {plain(person.name, 80)} is not a mail address", permanent=True) from None


def _address(text: str) -> Address:
    """One bare address with a domain. Raises ValueError otherwise."""
    try:
        address = Address(addr_spec=text)
    except (MessageError, IndexError, ValueError):
        raise ValueError("expected one mail address, like tocsin@example.com") from None
    if plain(text) != text or not address.username or not address.domain or " " in text:
        raise ValueError("expected one mail address, like tocsin@example.com")
    return address


def _first_line(notification: Notification) -> str:
    by = f" by {plain(notification.by, 80)}" if notification.by else ""
    role = (
        f" You are told as {plain(notification.role, 80)}." if notification.role and notification.reason.pages else ""
    )
    return f"{notification.reason.value.capitalize()}{by}.{role}"


def _facts(notification: Notification) -> list[tuple[str, str]]:
    facts = [
        ("Where", notification.where),
        ("Since", since(notification.since, notification.now, notification.until)),
        ("Why", notification.why),
        ("Next", notification.next),
        ("Note", notification.note or ""),
        ("Events", str(notification.count)),
        *(("", line) for line in notification.others),
    ]
    return [(name, plain(value, _VALUE)) for name, value in facts if plain(value)]


def _links(notification: Notification) -> list[Link]:
    return [link for link in (notification.runbook, *notification.links) if link and is_web(link.url)]


def _acknowledge(notification: Notification) -> Link | None:
    link = notification.acknowledge
    return link if link and is_web(link.url) and notification.reason.pages else None


def _text(notification: Notification) -> str:
    lines = [f"{notification.severity.value}: {plain(notification.title, _VALUE)}", _first_line(notification), ""]
    lines += [f"{name + ':' if name else '-':<8}{value}" for name, value in _facts(notification)]
    answer = _acknowledge(notification)
    lines += ["", f"Acknowledge: {answer.url}"] if answer else []
    lines += [""] + [f"{plain(link.text, 100)}: {link.url}" for link in _links(notification)]
    return "\n".join(lines).rstrip() + f"\n\n-- \nTocsin, {which(notification)}\n"


def _html(notification: Notification) -> str:
    """No images, no scripts, no style sheet: what every mail reader shows alike, in dark mode too."""
    rows = "".join(
        f'<tr><th align="left" valign="top" style="padding:4px 16px 4px 0">{name}</th>'
        f'<td style="padding:4px 0">{html.escape(value)}</td></tr>'
        for name, value in _facts(notification)
    )
    answer = _acknowledge(notification)
    button = f"<p>{_anchor(answer, _BUTTON)}</p>" if answer else ""
    links = "".join(f"<li>{_anchor(link)}</li>" for link in _links(notification))
    return (
        '<!doctype html><html lang="en"><body style="font-family:sans-serif;line-height:1.4">'
        f'<h1 style="font-size:20px"><span style="{_DOT}">{notification.severity.value}</span> '
        f"{html.escape(plain(notification.title, _VALUE))}</h1>"
        f"<p>{html.escape(_first_line(notification))}</p>{button}<table>{rows}</table>"
        f"{f'<ul>{links}</ul>' if links else ''}"
        f'<p style="font-size:12px">Tocsin, {html.escape(which(notification))}</p></body></html>'
    )


def _anchor(link: Link, style: str = "") -> str:
    shown = html.escape(plain(link.text, 100))
    return f'<a href="{html.escape(link.url)}"{f" style={chr(34)}{style}{chr(34)}" if style else ""}>{shown}</a>'


def read(reply: Reply) -> None:
    """SMTP codes (RFC 5321, 4.2.1): 2xx taken, 4xx passes by itself, 5xx is for good."""
    if not 200 <= reply.status < 300:
        words = plain(reply.body.decode("utf-8", "replace"), 200)
        why = refusal(reply, "the mail server", words).why
        raise Undelivered(why, permanent=reply.status >= 500)


CHANNEL = ChannelType(
    name="mail",
    title="Mail",
    room=False,
    address="email",
    gap=1.0,
    options=MailOptions,
    post=post,
    read=read,
    setup="""\
An SMTP server that may send for the domain of `sender`. Mails of one incident make one thread.

    channels:
      mail:
        type: mail
        host: smtp.example.com
        username: tocsin
        password: "${env:SMTP_PASSWORD}"
        sender: tocsin@example.com
    people:
      ana: {email: ana@example.com}

`tls: tls` with `port: 465` where the server speaks TLS from the start. A server on your own network must be listed in
`TOCSIN_ALLOW_NET`.
""",
)
