"""Notices: what people are told that is of no incident, promised and sent on the way every notification goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from redis.exceptions import RedisError

from rules.event import URGENT, Severity
from rules.holds.maintenance import Maintenance, Notice, Told
from rules.incident import Reason
from workers import log as logging
from workers.agenda import Entry, Kind, Lane
from workers.channels.contract import ChannelOptions, ChannelType, Link, Notification, Recipient, Undelivered
from workers.deliveries.intake import mint_short
from workers.plain import is_web
from workers.telling.attempting import Going, Perform
from workers.telling.attempts import Became

log = logging.get("notices")


def promised(one: Maintenance, notice: Notice, told: Told, now: float, url: str = "") -> Entry:
    """The promise to tell one way of a maintenance, due now. `url`: where people can do something about it."""
    body = {
        "notice": {**asdict(notice), "name": one.name, "since": one.start, "url": url},
        "reason": Reason.REMINDER,
        "channel": told.channel,
        "role": told.role,
        "person": told.person,
        "room": told.room,
        "step": None,
        "ladder": 0,
        "after": None,
        "by": notice.by,
        "note": None,
        "severity": one.severity,
        "team": None,
    }
    lane = Lane.URGENT if one.severity in URGENT else Lane.CALM
    return Entry(id=f"m-{mint_short()}", kind=Kind.NOTIFY, lane=lane, due_at=now, created_at=now, body=body)


def said(
    entry: Entry,
    going: Going,
    way: Callable[[], tuple[ChannelOptions, ChannelType]],
    recipient: Callable[[], Recipient | None],
    perform: Perform,
) -> tuple[Became, str]:
    """Say it; `AGAIN` where it has failed in passing."""
    try:
        options, channel = way()
        request = channel.post(_notification(entry, recipient(), going.at), options)
        if request is None:
            return Became.SILENT, f"nothing to say on {entry.body['channel']}"
        channel.read(going.perform(request, perform))
    except Undelivered as failure:
        return Became.REFUSED if failure.permanent else Became.AGAIN, failure.why
    except RedisError:
        raise
    except Exception as wrong:
        log.exception("notice could not be made", entry=entry.id)
        return Became.REFUSED, f"could not be made ({type(wrong).__name__})"
    return Became.DELIVERED, ""


def _notification(entry: Entry, recipient: Recipient | None, now: float) -> Notification:
    body = entry.body
    notice = body["notice"]
    url = str(notice["url"])
    return Notification(
        id=entry.id,
        incident=str(notice["name"]),
        of="maintenance",
        reason=Reason.REMINDER,
        severity=Severity(body["severity"]),
        title=str(notice["title"]),
        where="",
        since=float(notice["since"]),
        now=now,
        why="",
        next=str(notice["next"]),
        role=body["role"],
        recipient=recipient,
        note=" ".join(f"{part.rstrip('.')}." for part in (notice["why"], notice["note"]) if part),
        by=notice["by"],
        links=(Link(text="Prolong or end it", url=url),) if is_web(url) else (),
    )
