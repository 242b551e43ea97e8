"""The table of commands: every row leads to a command of that name, and one that is typed imports no other."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module

import click
import pytest
from click.testing import CliRunner

from router.cli import SECTIONS, main
from router.cli.session import Group
from tests.source import ROOT

HEAVY = {"starlette", "uvicorn", "rq", "stripe"}
"""What serves and works: nobody who answers a page should wait for it."""


def imported(code: str) -> set[str]:
    """Every module that a fresh interpreter has after it."""
    words = [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.split())


WORDS = main.words
PLACES = [place for rows in SECTIONS.values() for place in rows.values()]


@pytest.mark.parametrize("word", WORDS)
def test_a_row_leads_to_the_command_of_that_name(word: str) -> None:
    """A row that leads nowhere would be found out by whoever needs the command."""
    command = main.get_command(click.Context(main), word)
    assert command is not None
    assert command.name == word


def reachable(group: click.Group) -> Iterator[click.Command]:
    """Every command below a group."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield command
        if isinstance(command, click.Group):
            yield from reachable(command)


def test_every_command_that_is_written_can_be_typed() -> None:
    """One whose row was forgotten would not be there."""
    there = [main, *reachable(main)]
    modules = [import_module(f"router.cli.{path.stem}") for path in (ROOT / "router" / "cli").glob("[a-z]*.py")]
    written = [one for module in modules for one in vars(module).values() if isinstance(one, click.Command)]
    assert len(there) > len(WORDS)
    assert [one.name for one in written if one not in there] == []


def test_whoever_answers_a_page_waits_for_no_server() -> None:
    """`tocsin incidents ack` asks a running Tocsin: it needs none of what one is made of."""
    code = "import click; from router.cli import main; main.get_command(click.Context(main), 'incidents')"
    there = imported(code)
    assert "router.cli.incidents" in there
    assert there & HEAVY == set()
    assert isinstance(main.get_command(click.Context(main), "incidents"), Group)


def test_the_list_of_commands_waits_for_none_of_them() -> None:
    """`tocsin --help` is the first thing a stranger types, and a shell asks for the words at every Tab."""
    asked = "from click.testing import CliRunner; from router.cli import main; "
    listed = imported(f"{asked} assert 'postmortem' in CliRunner().invoke(main, ['--help']).output")
    completed = imported(f"{asked} import click; assert main.shell_complete(click.Context(main), 'inc')")
    for there in (listed, completed):
        assert {f"router.cli.{place.where.partition(':')[0]}" for place in PLACES} & there == set()


def test_the_list_of_commands_fits_a_small_terminal() -> None:
    """Each word has one whole line beside it, under a heading."""
    said = CliRunner().invoke(main, ["--help"], terminal_width=80).output
    for heading, rows in SECTIONS.items():
        assert f"\n{heading}:\n" in said
        for word, place in rows.items():
            assert f"  {word:<13}  {place.says}\n" in said


def test_a_shell_is_told_the_words_and_what_they_are_for() -> None:
    """`tocsin inc` and Tab; and the options that may stand before a command."""
    context = click.Context(main)
    assert [(one.value, one.help) for one in main.shell_complete(context, "inc")] == [
        ("incidents", SECTIONS["Answer"]["incidents"].says)
    ]
    assert "--output" in [one.value for one in main.shell_complete(context, "--o")]


def test_a_worker_holds_no_console() -> None:
    """Three workers run beside each receiver: what they never use should not lie in the memory of each."""
    code = "import click; from router.cli import main; main.get_command(click.Context(main), 'work')"
    assert {one for one in imported(code) if one.startswith(("router.console", "router.api", "starlette"))} == set()
