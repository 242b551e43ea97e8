"""`tocsin numbers`: the numbers as a person at a terminal, and a program, are told them."""

from __future__ import annotations

import json
import time
from types import SimpleNamespace
from typing import Any

import pytest

from router.cli import numbers
from tests.cli.pretended import NOW, Tocsin, tell

PATH = "/api/numbers"
P1: dict[str, Any] = {
    "severity": "P1",
    "incidents": 14,
    "acknowledged": {"n": 12, "of": 14, "median": 240.0, "p90": 720.0},
    "resolved": {"n": 14, "of": 14, "median": 2400.0, "p90": None},
    "kept": 12,
    "missed": 2,
    "not_needed": 0,
    "running": 0,
    "said": ["P1: 12 of 14 were acknowledged.", "P1: all 14 were over."],
}
TOLD: dict[str, Any] = {
    "as_of": NOW,
    "since": NOW - 86400,
    "incidents": 14,
    "severities": [P1],
    "people": [{"person": "ana", "pages": 41, "nights": 9, "timezone": "Europe/Bucharest"}],
    "keys": [
        {"name": "shop/1", "summary": "\x1b[31mBoom", "said": "7 pages.", "suggestion": {"why": "Nobody acted on it."}}
    ],
}


@pytest.fixture(autouse=True)
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Nobody waits; by this clock the numbers have just been counted."""
    waited: list[float] = []
    monkeypatch.setattr(
        numbers,
        "time",
        SimpleNamespace(time=lambda: NOW, sleep=waited.append, strftime=time.strftime, gmtime=time.gmtime),
    )
    return waited


def test_an_old_count_is_asked_for_anew(tocsin: Tocsin, slept: list[float]) -> None:
    """It is being made since somebody has asked; if it takes long, the old one is told, with its time."""
    old = {**TOLD, "as_of": NOW - 61}
    tocsin.says[f"{PATH}?since=12w&zone=UTC"] = (200, old)
    assert "14 incidents" in tell("numbers").output
    assert slept == [1] * numbers.ANEW
    slept.clear()
    tocsin.says[f"{PATH}?since=12w&zone=UTC"] = (200, TOLD)
    assert "14 incidents" in tell("numbers").output
    assert slept == []


def test_the_numbers_are_told_in_tables_and_sentences(tocsin: Tocsin) -> None:
    """Each table under what it is about: answers, ends, people, noise. Nothing a sender says is drawn."""
    tocsin.says[f"{PATH}?since=12w&zone=UTC"] = tocsin.says[PATH] = (200, TOLD)
    said = tell("numbers")
    assert said.exit_code == 0, said.output
    text = " ".join(said.output.split())
    assert said.output.startswith("14 incidents opened since ")
    for words in (
        "How soon a person answered SEVERITY INCIDENTS ACKNOWLEDGED HALF WITHIN 9 OF 10 WITHIN",
        "P1 14 12 of 14 4m 12m 12 2 0 0 P1: 12 of 14 were acknowledged.",
        "How soon it was over SEVERITY OVER HALF WITHIN 9 OF 10 WITHIN P1 14 of 14 40m – P1: all 14 were over.",
        "ana 41 9 Europe/Bucharest",
        "What paged most 1. [31mBoom: 7 pages.",
    ):
        assert words in text
    assert "\x1b" not in said.output
    assert json.loads(tell("numbers", "-o", "json").stdout) == TOLD


def test_a_time_without_incidents_says_so(tocsin: Tocsin) -> None:
    """And what to ask instead."""
    tocsin.says[f"{PATH}?since=12w&zone=UTC"] = tocsin.says[PATH] = (200, {**TOLD, "incidents": 0})
    assert "None has opened in that time. For a longer one: --since 52w." in tell("numbers").output
