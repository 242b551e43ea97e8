"""Postmark's inbound stream: a mail to an address of one's own becomes a report, as JSON.

Sources of the facts: https://postmarkapp.com/developer/webhooks/inbound-webhook (the body),
https://postmarkapp.com/developer/webhooks/webhooks-overview (it signs nothing; user and password in the address),
https://postmarkapp.com/support/article/understanding-inbound-webhook-retries-in-postmark (only a 200 ends its retries).

Who wrote a mail is what the mail says. Machines' mails (RFC 3834), spam and strangers' never open an incident.
"""

from __future__ import annotations

import re
from typing import Annotated, cast

from pydantic import AfterValidator, Field

from router.sources.contract import Delivery, Options, Setup, SourceType, Unreadable
from router.sources.postmark.mail import Mail, read
from router.sources.reading import SUMMARY, event, first, parse_object, shorten, text
from rules.event import Action, Event

_REPLIES = re.compile(r"(?:\s*(?:re|aw|sv|vs|antw|odp|fwd?|wg|tr|rv)\s*(?:\[\d+\])?\s*:)+\s*", re.IGNORECASE)
"""What mail programs of several languages put before a subject that is answered or passed on."""
_SEVERITY = re.compile(r"\s*\[?(p[1-4])\b\]?\s*[:,-]?\s*", re.IGNORECASE)
_ADDRESS = re.compile(r"[^@\s<>,;]*@[^@\s<>,;]+\.[^@\s<>,;]+")


def _sender(written: str) -> str:
    if not _ADDRESS.fullmatch(written):
        raise ValueError("expected an address, like support@example.com, or a whole domain, like @example.com")
    return written.lower()


KINDS = ("report", "reply", "stranger", "unproven", "automatic", "spam", "sent")
"""Only a report opens an incident. `reply`: to a notification of ours; `sent`: of a mail that we sent."""


class PostmarkOptions(Options):
    """Whose mails may open an incident."""

    senders: list[Annotated[str, AfterValidator(_sender)]] = Field(default=[])
    """Addresses, or whole domains like @example.com, whose mails may open incidents; none: anybody's may."""
    dkim: bool = False
    """Believe only mails that the domain of their sender has signed, so that nobody can write in another's name."""


def parse(delivery: Delivery, options: Options) -> list[Event]:
    """A report or a further word on one, or what is only kept. Raises Unreadable for what is no mail."""
    wanted, body = cast(PostmarkOptions, options), parse_object(delivery.body)
    record = text(body, "RecordType")
    if record and record.lower() != "inbound":
        return [_of_our_own(delivery, body, record)]
    mail = read(body)
    if mail is None:
        raise Unreadable("no FromFull.Email, so it is no mail of Postmark's inbound stream")
    if why := mail.machine or mail.spam:
        return [_kept(delivery, mail, "automatic" if mail.machine else "spam", why)]
    if wanted.dkim and not mail.signed_by_its_domain:
        return [_kept(delivery, mail, "unproven", "its domain has not signed it (DKIM)")]
    if not _may_open(mail.address, wanted.senders):
        return [_note(delivery, mail, "stranger", f"{mail.address}, who may not open incidents")]
    if mail.ours:
        return [_note(delivery, mail, "reply", mail.who, incident=mail.ours)]
    # An answer in the thread of an open incident is a line of its history. Where none is open it opens one: better one
    # too many than a mail that nobody reads.
    return [_report(delivery, mail)]


def _may_open(address: str, senders: list[str]) -> bool:
    domain = "@" + address.rpartition("@")[2]
    return not senders or address in senders or domain in senders


def _report(delivery: Delivery, mail: Mail) -> Event:
    line = _bare(mail.subject)
    hint = _SEVERITY.match(line)
    rest = _bare(line[hint.end() :]) if hint else line
    return event(
        delivery,
        kind="postmark.report",
        action=Action.TRIGGER,
        key=mail.thread,
        summary=first(rest, line, shorten(mail.words, 120), f"A mail of {mail.who} without a word"),
        severity=hint[1] if hint else "",
        labels={"details": mail.words, "to": mail.to, "attachments": ", ".join(mail.attachments)},
        sender_id=mail.id,
        actor=mail.who,
    )


def _bare(subject: str) -> str:
    before = _REPLIES.match(subject)
    return subject[before.end() :] if before else subject


def _note(delivery: Delivery, mail: Mail, kind: str, who: str, incident: str = "") -> Event:
    """It goes to the incident of its thread, or to `incident`, and opens none."""
    words = first(mail.words, mail.subject, "nothing")
    return event(
        delivery,
        kind=f"postmark.{kind}",
        action=Action.INFO,
        key=mail.thread,
        summary=shorten(f"{who} writes: {words}", SUMMARY),
        labels={"subject": mail.subject},
        sender_id=mail.id,
        incident=incident,
        actor=mail.who,
    )


def _kept(delivery: Delivery, mail: Mail, kind: str, why: str) -> Event:
    """It belongs to nothing: whoever looks for it finds it among the deliveries."""
    return event(
        delivery,
        kind=f"postmark.{kind}",
        action=Action.INFO,
        key=f"mail by itself {mail.id or delivery.id}",
        summary=f"{mail.address}: {first(mail.subject, 'no subject')} ({why})",
        sender_id=mail.id,
        actor=mail.who,
    )


def _of_our_own(delivery: Delivery, body: dict[str, object], record: str) -> Event:
    """What Postmark tells of mails that we sent: bounces, opens. Its webhooks are pointed here by mistake at most."""
    about = first(text(body, "Description"), text(body, "Details"), text(body, "Subject"))
    return event(
        delivery,
        kind="postmark.sent",
        action=Action.INFO,
        key=f"mail of our own {first(text(body, 'MessageID'), delivery.id)}",
        summary=f"Postmark tells of a mail that was sent: {record}. {about}",
    )


SOURCE = SourceType(
    name="postmark",
    title="Postmark (mails)",
    family="people",
    parse=parse,
    options=PostmarkOptions,
    kinds=frozenset(f"postmark.{one}" for one in KINDS),
    keeps_not=("Attachments.*.Content", "RawEmail"),
    accepts=200,
    setup=Setup(
        steps=(
            "In Postmark open a server's **Inbound Stream → Settings** and paste `{url}` as the **Webhook**.",
            (
                "Send a mail to the stream's address. To have one of your own, like incidents@example.com, forward it "
                "there, or point an **inbound domain** at Postmark."
            ),
            "Name in the rules who may open incidents, as below; mails of others are kept and page nobody.",
        ),
        example="""\
sources:
  mails:
    type: postmark
    token: "${env:POSTMARK_TOKEN}"
    senders: [support@example.com, "@example.com"]   # a whole domain begins with @
    dkim: true                                       # and only what that domain has signed
""",
        notes=(
            (
                "Postmark signs nothing, so the token stands in the address: treat the address as a secret. Instead "
                "`https://any:TOKEN@…/hooks/NAME` works too."
            ),
            (
                "Subjects become the summary; one that begins with `P1` or `[P2]` says how bad it is. Replies in the "
                "same thread go to the incident of the first mail as notes."
            ),
            (
                "Out-of-office notes, bounces, what Postmark calls spam and mails of others than `senders` never open "
                "an incident: they are kept with the deliveries."
            ),
            (
                "A mail with pictures is longer than `TOCSIN_BODY_LIMIT` (1 MiB) lets in: set it to 16777216, or such "
                "mails are refused, and after ten hours of trying Postmark lists them as **Failed**."
            ),
            "What is attached is named in the incident and not kept.",
        ),
    ),
)
