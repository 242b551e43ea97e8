"""`tocsin oncall`, as a person at a terminal sees it."""

from __future__ import annotations

from typing import Any

from tests.cli.pretended import NOW, Tocsin, tell

MADE = {
    "id": "O-4F2K9X", "schedule": "primary", "person": "dan", "from": NOW, "until": NOW + 3600, "by": "ana",
    "reason": "a \x1b[31mwedding", "of": "people",
}  # fmt: skip
PRIMARY: dict[str, Any] = {
    "name": "primary", "timezone": "Europe/Bucharest", "overrides": [MADE],
    "now": {"person": "dan", "from": NOW, "until": 1795417200.0},
    "next": {"person": None, "from": 1795417200.0, "until": NOW + 9e6},
}  # fmt: skip


def test_who_is_on_call_is_said_by_the_clock_of_the_schedule(tocsin: Tocsin) -> None:
    """Now, until when, and next; then the overrides, and those that do not hold."""
    tocsin.says["/api/schedules"] = (200, {"schedules": [PRIMARY], "stranded": ["no person 'zoe' any more"]})
    said = tell("oncall")
    assert said.exit_code == 0, said.output
    lines = said.output.splitlines()
    assert lines[1].split() == ["primary", "dan", "Mon", "23", "Nov", "09:00", "EET", "nobody"]
    assert "O-4F2K9X" in lines[2]
    assert "(ana)" in lines[2]
    assert "\x1b" not in said.output
    assert "zoe" in lines[3]
    tocsin.says["/api/schedules"] = (200, {"schedules": [], "stranded": []})
    assert "no schedules" in tell("oncall").output


def test_an_override_is_asked_for_and_its_way_back_is_said(tocsin: Tocsin) -> None:
    """Only what was written is sent."""
    tocsin.says["/api/schedules/primary/overrides"] = (201, MADE)
    options = ["--person", "dan", "--until", "2026-11-30T09:00", "--reason", "a wedding", "--by", "ana"]
    said = tell("oncall", "override", "primary", *options)
    assert said.exit_code == 0, said.output
    assert said.output.endswith("Lift it: tocsin oncall lift primary O-4F2K9X\n")
    body = {"person": "dan", "until": "2026-11-30T09:00", "reason": "a wedding", "by": "ana"}
    assert tocsin.asked[-1][:3] == ("POST", "/api/schedules/primary/overrides", body)
    tell("oncall", "override", "primary", *options, "--from", "2026-11-27T18:00")
    assert tocsin.asked[-1][2] == {**body, "from": "2026-11-27T18:00"}


def test_lifting_and_what_is_missing(tocsin: Tocsin) -> None:
    """A name nobody knows is 1, and says how they are listed."""
    path = "/api/schedules/primary/overrides/O-4F2K9X/lift"
    tocsin.says[path] = (200, {"lifted": MADE})
    assert "the rota of primary holds again" in tell("oncall", "lift", "primary", "O-4F2K9X", "--by", "ana").output
    tocsin.says[path] = (404, {"detail": "Schedule primary has no override 'O-4F2K9X'."})
    missing = tell("oncall", "lift", "primary", "O-4F2K9X", "--by", "ana")
    assert (missing.exit_code, "`tocsin oncall`" in missing.output) == (1, True)
    assert tell("oncall", "override", "primary", "--person", "dan").exit_code == 2
