"""Incidents as a person reads them: UTC with its zone, durations, the next action first."""

from __future__ import annotations

import time
from collections.abc import Iterator

from router.cli.checklist import show_checklist, show_response
from router.cli.session import Session
from router.cli.times import Record, about, ahead, exact, moment
from workers.plain import plain

__all__ = [
    "Record", "about", "ahead", "exact", "moment", "next_action", "next_now", "ordinal", "reached_nobody",
    "show_incident", "show_list", "state_of",
]  # fmt: skip

ALERTS = 20
"""So many signals, and so many children, are shown of one incident; the rest is counted."""
_QUIET = "recovered; resolves when quiet"
_STYLES = {"P1": "bold red", "P2": "red", "P3": "yellow", "P4": "cyan"}


def next_action(incident: Record, now: float, why: str = "see show") -> str:
    """What happens, or should happen, next: the first thing a woken person looks for.

    `why` says where to read why nobody could be told, if that is so.
    """
    state = incident["state"]
    if state == "triggered":
        if incident.get("parent"):
            return f"quiet while {plain(str(incident['parent']))} lasts; nobody is told"
        hold = incident.get("hold") or {}
        if hold.get("until", 0) > now:
            return f"held back until {moment(hold['until'])}: {plain(str(hold['why']))}"
        if reached_nobody(incident) and not _waiting(incident):
            # A repeated matrix begins once more; until then, and at its end, nobody knows but who reads this.
            return f"nobody could be told: {why}" + ("" if incident.get("exhausted") else "; the matrix begins again")
        return f"acknowledge it; {_next_step(incident, now)}"
    who = plain(str(incident.get("assignee") or incident.get("acknowledged_by") or "somebody"))
    until = incident.get("acknowledged_until")
    has = f"{who} is on it" + (f" until {moment(until)}" if until else "")
    return {
        "acknowledged": f"{has}; mitigate, then resolve",
        "mitigated": "watch it, then resolve",
        "recovered": f"recovered, to be verified: {_left(incident)}" if incident.get("to_verify") else _QUIET,
    }.get(state, "nothing: it was a false positive" if state_of(incident) != state else "nothing: it is resolved")


def next_now(incident: Record) -> str:
    """The same of one incident, as of now."""
    return next_action(incident, time.time())


def _left(incident: Record) -> str:
    items = incident.get("checklist") or []
    return f"{sum(not one['done'] for one in items)} of {len(items)} left"


def _next_step(incident: Record, now: float) -> str:
    waiting = _waiting(incident)
    if not waiting:
        end = None if incident.get("exhausted") else incident.get("exhausted_at")
        return "nobody else will be told" if end is None else f"else everybody is told once more {ahead(end - now)}"
    step = min(waiting, key=lambda each: float(each["due_at"]))
    return f"else {plain(step['role'])} is told {ahead(step['due_at'] - now)}"


def _waiting(incident: Record) -> list[Record]:
    return [step for step in incident.get("steps", ()) if step["state"] == "waiting"]


def reached_nobody(incident: Record) -> bool:
    """Did no page of its ladder get through, to no person and no room?"""
    rooms = {told["channel"] for told in incident.get("told", ()) if told.get("room")}
    return bool(incident.get("steps")) and all(_unheard(step, rooms) for step in incident["steps"])


def _unheard(step: Record, rooms: set[str]) -> bool:
    if step["state"] == "failed":
        return True
    # Nobody had the role; a room may have read it all the same.
    return bool(step["state"] == "nobody to tell" and rooms <= set(step.get("failed") or ()))


def show_list(session: Session, incidents: list[Record]) -> None:
    """A table, the worst first, and of equally bad ones those that nobody has answered."""
    now = time.time()
    if not incidents:
        session.line("Nothing is open. All quiet.")
        return
    ordered = sorted(incidents, key=lambda each: (each["severity"], each["state"] != "triggered", each["opened_at"]))
    rows = [
        [
            each["id"],
            each["severity"],
            state_of(each),
            about(now - each["opened_at"]),
            next_action(each, now),
            each["title"],
        ]
        for each in ordered
    ]
    session.table(["ID", "SEV", "STATE", "SINCE", "NEXT", "TITLE"], rows)


def show_incident(session: Session, incident: Record) -> None:
    """One incident: what to do, what it is, its steps, its history."""
    now = time.time()
    title = f"{incident['severity']} · {plain(incident['title'])}"
    session.line(title, _STYLES.get(incident["severity"], ""))
    session.line(f"Next: {next_action(incident, now, 'its timeline says why')}", "bold")
    for name, value in _facts(incident, now):
        session.line(f"  {name:<9}{value}")
    show_response(session, incident, now)
    for line in _why(incident):
        session.line(f"  {line}")
    _findings(session, incident, now)
    show_checklist(session, incident)
    _alerts(session, incident)
    _children(session, incident)
    _steps(session, incident, now)
    _timeline(session, incident)


def _facts(incident: Record, now: float) -> list[tuple[str, str]]:
    opened = incident["opened_at"]
    labels = " ".join(f"{plain(str(key))}={plain(str(value))}" for key, value in sorted(incident["labels"].items()))
    facts = [
        ("id", incident["id"]),
        ("state", state_of(incident)),
        ("because", plain(incident.get("false_positive") or "")),
        ("since", f"{moment(opened)} ({about(now - opened)} ago)"),
        ("rule", plain(incident["rule"])),
        ("runbook", plain(incident.get("runbook") or "")),
        ("labels", labels),
        ("look at", plain(incident.get("url") or "")),
        ("parent", plain(incident.get("parent") or "")),
    ]
    return [(name, value) for name, value in facts if value]


def _why(incident: Record) -> Iterator[str]:
    """What decided beside its rule, in few lines; `explain` has all of it."""
    trace = incident.get("trace")
    if not trace:
        return
    by = {key: rule for key, rule in trace["set_by"].items() if rule != trace["rule"]}
    said = [f"{plain(key)} by «{plain(rule)}»" for key, rule in sorted(by.items())[:5]]
    gate, hold = trace.get("gate"), incident.get("hold")
    if gate:
        said.append(f"counted, it opens {gate['opens']}")
    if hold:
        said.append(f"held back by «{plain(hold['silence'])}» until {moment(hold['until'])}")
    if not trace["edition"]["same"] and trace["edition"]["decided_by"]:
        said.append(f"by the rules {trace['edition']['decided_by']}, which are in force no longer")
    yield f"{'why':<9}{'; '.join(said) or 'by that rule alone'} (all of it: tocsin explain {incident['id']})"


def _findings(session: Session, incident: Record, now: float) -> None:
    """What its checks have found, what is wrong first."""
    response = incident.get("response") or {}
    found = response.get("findings") or ()
    if found:
        session.line("Checks", "bold")
    for one in sorted(found, key=lambda each: each["outcome"] == "ok"):
        session.line(f"  {one['outcome']:<8}{plain(one['text'])} ({about(max(0.0, now - one['at']))} ago)")
    for link in response.get("links") or ():
        session.line(f"  look at  {plain(link['text'])}: {plain(link['url'])}")


def _alerts(session: Session, incident: Record) -> None:
    """Each signal with its own state, where there are several."""
    signals = list((incident.get("signals") or {}).values())
    if len(signals) < 2:
        return
    session.line(f"{len(signals)} alerts", "bold")
    for one in signals[:ALERTS]:
        severity = f" {one['severity']}" if one.get("severity") else ""
        state = "firing" if one["firing"] else "cleared"
        session.line(f"  {plain(one['source'])}: {plain(one['summary'])} ({state}{severity})")
    if len(signals) > ALERTS:
        session.line(f"  and {len(signals) - ALERTS} more")


def _children(session: Session, incident: Record) -> None:
    """What it keeps quiet, or has kept quiet."""
    children = incident.get("children") or []
    if children:
        session.line("Children", "bold")
    for one in children[:ALERTS]:
        now = "quiet while this lasts" if one["quiet"] else one["state"]
        session.line(f"  {one['id']} {one['severity']} {plain(one['title'])}: {now}")
    if len(children) > ALERTS:
        session.line(f"  and {len(children) - ALERTS} more")


def as_it_is(line: str) -> str:
    """A line of a command or of a body, its spaces kept."""
    return "".join(char for char in line if char.isprintable())


def ordinal(step: Record) -> int:
    """A step's place as people count; the record begins at 0."""
    return int(step["number"]) + 1


def _steps(session: Session, incident: Record, now: float) -> None:
    steps = incident.get("steps") or []
    if steps:
        session.line("Steps", "bold")
    for step in steps:
        who = plain(f"{step['role']} ({step['person']})" if step.get("person") else step["role"])
        session.line(f"  {ordinal(step)}. {who}: {_step(step, incident, now)}")


def _step(step: Record, incident: Record, now: float) -> str:
    """`sent 2026-03-01 10:15 UTC`, `waiting, in 14m`; once nobody waits to be told, why."""
    if step["state"] not in {"waiting", "not told"}:
        at = step.get("sent_at")
        failed = f", not delivered by {', '.join(step['failed'])}" if step.get("failed") else ""
        return (f"{step['state']} {moment(at)}" if at else str(step["state"])) + failed
    if incident.get("parent"):
        return f"waits for {plain(str(incident['parent']))} to be over"
    if incident["state"] == "triggered":
        return f"waiting {moment(step['due_at'])}, {ahead(step['due_at'] - now)}"
    return f"not told: {_ended_by(incident)}"


def _ended_by(incident: Record) -> str:
    """What came first, and so kept the further steps from being told."""
    false = incident.get("false_positive") is not None
    ends = [
        ("acknowledged_at", f"{_who(incident, 'acknowledged_by')} answered before"),
        ("mitigated_at", "it was mitigated before"),
        ("recovered_at", "it recovered by itself before"),
        (
            "resolved_at",
            f"{_who(incident, 'resolved_by')} {'marked it as a false positive' if false else 'resolved it'}",
        ),
    ]
    happened = [(incident[name], said) for name, said in ends if incident.get(name) is not None]
    return min(happened)[1] if happened else "it is not triggered any more"


def _who(incident: Record, name: str) -> str:
    return plain(str(incident.get(name) or "somebody"))


def state_of(incident: Record) -> str:
    """Its state as people speak of it: what never was one has not been resolved."""
    return "false positive" if incident.get("false_positive") is not None else str(incident["state"])


def _timeline(session: Session, incident: Record) -> None:
    entries = incident.get("timeline") or []
    if entries:
        session.line("Timeline", "bold")
    for entry in entries:
        who, text = plain(entry.get("by") or ""), plain(entry["text"])
        by = f" — {who}" if who and who not in text else ""
        via = f" (via {plain(entry['via'])})" if who and entry.get("via") else ""
        session.line(f"  {moment(entry['at'])}  {text}{by}{via}")
