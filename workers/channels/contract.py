"""What a channel is: a pure `post` from a notification to a request, and a reading of the reply."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

from pydantic import BaseModel, ConfigDict

from rules.event import Severity
from rules.incident import Reason

_NOT_WORD = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Something to open: what it is called and where it leads (http or https)."""

    text: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Who is told: a name to show, and the address this channel uses for them (revealed, never logged)."""

    name: str
    address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """What is to be said, before any channel gives it a form. Texts are plain and unescaped; times are Unix seconds.

    A reader must learn: severity, what, where, since when, why this page, what happens next and when,
    the runbook, and how to acknowledge.
    """

    id: str
    """The agenda entry's id, the same on every attempt: an idempotency key where the receiver takes one."""
    incident: str
    reason: Reason
    severity: Severity
    title: str
    where: str
    """`production · api · uptime/shop` and so on; may be empty."""
    since: float
    now: float
    why: str
    """`rule «the site is down»; step 2 of 3: on-call engineer did not answer within 15m`."""
    next: str
    """`ceo at 10:30 UTC, in 15m`, or that nothing follows."""
    until: float | None = None
    """When it was over; None: it goes on."""
    role: str | None = None
    recipient: Recipient | None = None
    count: int = 1
    labels: Mapping[str, str] = field(default_factory=dict)
    runbook: Link | None = None
    acknowledge: Link | None = None
    links: tuple[Link, ...] = ()
    by: str | None = None
    """Who acknowledged, resolved …"""
    note: str | None = None
    """One more sentence: `pager failed: 403`, the reason of a false positive."""
    team: tuple[Recipient, ...] = ()
    others: tuple[str, ...] = ()
    """A digest's further lines: one for each incident it tells of, the worst first."""
    room: str | None = None
    """Where the team's own room is, for a channel that can post to several."""

    of: str = "incident"
    """What `incident` is the name of, where it is of none: `maintenance`."""

    @property
    def dedup_key(self) -> str:
        """PagerDuty's key of this page: the same for its retries, its acknowledgement and its resolve."""
        return f"tocsin-{self.incident}-{_NOT_WORD.sub('_', self.role or 'all')}"


def which(notification: Notification) -> str:
    """What it is about, for the small print: `incident 4QXZ81`, or that it is a digest."""
    return "several incidents" if notification.others else f"{notification.of} {notification.incident}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """One request to the outside, not yet sent."""

    url: str
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    kept: int | None = None
    """Bytes of the answer that are wanted; None: as many as it takes to tell whether it arrived."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRequest:
    """One mail to hand to an SMTP server, not yet sent."""

    host: str
    port: int
    message: EmailMessage
    username: str | None = None
    password: str | None = None
    tls: str = "starttls"
    """`starttls`, `tls` or `none`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the receiver answered: at most 2 KiB of its body, or as much as was asked for."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class Undelivered(Exception):
    """The notification did not arrive. `permanent`: trying again is no use; `after`: seconds the receiver asks for."""

    def __init__(self, why: str, *, permanent: bool, after: float | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.permanent = permanent
        self.after = after


def asked_to_wait(reply: Reply) -> float | None:
    """Seconds the receiver asks us to wait by `Retry-After` (RFC 9110, 10.2.3); None when it does not.

    It may be a date; that is read against the reply's own `Date`, so nothing here needs a clock.
    """
    asked = reply.headers.get("retry-after", "").strip()
    if asked.isascii() and asked.isdigit():
        return float(asked[:9])
    with suppress(ValueError, OverflowError):
        until = parsedate_to_datetime(asked).timestamp()
        return max(0.0, until - parsedate_to_datetime(reply.headers.get("date", "")).timestamp())
    return None


def refusal(reply: Reply, receiver: str, words: str = "") -> Undelivered:
    """What a status outside 2xx means: 408, 425, 429 and 5xx pass, everything else is for good."""
    passing = reply.status in {408, 425, 429} or reply.status >= 500
    why = f"{receiver} answered {reply.status}" + (f": {words}" if words else "")
    return Undelivered(why, permanent=not passing, after=asked_to_wait(reply) if passing else None)


class ChannelOptions(BaseModel):
    """What the YAML may say about a channel of one type, beside `type`; `post` sees references revealed."""

    # What stands below a key is its description in the schema that editors read.
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelType:
    """One channel's module, as the table `workers.channels.TYPES` lists it."""

    name: str
    title: str
    room: bool
    """Does it post to a room whoever is on call (True), or only to a person's own address (False)?"""
    address: str | None
    """The field of a person that this channel needs (`email`, `slack`, `pagerduty`); None: none."""
    options: type[ChannelOptions]
    post: Callable[[Notification, ChannelOptions], HttpRequest | MailRequest | None]
    """Pure. None: this channel has nothing to say for this reason (PagerDuty on a lowered severity).

    Raises `Undelivered(permanent=True)` when there is no address to say it to.
    """
    read: Callable[[Reply], None]
    """Returns when delivered, raises `Undelivered` otherwise."""
    shared: str | None = None
    """The option that serves people without an address of their own (PagerDuty's `routing_key`)."""
    gap: float | None = None
    """Seconds between two messages to one destination beyond the first few; what comes faster becomes a digest.

    None: a machine listens, and needs every message by itself.
    """
    silent: frozenset[Reason] = frozenset()
    """The reasons for which `post` has nothing to say."""
    setup: str
    """Markdown: what to create at the receiver and which keys to write."""
