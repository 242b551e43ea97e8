"""`tocsin explain ID`: why a delivery came as it did, and why an incident opened, asked of a running Tocsin."""

from __future__ import annotations

import json
from typing import Any

from tests.cli.pretended import INCIDENT, NOW, Tocsin, tell
from workers.deliveries.intake import mint

ID = mint(NOW)
TRACE: dict[str, Any] = {
    "edition": {"decided_by": "aaa", "explained_by": "aaa", "same": True},
    "rule": "payments fail",
    "severity": "P1",
    "set_by": {"severity": "payments fail", "team": "a \x1b[31mteam"},
    "verdicts": [
        {"name": "the site is down", "matched": False, "why": "kind is stripe.charge.failed"},
        {"name": "payments fail", "matched": True, "why": ""},
    ],
    "verdicts_left_out": 0,
    "by_these_rules": {"rule": "payments fail", "severity": "P1"},
    "group_key": "g",
    "suppress": None,
    "gate": {
        "opens_above": 10,
        "within": "5m",
        "recovers_after_quiet": "15m",
        "opens": "above 10 within 5m",
        "key": "k",
        "adds": None,
        "counts_as": None,
        "counts_as_nothing": None,
        "counted": 11,
    },
    "silences": [{"name": "deploy", "why": "2.4 (ana)", "active": True, "start": NOW, "end": 1772445600.0}],
    "hours": {"name": "office", "timezone": "UTC", "open": False, "opens_at": 1772442000.0},
    "timetable": [
        {"at": "T+0", "step": 0, "to": "on-call engineer (ana)", "channels": ["slack"], "due_at": 1772445600.0}
    ],
}
DELIVERY = {
    "delivery": ID,
    "source": "shop-stripe",
    "received_at": NOW,
    "unreadable": None,
    "events": [
        {
            "event": {
                "action": "trigger",
                "summary": "A payment failed",
                "kind": "stripe.charge.failed",
                "dedup_key": "x",
            },
            "incident": "20260301-7f3a",
            "trace": TRACE,
        }
    ],
    "left_out": 0,
}
PATH = f"/api/deliveries/{ID}/explain"


def test_a_delivery_is_explained(tocsin: Tocsin) -> None:
    """Rules, gate, silence, hours, and the matrix with real times; a sender's escapes are harmless."""
    tocsin.says[PATH] = (200, DELIVERY)
    said = tell("explain", ID.lower())
    assert said.exit_code == 0, said.output
    lines = [line.rstrip() for line in said.output.splitlines()]
    assert lines[1:] == [
        "trigger: A payment failed",
        "  stripe.charge.failed · x",
        "P1 by rule «payments fail»",
        "  team by «a [31mteam»",
        "  the site is down: kind is stripe.charge.failed",
        "  payments fail: matched",
        "Counted; an incident opens only above 10 within 5m. 15m of quiet end it.",
        "  It is counted under k; `tocsin pending --gates` says what has been counted so far.",
        "Counted within that time, with this one: 11.",
        "Silenced by «deploy» until 2026-03-02 10:00 UTC: 2.4 (ana)",
        "People are told of it in the hours «office» (UTC): closed, open again 2026-03-02 09:00 UTC.",
        "Who is told, counted from when it opens and only then:",
        "AT   THAT IS               STEP  TOLD                    THROUGH",
        "T+0  2026-03-02 10:00 UTC  1     on-call engineer (ana)  slack",
        "Its signal leads to incident 20260301-7f3a: tocsin explain 20260301-7f3a",
    ]
    assert json.loads(tell("explain", ID, "-o", "json").stdout) == DELIVERY


def test_other_rules_than_those_that_decided_are_said_to_be(tocsin: Tocsin) -> None:
    """Nobody takes the verdicts of now for those of then."""
    edition = {"decided_by": "aaa", "explained_by": "bbb", "same": False}
    trace = {**TRACE, "edition": edition, "by_these_rules": {"rule": "the rest", "severity": "P3"}}
    tocsin.says[PATH] = (200, {**DELIVERY, "events": [{**DELIVERY["events"][0], "trace": trace}]})  # type: ignore[dict-item,index]
    said = tell("explain", ID).output
    assert "decided by the rules aaa; those in force are bbb" in said
    assert "by these it would be P3 by «the rest»: the lines above are theirs" in said


def test_what_is_no_trigger_and_what_could_not_be_read_say_so(tocsin: Tocsin) -> None:
    """Neither is judged by rules."""
    resolve = {**DELIVERY["events"][0], "trace": None}  # type: ignore[dict-item,index]
    tocsin.says[PATH] = (200, {**DELIVERY, "unreadable": "it is no JSON", "events": [resolve]})
    said = tell("explain", ID).output
    assert "It could not be read: it is no JSON. That is a P3 of Tocsin's own." in said
    assert "no trigger: it goes to the open incident with this key" in said


def test_an_incident_is_explained(tocsin: Tocsin) -> None:
    """By the delivery that opened it, what holds it, and what became of its steps."""
    hold = {"silence": "deploy", "until": 1772445600.0, "why": "2.4 (ana)"}
    whole = {**INCIDENT, "trace": {**TRACE, "delivery": ID, "lost": ""}, "hold": hold}
    tocsin.says["/api/incidents/20260301-7f3a"] = (200, whole)
    said = tell("explain", "20260301-7f")
    assert said.exit_code == 0, said.output
    assert f"It was opened by delivery {ID}" in said.output
    assert "  payments fail: matched" in said.output
    assert "Held back until 2026-03-02 10:00 UTC by «deploy»: 2.4 (ana)" in said.output
    assert "on-call engineer (ana)" in said.output
    assert json.loads(tell("explain", "20260301-7f", "-o", "json").stdout)["trace"]["rule"] == "payments fail"


def test_an_incident_whose_delivery_is_gone_says_so(tocsin: Tocsin) -> None:
    """Its rule stands in it; what the other rules said does not."""
    kept = {name: TRACE[name] for name in ("edition", "rule", "severity", "set_by", "verdicts_left_out")}
    trace = {**kept, "verdicts": [], "delivery": ID, "lost": "the inbox has that delivery no longer"}
    tocsin.says["/api/incidents/20260301-7f3a"] = (200, {**INCIDENT, "trace": trace})
    said = tell("explain", "20260301-7f3a").output
    assert "P1 by rule «payments fail»" in said
    assert "the inbox has that delivery no longer" in said


def test_show_says_why_in_a_line(tocsin: Tocsin) -> None:
    """The gate and what set what; the rest is a command away."""
    tocsin.says["/api/incidents/20260301-7f3a"] = (200, {**INCIDENT, "trace": {**TRACE, "delivery": ID, "lost": ""}})
    said = tell("incidents", "show", "20260301-7f3a").output
    assert (
        "why      team by «a [31mteam»; counted, it opens above 10 within 5m (all of it: tocsin explain 20260301-7f3a)"
        in said
    )


def test_an_id_that_nothing_has_is_a_finding(tocsin: Tocsin) -> None:
    """Neither delivery nor incident: exit code 1, and where to look."""
    tocsin.says[PATH] = (404, {"error": "The inbox has no delivery of this id, or no longer."})
    said = tell("explain", ID)
    assert said.exit_code == 1
    assert "tocsin deliveries list" in said.output
    assert tell("explain", "nothing").exit_code == 1
