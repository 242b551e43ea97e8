"""The table of channels, the folder and the documentation say the same."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

import workers.channels
from rules.incident import Reason
from rules.reading.config import Person
from tests.channels import test_mail, test_pagerduty, test_slack, test_webhook
from tests.channels.notifications import PAGE
from workers.channels import TYPES
from workers.channels.contract import Recipient

ROOT = Path(__file__).parent.parent.parent
GIVEN = {
    "mail": test_mail.OPTIONS,
    "pagerduty": test_pagerduty.OPTIONS,
    "slack": test_slack.HOOK,
    "webhook": test_webhook.OPTIONS,
}
NOT_CHANNELS = {"__init__", "contract", "__pycache__"}


def test_every_module_of_the_folder_is_a_channel_of_the_table() -> None:
    """Adding a module without its line, or a line without its module, is red."""
    folder = Path(workers.channels.__file__).parent
    assert {path.stem for path in folder.iterdir()} - NOT_CHANNELS == set(TYPES)


def test_every_channel_has_its_row_in_the_documentation() -> None:
    """docs/channels.md has one row and one section for each, with its title."""
    page = (ROOT / "docs" / "channels.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z]+)` \| ([^|]+) \|", page.split("\n\n")[2], re.MULTILINE)
    assert rows[1:] == [(name, TYPES[name].title) for name in sorted(TYPES)]
    assert re.findall(r"^## (.+)$", page, re.MULTILINE)[-len(TYPES) :] == [TYPES[name].title for name in sorted(TYPES)]


def test_the_documentation_names_every_option() -> None:
    """No key of the YAML is without a word about it."""
    page = (ROOT / "docs" / "channels.md").read_text(encoding="utf-8")
    for kind in TYPES.values():
        section = page.split(f"## {kind.title}\n")[1].split("\n## ")[0]
        assert [name for name in kind.options.model_fields if f"`{name}`" not in section] == []


def test_each_channel_stands_under_its_own_name_and_asks_for_a_field_people_have() -> None:
    """The word of the YAML is the channel's own, and an address is a field of a person."""
    for name, kind in TYPES.items():
        assert kind.name == name
        assert kind.address is None or kind.address in Person.model_fields


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("name", TYPES)
def test_the_table_says_what_a_channel_has_no_words_for(name: str, reason: Reason) -> None:
    """A rehearsal knows from it what will not be said; a channel that gathers for a digest says everything."""
    kind = TYPES[name]
    to = replace(PAGE, reason=reason, recipient=Recipient(name="Maria", address="maria@example.com"))
    assert (kind.post(to, GIVEN[name]) is None) == (reason in kind.silent)
    assert kind.gap is None or not kind.silent
