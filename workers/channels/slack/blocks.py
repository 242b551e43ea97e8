"""A notification as Slack's Block Kit shows it.

Three walls stand between a sender's words and Slack's markup: they go into `plain_text` where Block Kit takes it,
they are escaped where it does not (docs.slack.dev/messaging/formatting-message-text: `&`, `<` and `>`), and `verbatim`
keeps Slack from turning bare addresses and names into links and mentions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from rules.event import Severity
from rules.incident import Reason
from workers.channels.contract import Link, Notification, which
from workers.plain import clip, is_web, plain, since

Block = dict[str, Any]

SHAPES = {Severity.P1: "🛑", Severity.P2: "🔶", Severity.P3: "🟡", Severity.P4: "▫️"}
"""Told apart by shape as well as by colour."""
_MARKS = {
    Reason.ACKNOWLEDGED: "👀",
    Reason.ASSIGNED: "👉",
    Reason.MITIGATED: "🩹",
    Reason.RECOVERED: "🟢",
    Reason.RESOLVED: "✅",
    Reason.FALSE_POSITIVE: "🔕",
    Reason.SEVERITY_LOWERED: "⬇️",
    Reason.REMINDER: "⏰",
}
_MEMBER = re.compile(r"[UW][A-Z0-9]{4,30}", re.ASCII)

# docs.slack.dev/reference/block-kit/blocks: header 150, section text 3000, field 2000, button text 75, button url 3000.
_HEADER, _SECTION, _FIELD, _BUTTON, _URL = 150, 3000, 2000, 75, 3000


@dataclass(frozen=True, slots=True)
class Press:
    """A button that answers from within Slack: what it says, and which command of the API it asks for."""

    label: str
    command: str
    given: dict[str, str] = field(default_factory=dict)
    style: str = ""
    sure: str = ""
    """What Slack asks before it sends the press."""


PRESSES = {
    "tocsin-acknowledge": Press("Acknowledge", "acknowledge", style="primary"),
    "tocsin-resolve": Press("Resolve", "resolve", sure="Everybody who was told of it hears that it is over."),
    "tocsin-snooze": Press("Snooze 1h", "snooze", {"for": "1h"}),
}
"""By their `action_id`, in the order in which they are shown; their `value` is the incident's id."""


def escaped(text: str, limit: int) -> str:
    """A sender's words for a `mrkdwn` field. Cut before escaping, so no entity is cut; `limit` holds after it."""
    words = plain(text)
    room = min(len(words), limit)
    while len(safe := _entities(clip(words, room))) > limit:
        room -= max(1, (len(safe) - limit) // 5)
    return safe


def _entities(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def headline(notification: Notification) -> str:
    """`🛑 P1 · Checkout is down`, unescaped; of an update `✅ P1 · …`: a red sign would send people running."""
    severity, reason = notification.severity, notification.reason
    mark = SHAPES[severity] if reason.pages else _mark(reason)
    return clip(f"{mark} {severity.value} · {plain(notification.title)}", _HEADER)


def _mark(reason: Reason) -> str:
    return _MARKS.get(reason, "ℹ️")


def fallback(notification: Notification) -> str:
    """What a lock screen and a screen reader get: everything that decides whether to get up, in one line."""
    story = [f"{headline(notification)}: {notification.reason.value}"]
    if notification.by:
        story[0] += f" by {plain(notification.by, 80)}"
    if notification.reason.pages:
        story += [plain(notification.where), f"since {since(notification.since, notification.now, notification.until)}"]
        story += [plain(notification.why), f"next: {plain(notification.next)}"]
    elif notification.reason is Reason.REMINDER:
        story += [plain(notification.note or "")]
    return escaped(". ".join(part for part in story if part), _SECTION)


def blocks(notification: Notification, *, answers: bool = False) -> list[Block]:
    """The whole message: long when it calls somebody to work, two lines when it only tells how things went.

    With `answers` a page has buttons that answer it, for a room whose app tells us of its presses.
    """
    drawn = _page(notification, answers=answers) if notification.reason.pages else _update(notification)
    return drawn[:50]


def _page(notification: Notification, *, answers: bool) -> list[Block]:
    header = {"type": "header", "text": {"type": "plain_text", "text": headline(notification), "emoji": False}}
    told = [header, _section(_call(notification)), _facts(notification), *_others(notification)]
    answered_here = answers and notification.of == "incident" and not notification.others
    buttons = _buttons(notification, presses(notification.incident) if answered_here else None)
    return [*told, *buttons, _small(notification)]


def _update(notification: Notification) -> list[Block]:
    mark = _mark(notification.reason)
    by = f" by {escaped(notification.by, 80)}" if notification.by else ""
    what = notification.reason.value.capitalize() + _for(notification)
    lines = [f"{mark} *{what}*{by}: {notification.severity.value} · {escaped(notification.title, 300)}"]
    lines += [escaped(notification.note, 1000)] if notification.note else []
    lines += [f"Next: {escaped(notification.next, 500)}"] if notification.next else []
    links = _buttons(notification) if notification.reason is Reason.REMINDER else []
    return [_section("\n".join(lines)), *_others(notification), *links, _small(notification)]


def _for(notification: Notification) -> str:
    """A reminder names the person it is for."""
    who = notification.recipient
    if notification.reason is not Reason.REMINDER or who is None:
        return ""
    return f" for {mention(who.address) or escaped(who.name, 80)}"


def _others(notification: Notification) -> list[Block]:
    """The lines of a digest."""
    lines = "\n".join(f"• {escaped(line, 200)}" for line in notification.others)
    return [_section(clip(lines, _SECTION))] if lines else []


def _call(notification: Notification) -> str:
    """Who is called, and as what; a person is mentioned only by a member id the operator wrote."""
    called = [mention(person.address) or escaped(person.name, 80) for person in _called(notification)]
    role = f" ({escaped(notification.role, 80)})" if notification.role else ""
    start = f"*{notification.reason.value.capitalize()}*"
    text = f"{start}: {', '.join(called)}{role}, please take this." if called else start
    return text + (f"\n{escaped(notification.note, 1000)}" if notification.note else "")


def _called(notification: Notification) -> list[Any]:
    first = [notification.recipient] if notification.recipient else []
    return [*first, *notification.team][:20]


def mention(address: str | None) -> str | None:
    """`<@U02ANA>` for a member id, None for anything else."""
    return f"<@{address}>" if address and _MEMBER.fullmatch(address) else None


def _facts(notification: Notification) -> Block:
    facts = {
        "Where": notification.where,
        "Since": since(notification.since, notification.now, notification.until),
        "Why you": notification.why,
        "What happens next": notification.next,
    }
    fields = [_mrkdwn(f"*{name}*\n{escaped(value, _FIELD - 50)}") for name, value in facts.items() if plain(value)]
    return {"type": "section", "fields": fields}


def _buttons(notification: Notification, answers: list[Block] | None = None) -> list[Block]:
    """Links, of which pressing one opens a page and changes nothing by itself; before them `answers`, which do."""
    link, answer = notification.acknowledge, [*(answers or ())]
    if link is not None:
        opens = _button(link, 0, style="primary") if answers is None else _button(Link(text="Open", url=link.url), 0)
        answer += [opens] if opens else []
    others = [notification.runbook, *notification.links]
    look = [_button(link, number) for number, link in enumerate(others, start=1) if link]
    elements = [button for button in [*answer, *look] if button][:10]
    return [{"type": "actions", "elements": elements}] if elements else []


def presses(incident: str) -> list[Block]:
    """The buttons that answer this incident."""
    return [_press(name, one, incident) for name, one in PRESSES.items()]


def _press(name: str, press: Press, incident: str) -> Block:
    button: Block = {"type": "button", "text": _words(press.label), "action_id": name, "value": incident}
    if press.style:
        button["style"] = press.style
    if press.sure:
        sure = {"title": f"{press.label}?", "text": press.sure, "confirm": press.label, "deny": "Not yet"}
        button["confirm"] = {part: _words(text) for part, text in sure.items()}
    return button


def _words(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": False}


def _button(link: Link, number: int, **style: str) -> Block | None:
    if not is_web(link.url, _URL):
        return None
    text = {"type": "plain_text", "text": plain(link.text, _BUTTON) or "Open", "emoji": False}
    return {"type": "button", "text": text, "url": link.url, "action_id": f"open-{number}", **style}


def _small(notification: Notification) -> Block:
    events = "1 event" if notification.count == 1 else f"{notification.count} events"
    words = f"Tocsin · {which(notification)} · {events}"
    if not notification.reason.pages:
        words += f" · since {since(notification.since, notification.now, notification.until)}"
    return {"type": "context", "elements": [{"type": "plain_text", "text": words, "emoji": False}]}


def _section(text: str) -> Block:
    return {"type": "section", "text": _mrkdwn(text)}


def _mrkdwn(text: str) -> Block:
    return {"type": "mrkdwn", "text": text, "verbatim": True}
