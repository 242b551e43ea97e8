"""A scheduled check: when it is an event that it fails, and when that is over. Pure."""

from __future__ import annotations

import pytest

from rules.event import Action
from rules.responding.response import Finding
from rules.responding.triage import CheckConfig
from rules.responding.watching import FAILED, RECOVERED, Watched, after, event

CONFIG = CheckConfig(type="http", every="1m", failures=3, labels={"area": "shop", "check": "mine"})


def finding(outcome: str, at: float = 0.0) -> Finding:
    """One run."""
    return Finding(check="site", outcome=outcome, text=f"site is {outcome}", at=at)


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        ("ooo", "..."),
        ("ff", ".."),
        ("fff", "..T"),
        ("fffff", "..T.."),
        ("ffoff", "....."),
        ("fffo", "..TR"),
        ("fffoo", "..TR."),
        ("fffofff", "..TR..T"),
        ("ufu", "..T"),
        ("fuuo", "..TR"),
    ],
)
def test_what_a_row_of_runs_says(runs: str, said: str) -> None:
    """o well, f failed, u could not be run; T it fails, R it has recovered."""
    known, heard = Watched(), ""
    for number, run in enumerate(runs):
        outcome = {"o": "ok", "f": "failed", "u": "unknown"}[run]
        known, action = after(known, finding(outcome, float(number)), 3)
        heard += {None: ".", Action.TRIGGER: "T", Action.RESOLVE: "R"}[action]
    assert heard == said


def test_the_same_run_told_twice_says_the_same() -> None:
    """Pure: a transaction that is worked out anew comes to the same."""
    before = Watched(failing=2, since=60.0)
    assert after(before, finding("failed", 180.0), 3) == after(before, finding("failed", 180.0), 3)
    assert before == Watched(failing=2, since=60.0)


def test_its_events_are_of_one_signal_and_say_what_was_found() -> None:
    """A person who is woken reads it; the check's own name is not to be written over."""
    before = Watched(failing=2, since=60.0)
    failed = event(CONFIG, finding("failed", 180.0), Action.TRIGGER, before, now=181.0, delivery="d1")
    known, _ = after(before, finding("failed", 180.0), 3)
    well = event(CONFIG, finding("ok", 900.0), Action.RESOLVE, known, now=901.0, delivery="d2")
    assert (failed.kind, well.kind) == (FAILED, RECOVERED)
    assert failed.signal_key == well.signal_key == "check/site"
    assert failed.summary == "site is failed (3 times in a row)"
    assert well.summary == "site is ok, after 14m"
    assert failed.labels == {"area": "shop", "check": "site", "type": "http", "outcome": "failed"}
    assert well.moment.is_after(failed.moment)
