"""`/incidents/{id}`: what comes next, what happened and the buttons, as somebody woken at night reads them."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from redis import Redis

from rules.commands import Acknowledge
from rules.event import Severity
from rules.incident import State, TimelineEntry
from rules.record import encode
from tests.receiver.ear import DOWN, KUMA
from tests.receiver.sitting import Sitting
from workers import keys

HOSTILE = "<img src=x onerror=alert(1)>\"'--></script><script>alert(2)</script>{{7*7}} [x](javascript:alert(3)) **b**"


@pytest.fixture
def sitting(valkey: str, redis: Redis) -> Sitting:
    """Somebody at the console of a Tocsin in which the shop is down."""
    return Sitting(valkey, redis)


def is_down(sitting: Sitting) -> str:
    """A P1 with a runbook, and everybody told."""
    assert sitting.post(KUMA, DOWN).status_code == 202
    sitting.clock.at += 1
    sitting.all_work()
    return sitting.incident().id


def test_the_page_says_what_comes_next_and_what_happened(sitting: Sitting) -> None:
    """Severity, the countdown and whom it reaches, attempts with status and time, the ladder, the runbook."""
    one = is_down(sitting)
    page = sitting.opens(f"/incidents/{one}")
    assert page.status_code == 200
    text = page.text
    assert "P1" in text
    assert "lead (maria)" in text
    assert 'data-due="' in text
    assert "T+15m" in text
    assert "slack told on-call engineer (ana): opened" in text
    assert re.search(r'<a href="/notifications/n-[^"]+">delivered 200</a>', text)
    assert "P1 by the rule «the site is down»." in text
    assert "Runbook: The site is down" in text
    assert "Look &lt;b&gt;first&lt;/b&gt;." in text
    assert "/deliveries/" in text
    assert sitting.opens(f"/incidents/{one[:4]}").headers["location"] == f"/incidents/{one}"


def test_every_button_does_what_it_says(sitting: Sitting) -> None:
    """From the table: acknowledge, snooze, note, severity, assign, mitigate, resolve; each answered by a redirect."""
    one = is_down(sitting)
    page, act = f"/incidents/{one}", f"/incidents/{one}/act"
    for fields in (
        {"do": "note", "text": "I look"},
        {"do": "acknowledge"},
        {"do": "severity", "severity": "P2"},
        {"do": "assign", "to": "maria"},
        {"do": "snooze", "for": "1h"},
        {"do": "mitigate"},
        {"do": "resolve", "note": "restarted"},
    ):
        answered = sitting.presses(page, act, **fields)
        assert answered.status_code == 303, fields
        assert answered.headers["location"] == page
    incident = sitting.incident()
    assert (incident.state, incident.severity, incident.resolved_by) == (State.RESOLVED, Severity.P2, "Demo admin")
    kinds = [line.kind for line in sitting.store.timeline(one)]
    assert {"note", "acknowledged", "severity", "assigned", "mitigated", "resolved"} <= set(kinds)


def test_why_says_who_made_it_as_bad_as_it_is(sitting: Sitting) -> None:
    """A rule decides first, a person may change that; what is taken back, or over by now, is not said."""
    one = sitting.reports(summary="Shop is slow")
    page = f"/incidents/{one}"
    assert "P3 by the rule «everything else»." in sitting.opens(page).text
    sitting.presses(page, f"{page}/act", do="severity", severity="P1")
    text = sitting.opens(page).text
    assert "P3 by the rule «everything else»." in text
    assert "<p>Raised to P1 by Demo admin, 10:00 UTC.</p>" in text
    sitting.presses(page, f"{page}/act", do="undo")
    assert "<p>Raised to P1" not in sitting.opens(page).text
    sitting.presses(page, f"{page}/act", do="severity", severity="P4")
    assert "<p>Lowered to P4 by Demo admin, 10:00 UTC.</p>" in sitting.opens(page).text


def test_a_false_positive_needs_its_reason(sitting: Sitting) -> None:
    """Without one nothing happens, and it says so; with one the page shows it."""
    one = is_down(sitting)
    page, act = f"/incidents/{one}", f"/incidents/{one}/act"
    assert sitting.presses(page, act, do="false-positive").status_code == 422
    assert sitting.incident().is_open
    assert sitting.presses(page, act, do="false-positive", reason="a test of theirs").status_code == 303
    assert "a test of theirs" in sitting.opens(page).text
    assert sitting.presses(page, act, do="drop-everything").status_code == 422


def test_of_two_who_press_at_once_both_hear_the_truth(sitting: Sitting) -> None:
    """The second is told who had it and since when, and that they have joined."""
    one = is_down(sitting)
    sitting.ledger.answer(one, Acknowledge(by="ana", via="slack"))
    sitting.clock.at += 60
    page = f"/incidents/{one}"
    answered = sitting.presses(page, f"{page}/act", do="acknowledge")
    said = sitting.ask("GET", page, headers={"Host": "127.0.0.1:8080", "Cookie": _cookie(answered)}).text
    assert re.search(r"ana had P1 .* already since 10:00 UTC; you have joined\.", said)
    assert sitting.incident().acknowledged_by == "ana"


def _cookie(answered: object) -> str:
    return str(answered.headers["set-cookie"]).partition(";")[0]  # type: ignore[attr-defined]


def test_nothing_a_sender_writes_is_markup(sitting: Sitting) -> None:
    """Neither on the page nor in the Markdown; an address that is no http is no link."""
    one = sitting.reports(summary=HOSTILE, url="javascript:alert(4)", labels={HOSTILE[:60]: HOSTILE})
    page = sitting.opens(f"/incidents/{one}").text
    for wrong in ("<img src=x", "<script>alert", 'href="javascript', "alert(2)</script>"):
        assert wrong not in page, wrong
    assert "{{7*7}}" in page
    written = sitting.opens(f"/incidents/{one}.md")
    assert written.headers["content-type"].startswith("text/markdown")
    assert "attachment" in written.headers["content-disposition"]
    assert "\\<img src" in written.text
    assert "\\[x\\]\\(javascript" in written.text
    assert not re.search(r"(?<!\\)<img|(?<!\\)\*\*b", written.text)


def test_a_long_story_is_paged(sitting: Sitting, redis: Redis) -> None:
    """5,000 lines and 2,000 alerts: a hundred and fifty of them at a time."""
    one = is_down(sitting)
    lines = [encode(TimelineEntry(at=sitting.clock.at, kind="heard", text=f"line {n}")) for n in range(5000)]
    redis.rpush(keys.timeline(one), *lines)
    incident = sitting.incident()
    (first,) = incident.signals.values()
    many = {f"k{n}": replace(first, key=f"k{n}", summary=f"alert {n}") for n in range(2000)}
    redis.set(keys.incident(one), encode(incident.changed(signals=many)))
    page = sitting.opens(f"/incidents/{one}")
    assert "line 4999" in page.text
    assert "line 4000" not in page.text
    assert "2000 alerts" in page.text
    assert len(page.text) < 400_000
    older = sitting.opens(f"/incidents/{one}?page=11&alerts=40")
    assert "line 3999" in older.text


def test_what_is_not_there_is_said(sitting: Sitting) -> None:
    """A page that says why, and not an error."""
    assert sitting.opens("/incidents/NOPE").status_code == 404
    assert "no such incident" in sitting.opens("/incidents/NOPE").text
