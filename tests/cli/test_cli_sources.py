"""`tocsin sources`: who may speak, as a person at a terminal sees it."""

from __future__ import annotations

import json
import time

from tests.cli.pretended import Tocsin, tell

DAY = {"date": "2026-11-26", "heard": 3, "unreadable": 0, "forged": 2}
ONE = {
    "name": "kuma", "type": "uptimekuma", "title": "Uptime Kuma", "url": "https://t.example/hooks/kuma/${env:KUMA}",
    "proof": "In the address stands `${env:KUMA}`.", "heard_at": None, "last": None, "days": [DAY],
    "total": {"unauthentic": 2},
}  # fmt: skip
SETUP = {"steps": ["Choose **Webhook** and paste `x`."], "example": "a: 1\n", "notes": ["It never tries again."]}


def test_the_list_says_who_was_heard(tocsin: Tocsin) -> None:
    """Never, or how long ago; how many today; what was refused."""
    lately = {**ONE, "name": "shop", "heard_at": time.time() - 180, "total": {}}
    tocsin.says["/api/sources"] = (200, {"sources": [ONE, lately]})
    said = tell("sources", "list").output
    assert "kuma    Uptime Kuma  never" in said
    assert "2 that did not prove themselves" in said
    assert "3m ago (" in said
    tocsin.says["/api/sources"] = (200, {"sources": []})
    assert "nobody can be heard" in tell("sources", "list").output


def test_one_is_shown_with_its_steps(tocsin: Tocsin) -> None:
    """The address to paste, the steps in their order, and how to try it; all of it for a program."""
    whole = {**ONE, "setup": SETUP}
    tocsin.says["/api/sources/kuma"] = (200, whole)
    said = tell("sources", "show", "kuma").output
    assert "paste     https://t.example/hooks/kuma/${env:KUMA}" in said
    assert "1. Choose Webhook and paste `x`." in said
    assert "    a: 1" in said
    assert "tocsin send kuma" in said
    assert json.loads(tell("sources", "show", "kuma", "-o", "json").output) == whole
