"""What stands in an incident's own channel: the assessment by the incident template, and what is new. For Slack, pure.

The same walls as in `blocks` stand between a sender's words and Slack's markup: escaped, `verbatim`, nothing parsed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rules.responding.briefing import Briefing
from rules.turn import moment
from workers.channels.contract import Link
from workers.channels.slack.blocks import SHAPES, escaped, mention
from workers.plain import clip, clock, is_web, plain

# docs.slack.dev/reference/block-kit/blocks: header 150, section text 3000, button text 75, button url 3000.
_HEADER, _SECTION, _BUTTON, _URL = 150, 3000, 75, 3000
_NAMED = 250
"""Characters of a topic and of a purpose (conversations.setTopic, `too_long`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """An incident by the runbook's template, in words that are plain and unescaped."""

    headline: str
    facts: Mapping[str, str] = field(default_factory=dict)
    """Severity, status, started, responders."""
    sections: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Heading -> lines: impact, timeline, current status, next update. The latest lines are the last."""
    links: Sequence[Link] = ()


def assessed(brief: Briefing, found: str, links: Sequence[Link], now: float) -> Assessment:
    """An incident by the runbook's template, in its order; `found` is what its checks say, "" where none has."""
    people = ", ".join(one.name + (f" ({one.part})" if one.part else "") for one in brief.responders)
    current = [] if brief.current is None else [f"{brief.current} ({_when(brief.current_at or now, now)})"]
    shape = SHAPES[brief.severity] if brief.ended is None else "✅"
    return Assessment(
        headline=f"{shape} {brief.severity.value} · {brief.title}",
        facts={
            "Severity": brief.severity.value,
            "Status": brief.status.capitalize(),
            "Started": moment(brief.started),
            "Resolved": moment(brief.ended) if brief.ended is not None else "",
            "Responders": people or "nobody yet",
        },
        sections={
            "Impact": [
                f"Who is affected: {brief.affected or 'not known yet'}",
                f"What is broken: {brief.broken or 'not known yet'}",
            ],
            "What checks found": [found] if found else [],
            "Timeline (UTC)": [f"{_when(line.at, now)}  {line.text}" for line in brief.timeline],
            "Current status": [*current, brief.standing],
            "Verification": [
                f"☑ {one.text}" + (f" ({one.said})" if one.said else "") if one.done else f"☐ {one.text}"
                for one in brief.verification
            ],
            "Next update": [_next(brief, now)],
        },
        links=links,
    )


def _when(at: float, now: float) -> str:
    return clock(at, now).removesuffix(" UTC")


def _next(brief: Briefing, now: float) -> str:
    """When more is said. As a time, not as a duration: the message stands there until the incident changes."""
    if brief.next_update is None:
        return "none: it is over" if brief.ended is not None else "none is promised"
    late = ", it is due" if brief.next_update <= now else ""
    return f"{clock(brief.next_update, now)}{late}"


def message(assessment: Assessment, answers: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """`text` for lock screens, and `blocks`: the whole of it, as far as it fits the oldest lines give way.

    `answers` are buttons that answer the incident, before those that only open a page.
    """
    header = {"type": "header", "text": _text(clip(plain(assessment.headline), _HEADER))}
    facts = " · ".join(f"*{name}:* {escaped(value, 300)}" for name, value in assessment.facts.items() if plain(value))
    told = [header, _section(clip(facts, _SECTION))] if facts else [header]
    told += [_section(_titled(heading, lines)) for heading, lines in assessment.sections.items() if lines]
    opens = [button for n, link in enumerate(assessment.links) if (button := _button(link, n)) is not None]
    buttons = [*answers, *opens][:10]
    told += [{"type": "actions", "elements": buttons}] if buttons else []
    return {"text": escaped(clip(plain(assessment.headline), _HEADER), _SECTION), "blocks": told[:50]}


def news(lines: Sequence[str], members: Iterable[str] = ()) -> dict[str, Any]:
    """What is new, one line each; `members` are asked to look."""
    calls = " ".join(found for member in members if (found := mention(member)))
    text = "\n".join(filter(None, [calls, *(escaped(line, 600) for line in lines)]))
    first = escaped(lines[0], 300) if lines else ""
    return {"text": first, "blocks": [_section(_ends(text, _SECTION))]}


def named(text: str) -> str:
    """A topic or a purpose: one line, not too long, with nothing in it that Slack takes for markup."""
    return clip(plain(text).translate(str.maketrans("<>", "‹›")), _NAMED)


def _titled(heading: str, lines: Sequence[str]) -> str:
    """The heading and as many of its lines as fit, the latest before all."""
    top = f"*{escaped(heading, 100)}*"
    kept: list[str] = []
    left = _SECTION - len(top) - 20
    for line in reversed([escaped(one, 500) for one in lines]):
        left -= len(line) + 1
        if left < 0:
            kept.append("…")
            break
        kept.append(line)
    return "\n".join([top, *reversed(kept)])


def _ends(text: str, limit: int) -> str:
    """Whole lines, so that no entity is cut."""
    lines = text.split("\n")
    while len("\n".join(lines)) > limit and len(lines) > 1:
        lines.pop(0)
    return clip("\n".join(lines), limit) or "…"


def _button(link: Link, number: int) -> dict[str, Any] | None:
    if not is_web(link.url, _URL):
        return None
    text = _text(plain(link.text, _BUTTON) or "Open")
    return {"type": "button", "text": text, "url": link.url, "action_id": f"open-{number}"}


def _text(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}
