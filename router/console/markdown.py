"""An incident as Markdown, to paste into a ticket or a post-mortem: nothing a sender wrote can form it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from router.console.coming import coming, name_of
from router.console.rungs import Rung
from router.console.story import Line
from rules.config import Config
from rules.duration import show_duration
from rules.incident import Incident
from rules.markdown import escaped
from rules.postmortem.story import checked
from workers.plain import is_web

ALERTS = 50


def markdown(
    incident: Incident, rungs: Sequence[Rung], lines: Sequence[Line], config: Config, now: float, runbook: str | None
) -> str:
    """The whole of it, the oldest line of its history first."""
    parts = [
        [f"# {incident.severity.value}: {escaped(incident.title)}", ""],
        _facts(incident, config, now, runbook),
        _alerts(incident),
        ["", "## Escalation", "", *(_rung(one) for one in rungs)] if rungs else [],
        _part("Checked", checked(incident)),
        _part("Ticked", _ticked(incident)),
        ["", "## Timeline", "", *(_line(line) for line in lines)],
    ]
    return "\n".join(line for part in parts for line in part) + "\n"


def _facts(incident: Incident, config: Config, now: float, runbook: str | None) -> Iterator[str]:
    who = incident.assignee or incident.acknowledged_by
    ended = incident.resolved_at
    lasted = f"{show_duration(max(0.0, (ended or now) - incident.opened_at))}{'' if ended else ' so far'}"
    facts = [
        ("Incident", incident.id),
        ("State", f"{incident.state.value}" + (f", {escaped(name_of(config, who))} has it" if who else "")),
        ("Since", f"{_moment(incident.opened_at)}, {lasted}"),
        ("Next", escaped(coming(incident, config).what)),
        ("Rule", escaped(incident.rule)),
        ("Runbook", escaped(runbook) if runbook else ""),
        ("Labels", ", ".join(f"{escaped(k)}={escaped(v, 200)}" for k, v in sorted(incident.labels.items()))),
        ("Link", f"<{incident.url}>" if incident.url and _linkable(incident.url) else ""),
        ("False positive", escaped(incident.false_positive or "")),
    ]
    return (f"- **{name}:** {value}" for name, value in facts if value)


def _linkable(url: str) -> bool:
    return is_web(url) and not re.search(r"[<>`\s]", url)


def _alerts(incident: Incident) -> Iterator[str]:
    signals = list(incident.signals.values())
    yield from ("", f"## {len(signals)} alerts" if len(signals) != 1 else "## 1 alert", "")
    for one in signals[:ALERTS]:
        state = "firing" if one.firing else "cleared"
        yield f"- {escaped(one.source)}: {escaped(one.summary, 300)} ({state}, {one.count} events)"
    if len(signals) > ALERTS:
        yield f"- and {len(signals) - ALERTS} more"


def _part(heading: str, lines: Iterator[str]) -> list[str]:
    found = list(lines)
    return ["", f"## {heading}", "", *found] if found else []


def _ticked(incident: Incident) -> Iterator[str]:
    """Steps of runbooks and answers of decision trees; the checklist stands with the checks."""
    words = {item.id for item in incident.plan.verify}
    for item, done in incident.response.ticks.items():
        if item not in words:
            answer = f": {escaped(done.answer)}" if done.answer else ""
            yield f"- {_moment(done.at)} {escaped(item)}{answer} — {escaped(done.by)}"


def _rung(one: Rung) -> str:
    return f"{one.number}. T\\+{show_duration(one.after)}, {_moment(one.at)}: {escaped(one.who)}, {escaped(one.what)}"


def _line(line: Line) -> str:
    times = f" ({line.count} times)" if line.count > 1 else ""
    by = f" — {escaped(line.by)}" if line.by and line.by not in line.text else ""
    return f"- {_moment(line.at)} {escaped(line.text, 4000)}{times}{by}"


def _moment(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"
