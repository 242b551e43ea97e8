"""`tocsin maintenance`: silence by scope, prepared words, and what still burns at the end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from router.prepared import LARGEST, Unfit, filled
from tests.cli.pretended import INCIDENT, Tocsin, tell

BEGUN = {
    "name": "M-4F2K9X", "service": "api", "reason": "new disks", "by": "ana", "active": True, "over": False,
    "from": 1_772_442_000.0, "until": 1_772_445_600.0, "remind_at": 1_772_445_000.0, "severity": "P4", "prolonged": 0,
    "what": {"labels": {"service": ["api"]}}, "holds": [],
    "words": {"Status page": "**Scheduled maintenance: api**", "Customers": "Hello,\n\nwe work on it \x1b[31mnow"},
}  # fmt: skip
PATH = "/api/maintenance"


def test_one_command_silences_and_has_the_words_ready(tocsin: Tocsin) -> None:
    """Until when, what is silenced, when people are reminded, what to do then; and each text under its heading."""
    tocsin.says[PATH] = (201, BEGUN)
    said = tell("maintenance", "start", "--for", "1h", "--service", "api", "--by", "ana", "--reason", "new disks")
    assert said.exit_code == 0, said.output
    assert tocsin.asked[-1][2] == {
        "by": "ana",
        "service": "api",
        "reason": "new disks",
        "for": "1h",
        "timezone": "UTC",
        "severity": "P4",
    }
    assert said.output.splitlines()[:6] == [
        "Maintenance of api until 2026-03-02 10:00 UTC.",
        "Silenced: labels service=api.",
        "People are reminded at 2026-03-02 09:50 UTC, and told when it is over.",
        "When you are done: tocsin maintenance end M-4F2K9X",
        "If it takes longer: tocsin maintenance prolong M-4F2K9X --for 30m",
        "",
    ]
    assert "--- Status page ---" in said.output
    assert "\x1b[31m" not in said.output


def test_scope_time_and_who_is_reminded_can_be_said(tocsin: Tocsin) -> None:
    """Sources or labels in place of the service, a planned time, another severity's channels."""
    tocsin.says[PATH] = (201, {**BEGUN, "active": False})
    words = "--source shop --label env=live --start 2026-03-01T22:00 --end 2026-03-01T23:00 --timezone Europe/Bucharest"
    said = tell("maintenance", "start", "--service", "api", *words.split(), "--remind", "p2", "--name", "disks")
    assert said.exit_code == 0, said.output
    asked = tocsin.asked[-1][2]
    assert asked["sources"] == ["shop"]
    assert asked["labels"] == {"env": "live"}
    assert (asked["severity"], asked["name"], asked["end"]) == ("P2", "disks", "2026-03-01T23:00")
    assert "Maintenance of api from 2026-03-02 09:00 UTC until 2026-03-02 10:00 UTC." in said.output


def test_a_service_that_nobody_has_named_is_said(tocsin: Tocsin) -> None:
    """It has begun, for a service may be new; whoever mistyped it reads that first. A silence too."""
    doubt = "So far no rule and no incident has the label service=chekout: did you mean checkout?"
    tocsin.says[PATH] = (201, {**BEGUN, "doubts": [f"{doubt}\x1b[31m"]})
    said = tell("maintenance", "start", "--for", "1h", "--service", "chekout")
    assert (said.exit_code, said.output.splitlines()[2]) == (0, f"! {doubt}[31m")
    silence = {"name": "S-1", "active": True, "until": 1_772_445_600.0, "reason": "x", "doubts": [doubt]}
    tocsin.says["/api/silences"] = (201, silence)
    told = tell("silence", "add", "x", "--for", "1h", "--label", "service=chekout")
    assert told.output.splitlines()[1] == f"! {doubt}"


def test_what_is_over_is_said_to_be(tocsin: Tocsin) -> None:
    """Ending it once more is no failure, and claims nothing."""
    ended = {"ended": "M-1", "changed": False, "until": 1_772_445_600.0, "burning": [], "public": None}
    tocsin.says[f"{PATH}/M-1/end"] = (200, ended)
    said = tell("maintenance", "end", "M-1")
    assert said.output == "The maintenance M-1 has been over since 2026-03-02 10:00 UTC: nothing was changed.\n"
    assert said.exit_code == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["start", "--service", "api"], "how long? A maintenance has an end"),
        (["start", "--for", "1h"], "--service"),
        (["start", "--service", "api", "--for", "1h", "--label", "x"], "KEY=VALUE"),
        (["end", " "], "The NAME is empty"),
        (["prolong", "M-1"], "--for"),
    ],
)
def test_what_is_missing_is_said(tocsin: Tocsin, words: list[str], says: str) -> None:
    """Nothing is asked of the running Tocsin."""
    said = tell("maintenance", *words)
    assert said.exit_code == 2
    assert says in said.output
    assert tocsin.asked == []


def test_what_is_on_is_listed_first(tocsin: Tocsin) -> None:
    """With what it holds back; for programs all of it; an empty list says how to begin."""
    over = {**BEGUN, "name": "M-0", "active": False, "over": True}
    tocsin.says[PATH] = (200, {"maintenance": [over, {**BEGUN, "holds": [INCIDENT]}]})
    lines = [line.split() for line in tell("maintenance", "list").output.splitlines()]
    assert lines[0] == ["NAME", "STATE", "UNTIL", "SERVICE", "HOLDS", "REASON", "BY"]
    assert [line[:2] for line in lines[1:]] == [["M-4F2K9X", "on"], ["M-0", "over"]]
    assert json.loads(tell("maintenance", "list", "-o", "json").output)["maintenance"][0] == over
    tocsin.says[PATH] = (200, {"maintenance": []})
    assert "Begin with `tocsin maintenance start" in tell("maintenance", "list").output


def test_it_is_prolonged_with_its_words_anew(tocsin: Tocsin) -> None:
    """They have the new end."""
    tocsin.says[f"{PATH}/M-4F2K9X/prolong"] = (200, BEGUN)
    said = tell("maintenance", "prolong", "M-4F2K9X", "--for", "30m", "--by", "dan")
    assert tocsin.asked[-1][2] == {"by": "dan", "for": "30m"}
    assert "--- Status page ---" in said.output


@pytest.mark.parametrize(
    "text",
    [
        "## A\n{{ ''.__class__.__mro__ }}",
        "## A\n{{ service.__init__.__globals__ }}",
        "## A\n{% for i in range(1000000000) %}x{% endfor %}",
        "## A\n{% for i in range(99999) %}{{ 'xxxxxxxxxx' }}{% endfor %}",
        "## A\n{{ 1 / 0 }}",
        "## A\n{% include '/etc/passwd' %}",
        "## A\n{{ nothing }}",
        "## A\n{% if %}",
        "x" * (LARGEST + 1),
    ],
)
def test_a_template_reaches_nothing_and_fills_no_memory(tmp_path: Path, text: str) -> None:
    """Whatever it tries, it is refused in a sentence with its place."""
    path = tmp_path / "words.md"
    path.write_text(text)
    with pytest.raises(Unfit, match=r"words\.md"):
        filled(path, {"service": "api"})


def test_the_end_says_what_still_burns(tocsin: Tocsin) -> None:
    """Of what it held back, and nothing else; with nothing it says so."""
    tocsin.says[f"{PATH}/M-4F2K9X/end"] = (200, {"ended": "M-4F2K9X", "burning": [INCIDENT]})
    said = tell("maintenance", "end", "M-4F2K9X").output
    assert "Still burning, and told now:" in said
    assert INCIDENT["id"] in said
    tocsin.says[f"{PATH}/M-4F2K9X/end"] = (200, {"ended": "M-4F2K9X", "burning": []})
    assert "Nothing that it held back still burns." in tell("maintenance", "end", "M-4F2K9X").output


SAID = {"title": "New disks", "text": "We change disks.", "over": "They are in.", "by": "ana", "at": 1_772_442_000.0}
ON = {"says": "in_progress", "up_to_date": True, "url": "https://stspg.io/p1", "trouble": None}
PUBLIC = {
    **BEGUN,
    "public": {
        "said": {**SAID, "components": ["api"]},
        "pages": {"public": ON, "own": {**ON, "trouble": "it says 401"}},
    },
}


def test_what_would_be_public_is_shown_first(tocsin: Tocsin) -> None:
    """All of it, with when, and the words that are ready: nothing is published by looking."""
    tocsin.says[PATH] = (200, {"maintenance": [{**BEGUN, "public": {"said": None, "pages": {}}}]})
    said = tell("maintenance", "publish", "M-4F2K9X", "--title", "New disks", "--preview", "We change disks.")
    assert said.exit_code == 0, said.output
    assert "This would become public, and was not published:\n  New disks\n  at once: We change disks.\n" in said.output
    assert "at its end, 2026-03-02 10:00 UTC: The maintenance is over." in said.output
    assert "--- Status page ---" in said.output
    lines = tell("maintenance", "publish", "M-4F2K9X").output.splitlines()
    assert lines[0] == (
        "The world knows nothing of it. Tell it: tocsin maintenance publish M-4F2K9X --title TITLE TEXT"
    )
    assert [method for method, *_ in tocsin.asked] == ["GET", "GET"]
    assert tell("maintenance", "publish", "M-0").exit_code == 1


def test_it_is_published_and_the_list_says_what_each_page_says(tocsin: Tocsin) -> None:
    """A page in trouble stands in the list; prolonged and ended, a person may have words of their own."""
    tocsin.says[f"{PATH}/M-4F2K9X/publish"] = (200, PUBLIC)
    said = tell("maintenance", "publish", "M-4F2K9X", "We change disks.", "--title", "New disks", "--component", "api")
    assert said.exit_code == 0, said.output
    assert said.output.startswith("Public on public, own, in a moment:\n  New disks\n  We change disks.\n")
    body = tocsin.asked[-1][2]
    assert (body["text"], body["title"], body["components"]) == ("We change disks.", "New disks", ["api"])
    tocsin.says[PATH] = (200, {"maintenance": [PUBLIC]})
    assert tell("maintenance", "list").output.splitlines()[1].endswith("in trouble")
    shown = tell("maintenance", "publish", "M-4F2K9X").output
    assert "public says “in progress”: https://stspg.io/p1\n" in shown
    assert "own says “in progress”: https://stspg.io/p1; it is tried again: it says 401\n" in shown
    tocsin.says[f"{PATH}/M-4F2K9X/end"] = (200, {"ended": "M-4F2K9X", "burning": [], "public": PUBLIC["public"]})
    ended = tell("maintenance", "end", "M-4F2K9X", "--say", "They are in.", "--by", "dan")
    assert tocsin.asked[-1][2] == {"by": "dan", "say": "They are in."}
    assert "The world is told: They are in." in ended.output
