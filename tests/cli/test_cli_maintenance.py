"""`tocsin maintenance`: silence by scope, prepared words, and what still burns at the end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from router.prepared import LARGEST, Unfit, filled
from tests.cli.pretended import INCIDENT, Tocsin, tell

SILENT = {
    "name": "S-4F2K9X", "reason": "planned maintenance: api", "by": "ana", "of": "people", "active": True,
    "from": 1_772_442_000.0, "until": 1_772_445_600.0,
}  # fmt: skip


def test_one_command_silences_and_has_the_words_ready(tocsin: Tocsin) -> None:
    """Status page, social media and customers, with times and their zone."""
    tocsin.says["/api/silences"] = (201, SILENT)
    said = tell("maintenance", "start", "--for", "1h", "--service", "api", "--by", "ana")
    assert said.exit_code == 0
    assert tocsin.asked[-1][2] == {
        "by": "ana",
        "reason": "planned maintenance: api",
        "when": {"labels": {"service": "api"}},
        "for": "1h",
    }
    for heading in ("--- Status page ---", "--- Social media ---", "--- Customers ---"):
        assert heading in said.output
    assert "From 02 March 09:00 UTC to 02 March 10:00 UTC we are working on api: planned maintenance." in said.output
    assert "When you are done: tocsin maintenance end S-4F2K9X" in said.output
    assert "{{" not in said.output


def test_the_words_are_the_operators_own(tocsin: Tocsin, tmp_path: Path) -> None:
    """From words/maintenance.md of their folder; for programs as JSON."""
    tocsin.says["/api/silences"] = (201, SILENT)
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "maintenance.md").write_text("## Chat\nbrb, {{ service }}: {{ minutes }} min\n")
    said = tell("maintenance", "start", "--for", "1h", "--service", "api", "--config", str(tmp_path), "-o", "json")
    assert json.loads(said.output)["words"] == {"Chat": "brb, api: 60 min"}


def test_a_broken_template_hides_nothing(tocsin: Tocsin, tmp_path: Path) -> None:
    """The silence is set; what is wrong with the words is said in their place."""
    tocsin.says["/api/silences"] = (201, SILENT)
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "maintenance.md").write_text("## Chat\n{{ servce }}\n")
    said = tell("maintenance", "start", "--for", "1h", "--service", "api", "--config", str(tmp_path))
    assert said.exit_code == 0
    assert "Maintenance until" in said.output
    assert "'servce' is undefined" in said.output


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
    tocsin.says["/api/silences/S-4F2K9X/lift"] = (200, {"lifted": "S-4F2K9X", "incidents": [INCIDENT["id"]]})
    said = tell("maintenance", "end", "S-4F2K9X").output
    assert "Still burning, and told now:" in said
    assert INCIDENT["id"] in said
    tocsin.says["/api/silences/S-4F2K9X/lift"] = (200, {"lifted": "S-4F2K9X", "incidents": []})
    assert "Nothing that it held back still burns." in tell("maintenance", "end", "S-4F2K9X").output
