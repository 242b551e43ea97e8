"""`tocsin schema`: the shape of the rules and of their tests as JSON Schemas, and how `init` points editors at them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import orjson

from router.cli.session import Command, Session, pass_session
from router.rehearsing import sample_names
from router.sources import TYPES
from rules.reading.load import TESTS
from rules.reading.schema import schema as schema_of
from rules.trial.schema import schema_of_tests
from workers.channels import OPTIONS
from workers.checks import OPTIONS as CHECKS

FILE = "tocsin.schema.json"
"""Beside the rules; no *.yaml, so it is none of them."""
FILE_OF_TESTS = "tocsin.test.schema.json"
"""The same for their `*.test.yaml`."""


@click.command(cls=Command)
@click.option("--tests", is_flag=True, help="The schema of the *.test.yaml instead.")
@pass_session
def schema(session: Session, tests: bool) -> None:
    """Print the JSON Schema (draft 2020-12) of the files in a folder of rules, for editors and other tools."""
    session.data(of_tests() if tests else of_rules())


def of_rules() -> dict[str, Any]:
    """The schema with every type of source, channel and check that this Tocsin knows."""
    return schema_of({name: one.options for name, one in TYPES.items()}, OPTIONS, CHECKS)


def of_tests() -> dict[str, Any]:
    """The schema with the name of every packaged sample."""
    return schema_of_tests(sample_names())


def modeline(schema_file: str) -> str:
    """The first line of a file of YAML, which editors with the YAML language server read."""
    return f"# yaml-language-server: $schema={schema_file}\n"


def put_beside(folder: Path) -> None:
    """Write the schemas into a new folder of rules, and a first line into each file that leads editors to its own."""
    for name, made in ((FILE, of_rules()), (FILE_OF_TESTS, of_tests())):
        (folder / name).write_bytes(orjson.dumps(made, option=orjson.OPT_INDENT_2) + b"\n")
    for path in folder.glob("*.yaml"):
        first = modeline(FILE_OF_TESTS if path.name.endswith(TESTS) else FILE)
        path.write_text(first + path.read_text(encoding="utf-8"), encoding="utf-8")
