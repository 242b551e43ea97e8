"""What the README tells a stranger to type is there: commands, make's targets, variables of the environment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from router.cli import main
from tests.cli.test_cli_image import understood
from tests.source import ROOT
from workers.settings import Settings

README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands() -> Iterator[str]:
    """Every command of an indented line, each alternative of `a | b` by itself, without comment and redirection."""
    for line in re.findall(r"^    tocsin (.+)$", README, re.MULTILINE):
        first, *others = [one.strip() for one in re.split(r" # |#| > ", line)[0].split("|")]
        yield first
        word = first.split()[0]
        group = f"{word} " if isinstance(main.get_command(click.Context(main), word), click.Group) else ""
        yield from (group + one for one in others)


@pytest.mark.parametrize("words", list(commands()))
def test_a_command_of_the_readme_exists(words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Down to its last option, with the files it names."""
    monkeypatch.chdir(tmp_path)
    for name in ("body.json", "FILE"):
        (tmp_path / name).write_text("{}")
    understood([one.strip('"') for one in re.findall(r'"[^"]*"|\S+', words)])


def test_every_group_of_commands_is_in_the_readme() -> None:
    """Whoever reads it knows what there is."""
    told = set(re.findall(r"tocsin (?:--config config )?([a-z]+)", README)) | {one.split()[0] for one in commands()}
    assert set(main.words) - told == set()


def test_the_targets_of_make_exist() -> None:
    """`make run`, `make test` and the others."""
    there = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    told = re.findall(r"make ([a-z]+)(?:$|`|  )", README, re.MULTILINE)
    assert {"run", "test", "check"} <= set(told) <= there


def test_the_variables_are_those_that_are_read() -> None:
    """A row for a variable that nothing reads would be a promise that nothing keeps."""
    read = {str(one.validation_alias) for one in Settings.model_fields.values()}
    told = {
        name for row in re.findall(r"^\| (`.+?) \|", README, re.MULTILINE) for name in re.findall(r"`([A-Z_]+)`", row)
    }
    assert told
    assert told <= read
