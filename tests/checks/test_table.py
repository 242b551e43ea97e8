"""The table of checks, the folder and the documentation say the same."""

from __future__ import annotations

import re
from pathlib import Path

import workers.checks
from rules.reading.fields import references
from rules.reading.load import load
from tests.rules.configuration import GOOD
from workers.checks import OPTIONS, TYPES

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")
NOT_CHECKS = {"__init__", "contract", "__pycache__"}


def test_every_module_of_the_folder_is_a_check_of_the_table() -> None:
    """Adding a module without its line, or a line without its module, is red."""
    folder = Path(workers.checks.__file__).parent
    assert {path.stem for path in folder.iterdir()} - NOT_CHECKS == set(TYPES)
    assert all(check.name == name for name, check in TYPES.items())


def test_every_check_has_its_row_and_its_section_in_the_documentation() -> None:
    """docs/checks.md has one row for each type, and names every option in its section."""
    table = PAGE.split("\n\n```yaml")[0].rpartition("\n\n")[2]
    assert re.findall(r"^\| `([a-z_]+)` \|", table, re.MULTILINE) == ["type", *sorted(TYPES)]
    for check in TYPES.values():
        section = PAGE.split(f"## {check.title}\n")[1].split("\n## ")[0]
        assert [name for name in check.options.model_fields if f"`{name}`" not in section] == [], check.name


def test_every_example_of_a_set_up_note_can_be_used() -> None:
    """What a person copies from a type's own words are rules without a mistake."""
    for check in TYPES.values():
        lines = [line[4:] for line in check.setup.splitlines() if line.startswith("    ")]
        example = "\n".join(line for line in lines if not line.startswith(("curl", "  https")))
        ruleset = load({"rules.yaml": GOOD, "checks.yaml": example}, check_options=OPTIONS)
        assert {one.type for one in ruleset.config.checks.values()} == {check.name}
        assert not [one for one in references(ruleset.config.checks) if not one.startswith("${env:")]
