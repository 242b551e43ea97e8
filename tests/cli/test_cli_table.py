"""The table of commands: every row leads to a command of that name, and one that is typed imports no other."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module

import click
import pytest

from router.cli import COMMANDS, main
from router.cli.session import Group
from tests.source import ROOT

HEAVY = {"starlette", "uvicorn", "rq", "stripe"}
"""What serves and works: nobody who answers a page should wait for it."""


def imported(code: str) -> set[str]:
    """Every module that a fresh interpreter has after it."""
    words = [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.split())


@pytest.mark.parametrize("word", COMMANDS)
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
    assert len(there) > len(COMMANDS)
    assert [one.name for one in written if one not in there] == []


def test_whoever_answers_a_page_waits_for_no_server() -> None:
    """`tocsin incidents ack` asks a running Tocsin: it needs none of what one is made of."""
    code = "import click; from router.cli import main; main.get_command(click.Context(main), 'incidents')"
    there = imported(code)
    assert "router.cli.incidents" in there
    assert there & HEAVY == set()
    assert isinstance(main.get_command(click.Context(main), "incidents"), Group)


def test_a_worker_holds_no_console() -> None:
    """Three workers run beside each receiver: what they never use should not lie in the memory of each."""
    code = "import click; from router.cli import main; main.get_command(click.Context(main), 'work')"
    assert {one for one in imported(code) if one.startswith(("router.console", "router.api", "starlette"))} == set()
