"""What is said in and of an incident's own channel, in words. Pure; nothing here is yet fit for Slack's markup."""

from __future__ import annotations

from collections.abc import Sequence

from rules.incident import Incident, TimelineEntry
from rules.responding.briefing import TOLD
from rules.responding.updates import status_of

NEWS = (TOLD | {"public", "assessed"}) - {"opened", "cleared", "heard", "ticked", "unticked"}
"""Lines of the history, by their kind, that are told in the channel as they come. Others stand in the assessment."""
NEWS_AT_ONCE = 15
"""So many lines are told in one message; of more, the last."""


def marked(incident_id: str) -> str:
    """How the purpose of the channel of this incident begins: by that it is known for its own again."""
    return f"Tocsin incident {incident_id}:"


def purpose(incident: Incident, url: str) -> str:
    """`Tocsin incident 4QXZ81: Checkout is down · https://…`."""
    title = incident.title if len(incident.title) <= 120 else incident.title[:119].rstrip() + "…"
    return f"{marked(incident.id)} {title} · {url}"


def topic(incident: Incident) -> str:
    """`P1 · mitigating · Checkout is down`: short, for it is said anew whenever it changes."""
    return f"{incident.severity} · {status_of(incident)} · {incident.title}"


def news(lines: Sequence[TimelineEntry], said: int) -> list[str]:
    """What is to be told of the history after its first `said` lines, the oldest first."""
    told = [_told(line) for line in lines[said:] if line.kind in NEWS]
    left_out = len(told) - NEWS_AT_ONCE
    return [f"({left_out} more before that: see the history)", *told[-NEWS_AT_ONCE:]] if left_out > 0 else told


def _told(line: TimelineEntry) -> str:
    return line.text if line.by in (None, "Tocsin") or str(line.by) in line.text else f"{line.text} ({line.by})"
