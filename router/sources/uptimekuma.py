"""Uptime Kuma: webhook notifications in all four ways it can send them.

Source of the facts: louislam/uptime-kuma 2.5.3, `server/notification-providers/webhook.js`, `server/model/monitor.js`.
Tests, certificates and domains come without heartbeat and monitor, and only the message tells them apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from router.sources import forms
from router.sources.contract import Delivery, Options, Setup, SourceType, Unreadable
from router.sources.reading import event, first, listing, mapping, parse_json, text
from rules.event import Action, Event

_STATES = {
    "0": ("down", Action.TRIGGER),
    "1": ("up", Action.RESOLVE),
    "2": ("pending", Action.INFO),
    "3": ("maintenance", Action.INFO),
}
_ALL = frozenset(
    f"uptimekuma.{word}"
    for word in (*(state for state, _ in _STATES.values()), "certificate_expiry", "domain_expiry", "test")
)
_MARKS = {"] [🔴 Down]": "0", "] [✅ Up]": "1"}
_EXPIRES = (" will expire in ", " will be expired in ")
_DEEP, _MANY = 6, 200


@dataclass(frozen=True, slots=True)
class _Notice:
    heartbeat: dict[str, object]
    monitor: dict[str, object]
    message: str
    custom: bool = False
    """The operator's own template, which may say anything."""


def parse(delivery: Delivery, _options: Options) -> list[Event]:
    """The monitor's new state, or what the bare message says. Raises Unreadable for an unknown state or text."""
    notice = _read(delivery)
    return [_beat(delivery, notice) if notice.heartbeat else _words(delivery, notice)]


def _read(delivery: Delivery) -> _Notice:
    body = delivery.body
    if delivery.content_type == "multipart/form-data":
        body = forms.multipart_field(delivery.headers["content-type"], body, "data") or b""
    if not body.strip():
        return _from_query(delivery.query)
    try:
        return _from_json(parse_json(body))
    except Unreadable:
        return _Notice({}, {}, body.decode("utf-8", "replace"), custom=True)


def _from_query(query: str) -> _Notice:
    said = forms.fields(query)
    if "msg" not in said:
        raise Unreadable("neither a body nor a msg in the query")
    heartbeat, monitor = (parse_json(said.get(name, "null").encode()) for name in ("heartbeat", "monitor"))
    return _Notice(mapping(heartbeat), mapping(monitor), said["msg"])


def _from_json(body: object) -> _Notice:
    if "heartbeat" in mapping(body):
        return _Notice(mapping(body, "heartbeat"), mapping(body, "monitor"), text(body, "msg"))
    said = list(islice(_strings(body), _MANY))
    telling = (line for line in said if _mark(line) or _expiring(line))
    return _Notice({}, {}, next(telling, first(*reversed(said))), custom=True)


def _strings(value: object, depth: int = 0) -> Iterator[str]:
    """Every text in a JSON value, not deeper than anyone writes a template."""
    if isinstance(value, str):
        yield value
    elif depth < _DEEP:
        inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        for one in inside:
            yield from _strings(one, depth + 1)


def _beat(delivery: Delivery, notice: _Notice) -> Event:
    beat, monitor = notice.heartbeat, notice.monitor
    number, status = first(text(monitor, "id"), text(beat, "monitorID")), text(beat, "status")
    if not number or status not in _STATES:
        raise Unreadable(f"a heartbeat without a monitor, or with a status we do not know: {status[:40]!r}")
    state, action = _STATES[status]
    return event(
        delivery,
        kind=f"uptimekuma.{state}",
        action=action,
        key=f"uptimekuma monitor {number}",
        summary=_summary(first(text(monitor, "name"), f"Monitor {number}"), state, text(beat, "msg")),
        labels=_labels(monitor),
        url=text(monitor, "url"),
        occurred_at=text(beat, "time"),
    )


def _summary(name: str, state: str, why: str) -> str:
    what = f"{name} is {'in maintenance' if state == 'maintenance' else state.upper()}"
    return f"{what}: {why}" if why not in ("", "N/A") else what  # It writes N/A for nothing.


def _labels(monitor: dict[str, object]) -> dict[str, str]:
    """The monitor's tags, and what it is."""
    tags = {text(tag, "name"): first(text(tag, "value"), "true") for tag in listing(monitor, "tags")}
    return tags | {
        "monitor": text(monitor, "name"),
        "monitor_type": text(monitor, "type"),
        "target": text(monitor, "hostname"),
    }


def _words(delivery: Delivery, notice: _Notice) -> Event:
    line, mark = notice.message, _mark(notice.message)
    if mark:
        return _told(delivery, line, mark)
    subject = _expiring(line)
    if subject:
        return _expiry(delivery, line, subject)
    if notice.custom and not line.strip().endswith(" Testing"):
        raise Unreadable("neither a heartbeat nor a text like '[name] [🔴 Down] why'")
    return event(delivery, kind="uptimekuma.test", action=Action.INFO, key="uptimekuma test", summary=line)


def _mark(line: str) -> str:
    return next((mark for mark in _MARKS if mark in line), "")


def _told(delivery: Delivery, line: str, mark: str) -> Event:
    """A custom body carries no monitor id, so the name in Kuma's own message stands for it."""
    head, _, why = line.partition(mark)
    name = head.partition("[")[2]
    state, action = _STATES[_MARKS[mark]]
    return event(
        delivery,
        kind=f"uptimekuma.{state}",
        action=action,
        key=f"uptimekuma monitor named {name}",
        summary=_summary(name, state, why.strip()),
        labels={"monitor": name},
    )


def _expiring(line: str) -> str:
    """What is about to expire, without the count of days, so that each reminder is about the same thing; or ""."""
    for phrase in _EXPIRES:
        subject, found, _ = line.partition(phrase)
        if found and (" certificate " in subject or subject.startswith("Domain name ")):
            return subject
    return ""


def _expiry(delivery: Delivery, line: str, subject: str) -> Event:
    what = "domain" if subject.startswith("Domain name ") else "certificate"
    return event(
        delivery,
        kind=f"uptimekuma.{what}_expiry",
        action=Action.TRIGGER,
        key=f"uptimekuma {subject}",
        summary=line,
        url=subject.partition("][")[2].partition("]")[0],
    )


SOURCE = SourceType(
    name="uptimekuma",
    title="Uptime Kuma",
    family="uptime",
    parse=parse,
    kinds=_ALL,
    methods=frozenset({"GET", "POST"}),
    setup=Setup(
        steps=(
            (
                "In Uptime Kuma open **Settings → Notifications → Setup notification**, choose **Webhook**, and "
                "paste `{url}` as the Post URL."
            ),
            (
                "Choose **Preset - application/json**. Form data, GET and a custom body are understood too; a "
                "custom body must hold `{{ msg }}`, and the monitor is then known by its name alone."
            ),
            (
                'Instead of a token in the address you may add the header `{"X-Tocsin-Token": "…"}` under '
                "**Additional Headers**."
            ),
            "Tick the notification in each monitor, and press **Test**: Tocsin's list of deliveries shows it.",
        ),
        notes=(
            (
                "Uptime Kuma never tries again: a notification that does not arrive is lost, so let it reach Tocsin"
                " over a short way."
            ),
            (
                "It sends no recovery for a monitor that goes from down over maintenance to up: resolve such an "
                "incident by hand."
            ),
        ),
    ),
)
