"""An incident as Markdown, to paste into a ticket or a post-mortem: nothing a sender wrote can form it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from router.console.coming import coming, name_of
from router.console.rungs import Rung
from router.console.story import Line
from rules.duration import show_duration
from rules.incident import Incident
from rules.markdown import escaped
from rules.postmortem.story import checked
from rules.reading.config import Config
from rules.runbooks.inline import words
from rules.runbooks.progress import Progress
from rules.runbooks.tree import Answer, Question
from workers.plain import is_web

ALERTS = 50


def markdown(
    incident: Incident, rungs: Sequence[Rung], lines: Sequence[Line], config: Config, now: float, at: Progress | None
) -> str:
    """The whole of it, the oldest line of its history first."""
    parts = [
        [f"# {incident.severity.value}: {escaped(incident.title)}", ""],
        _facts(incident, config, now),
        _alerts(incident),
        ["", "## Escalation", "", *(_rung(one) for one in rungs)] if rungs else [],
        _part("Checked", checked(incident)),
        worked(at),
        ["", "## Timeline", "", *(_line(line) for line in lines)],
    ]
    return "\n".join(line for part in parts for line in part) + "\n"


def _facts(incident: Incident, config: Config, now: float) -> Iterator[str]:
    who = incident.assignee or incident.acknowledged_by
    ended = incident.resolved_at
    lasted = f"{show_duration(max(0.0, (ended or now) - incident.opened_at))}{'' if ended else ' so far'}"
    facts = [
        ("Incident", incident.id),
        ("State", f"{incident.state.value}" + (f", {escaped(name_of(config, who))} has it" if who else "")),
        ("Since", f"{_moment(incident.opened_at)}, {lasted}"),
        ("Next", escaped(coming(incident, config).what)),
        ("Rule", escaped(incident.rule)),
        ("Runbook", escaped(incident.runbook or "")),
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


def worked(at: Progress | None) -> Iterator[str]:
    """What was done of the runbook, and how its questions were answered; nothing of one that nobody has begun."""
    if at is None:
        return
    walks = [(tree, path) for tree, path in at.walks if path.taken]
    if not (at.done or walks or at.before):
        return
    yield from ("", f"## Runbook: {escaped(at.runbook.title)}", "")
    for step in at.runbook.steps:
        done = at.of(step)
        by = f" — {escaped(done.by)}, {_moment(done.at)}" if done else ""
        yield f"- [{'x' if done else ' '}] {step.number}\\. {escaped(words(step.text))}{by}"
    yield from (
        f"- [x] {escaped(one.words)} {escaped(one.answer)} (before the runbook was changed) — "
        f"{escaped(one.by)}, {_moment(one.at)}"
        for one in at.before
    )
    for tree, path in walks:
        yield from ("", f"### {escaped(tree.title)}", "")
        yield from (_answered(at, question, answer) for question, answer in path.taken)


def _answered(at: Progress, question: Question, answer: Answer) -> str:
    given = at.of(question)
    by = f" — {escaped(given.by)}, {_moment(given.at)}" if given else ""
    then = "" if answer.then else f" → {escaped(words(answer.text))}"
    return f"- {escaped(words(question.text))} **{escaped(answer.word)}**{then}{by}"


def _rung(one: Rung) -> str:
    return f"{one.number}. T\\+{show_duration(one.after)}, {_moment(one.at)}: {escaped(one.who)}, {escaped(one.what)}"


def _line(line: Line) -> str:
    times = f" ({line.count} times)" if line.count > 1 else ""
    by = f" — {escaped(line.by)}" if line.by and line.by not in line.text else ""
    return f"- {_moment(line.at)} {escaped(line.text, 4000)}{times}{by}"


def _moment(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"
