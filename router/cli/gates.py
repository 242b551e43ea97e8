"""`tocsin pending --gates`: what gates have counted, and how far each is from opening."""

from __future__ import annotations

import time
from collections.abc import Iterator

from router.cli.remote import ask
from router.cli.session import Session
from router.cli.showing import Record, about


def show_gates(session: Session) -> None:
    """Every gate that has counted something within its time, the fullest first."""
    answer = ask(session, "GET", "/api/gates")
    session.answer(answer, lambda: _show(session, answer["gates"]))


def _show(session: Session, gates: list[Record]) -> None:
    if not gates:
        session.line("No gate has counted anything within its time.")
        return
    now = time.time()
    rows = [
        [
            each["rule"],
            " ".join(f"{name}={value}" for name, value in each["by"].items()) or "–",
            each["counted"],
            each["opens"],
            _usual(each.get("usual")),
            f"{about(now - each['since'])} ago",
            each.get("incident") or "–",
        ]
        for each in gates
    ]
    session.table(["RULE", "BY", "COUNTED", "OPENS", "USUAL", "SINCE", "OPEN IN"], rows)


def _usual(found: Record | None) -> str:
    """How many there usually are, for a gate that compares."""
    if found is None:
        return "–"
    return f"{found['events']:.4g}, by {found['weeks']} w" if found["weeks"] else "not known yet"


def counted_as(judged: list[Record]) -> Iterator[str]:
    """What each event of a delivery did at its gate, where it had one: what it added, or why it counted as nothing."""
    for one in judged:
        gate = (one.get("decision") or {}).get("gate")
        if gate is None:
            continue
        if gate.get("nothing"):
            yield f"as nothing: {gate['nothing']}"
        else:
            adds = f"{gate['adds']} {gate.get('currency', '')}".strip() if gate.get("adds") else "one event"
            yield f"{adds} under {gate['key']}" + (f", once as {gate['counts']}" if gate.get("counts") else "")
