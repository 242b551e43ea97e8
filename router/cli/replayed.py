"""What a replay came to: for a person, for a program, and for a pull request. Sums first."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from router.cli.session import Session
from router.cli.showing import exact, moment
from router.replaying import Replay
from rules.duration import show_duration
from rules.replay.compare import Change, Comparison, Moved
from workers.plain import plain

SHOWN = 25
"""So many incidents, and so many pages, a person is shown."""
RECORDED = 1000
"""So many of each a program gets."""
_SIGNS = {"appears": "+", "vanishes": "-", "severity": "!", "added": "+", "removed": "-", "moved": "!"}
_STYLES = {"+": "green", "-": "red", "!": "yellow"}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything there is to say. Times are Unix seconds."""

    comparison: Comparison
    replay: Replay
    before: str
    """What people call the old rules, and the new ones."""
    now: str
    since: float
    """As asked for."""
    until: float
    begins: float | None
    """When the oldest delivery of the inbox came."""
    silences: tuple[str, ...]


def say(session: Session, report: Report) -> None:
    """For a person at a terminal."""
    found = report.comparison
    session.line(_heading(report), "bold")
    session.line(f"Before: {plain(report.before, 300)}. Now: {plain(report.now, 300)}.")
    session.table(["", "BEFORE", "NOW"], _sums(found))
    session.line(_verdict(found), "" if found.same else "bold")
    if found.people and not found.same:
        session.table(["PERSON", *_HEADS], _people(found))
    _list(session, "Incidents", found.changes, _change)
    _list(session, "Pages", found.pages, _page)
    for note in notes(report):
        session.line(f"Note: {note}")


def _list(session: Session, head: str, found: Sequence[Any], line: Callable[[Any], str]) -> None:
    if found:
        session.line(head, "bold")
    for one in found[:SHOWN]:
        session.line(f"  {_SIGNS[one.kind]} {plain(line(one), 1000)}", _STYLES[_SIGNS[one.kind]])
    if len(found) > SHOWN:
        session.line(f"  and {len(found) - SHOWN} more")


def _heading(report: Report) -> str:
    if report.begins is None:
        return "The inbox is empty: nothing can be replayed."
    reach = f"the inbox reaches back to {moment(report.begins)}"
    return f"{_deliveries(report.replay.deliveries)} since {moment(report.since)} ({reach})."


def _deliveries(number: int) -> str:
    return "1 delivery" if number == 1 else f"{number:,} deliveries"


def _verdict(found: Comparison) -> str:
    if found.same:
        return "No difference: the same incidents, and the same people told at the same times."
    kinds = [one.kind for one in found.changes]
    pages = found.of_all()
    return (
        f"Incidents: {kinds.count('appears')} appear, {kinds.count('vanishes')} vanish, "
        f"{kinds.count('severity')} change severity. "
        f"Pages: {pages.added} added, {pages.removed} removed, {pages.moved} moved."
    )


def _sums(found: Comparison) -> list[list[str]]:
    pages = found.of_all()
    return [
        ["incidents", *map(str, found.incidents)],
        ["pages", str(pages.before), str(pages.now)],
        ["  at night", str(pages.night_before), str(pages.night_now)],
        ["messages that call nobody", *map(str, found.updates)],
    ]


_HEADS = ("BEFORE", "NOW", "ADDED", "REMOVED", "MOVED", "NIGHT BEFORE", "NIGHT NOW")


def _people(found: Comparison) -> list[list[str]]:
    """Those first for whom most is different."""
    ordered = sorted(found.people.items(), key=lambda one: -(one[1].added + one[1].removed + one[1].moved))
    return [
        [name, *map(str, (one.before, one.now, one.added, one.removed, one.moved, one.night_before, one.night_now))]
        for name, one in ordered
    ]


def _change(one: Change, title: Callable[[str], str] = lambda text: f"«{text}»") -> str:
    """`P3 by «everything else», now P1 by «site is down», 2026-03-02 09:00 UTC: «Shop is down»`."""
    was, now = (None if said is None else f"{said[0]} by {title(said[1])}" for said in (one.before, one.now))
    at, what = moment(one.at), title(one.title)
    if was is None:
        return f"{now}, {at}: {what}" + (f"; it was a part of {title(one.other)}" if one.other else "")
    if now is None:
        return f"{was}, {at}: {what}" + (f"; its events come to {title(one.other)}" if one.other else "")
    return f"{was}, now {now}, {at}: {what}"


def _page(one: Moved, title: Callable[[str], str] = lambda text: f"«{text}»") -> str:
    """`ana, 2026-03-02 09:00 UTC by slack: opened, P1 «Shop is down»`."""
    by = ", ".join(one.by_now or one.by_before)
    return f"{one.who}, {moment(one.at)} by {by}: {one.reason}, {one.severity} {title(one.title)}{_moved(one)}"


def _moved(one: Moved) -> str:
    if one.before is None or one.now is None:
        return ""
    parts = []
    if round(one.now - one.before):
        parts.append(
            f"{show_duration(round(abs(one.now - one.before)))} {'later' if one.now > one.before else 'earlier'}"
        )
    if set(one.by_before) != set(one.by_now):
        parts.append(f"it was by {', '.join(one.by_before)}")
    if one.team_before != one.team_now:
        parts.append(f"beside {_team(one.team_now)}, it was beside {_team(one.team_before)}")
    return f" ({'; '.join(parts)})"


def _team(name: str | None) -> str:
    return f"team {name}" if name else "no team"


def notes(report: Report) -> Iterator[str]:
    """What whoever reads this must know of how it came about."""
    both = report.replay
    for one, rules in ((both.before, "old"), (both.now, "new")):
        for source, number in sorted(one.lacking.items()):
            yield f"{_many(number, 'delivery', 'deliveries')} of {plain(source)} not heard: the {rules} rules lack it."
    unreadable = (both.before.unreadable, both.now.unreadable)
    if any(unreadable):
        yield f"Unreadable deliveries, each raised as a P3 as always: {unreadable[0]} before, {unreadable[1]} now."
    if both.redacted:
        yield f"{_many(both.redacted, 'body', 'bodies')} redacted: judged is what was read when they came."
    yield from _answered(both)
    if report.silences:
        yield f"Silences that people have set hold on both sides: {', '.join(map(plain, report.silences[:10]))}."
    if report.begins is not None and report.begins > report.since + 60:
        yield f"The inbox does not reach further back than {exact(report.begins)}."
    if both.deliveries:
        yield "What was open before is not known: what it repeats opens it anew. Silences lifted early are not known."


def _answered(both: Replay) -> Iterator[str]:
    if not both.answers:
        yield "No answers of people were found: every ladder is climbed to its end, or until it recovers."
        return
    lost = f"{both.before.unanswered} found no open incident before, {both.now.unanswered} now"
    yield f"{_many(both.answers, 'answer', 'answers')} of people given again at the time they were given; {lost}."


def _many(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def record(report: Report) -> dict[str, Any]:
    """For a program."""
    found, both = report.comparison, report.replay
    return {
        "same": found.same,
        "before": {"rules": report.before, "version": both.before.ruleset.version},
        "now": {"rules": report.now, "version": both.now.ruleset.version},
        "since": report.since,
        "until": report.until,
        "inbox_begins": report.begins,
        "deliveries": both.deliveries,
        "incidents": dict(zip(("before", "now"), found.incidents, strict=True)),
        "updates": dict(zip(("before", "now"), found.updates, strict=True)),
        "pages": dataclasses.asdict(found.of_all()),
        "people": {name: dataclasses.asdict(one) for name, one in found.people.items()},
        "incident_changes": [{"kind": one.kind, **_told(one)} for one in found.changes[:RECORDED]],
        "page_changes": [{"kind": one.kind, **_told(one)} for one in found.pages[:RECORDED]],
        "left_off": {
            "incident_changes": max(0, len(found.changes) - RECORDED),
            "page_changes": max(0, len(found.pages) - RECORDED),
        },
        "lacking": {"before": dict(both.before.lacking), "now": dict(both.now.lacking)},
        "unreadable": {"before": both.before.unreadable, "now": both.now.unreadable},
        "redacted": both.redacted,
        "answers": both.answers,
        "unanswered": {"before": both.before.unanswered, "now": both.now.unanswered},
        "notes": list(notes(report)),
    }


def _told(one: Change | Moved) -> dict[str, Any]:
    said = dataclasses.asdict(one)
    if isinstance(one, Change):
        for name in ("before", "now"):
            said[name] = said[name] and {"severity": said[name][0], "rule": said[name][1]}
    return said


def markdown(report: Report) -> str:
    """For a pull request. What senders wrote stands in code spans, where it calls and links to nobody."""
    found = report.comparison
    lines = ["### What these rules change", "", f"{_verdict(found)}", "", _heading(report)]
    lines += [f"Before: {_code(report.before)}. Now: {_code(report.now)}.", ""]
    lines += _table(("", "before", "now"), _sums(found))
    if found.people and not found.same:
        lines += _table(("person", *(head.lower() for head in _HEADS)), _people(found))
    lines += _items("Incidents", [(one.kind, _change(one, _code)) for one in found.changes])
    lines += _items("Pages", [(one.kind, _page(one, _code)) for one in found.pages])
    lines += [f"- {_escaped(note)}" for note in notes(report)]
    return "\n".join(lines) + "\n"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    first, *others = heads
    lines = [f"| {' | '.join((first, *others))} |", "|---|" + "---:|" * len(others)]
    return [*lines, *(f"| {' | '.join([_escaped(row[0].strip()), *row[1:]])} |" for row in rows), ""]


def _items(head: str, found: Sequence[tuple[str, str]]) -> list[str]:
    if not found:
        return []
    lines = [f"- {kind}: {text}" for kind, text in found[:SHOWN]]
    more = [f"- and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
    return [f"#### {head}", "", *lines, *more, ""]


def _code(text: str) -> str:
    """As it is, in a code span: no mention, no link, no HTML."""
    return "`" + plain(text, 300).replace("`", "'") + "`"


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>|#@])", r"\\\1", text)
