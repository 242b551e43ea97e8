"""`tocsin schema`: the shape of the rules as a JSON Schema, and how `init` points editors at it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import orjson

from router.cli.session import Command, Session, pass_session
from router.sources import TYPES
from rules.load import TESTS
from rules.schema import schema as schema_of
from workers.channels import OPTIONS
from workers.checks import OPTIONS as CHECKS

FILE = "tocsin.schema.json"
"""Beside the rules; no *.yaml, so it is none of them."""
MODELINE = f"# yaml-language-server: $schema={FILE}\n"
"""The first line of a file of rules, which editors with the YAML language server read."""


@click.command(cls=Command)
@pass_session
def schema(session: Session) -> None:
    """Print the JSON Schema (draft 2020-12) of the files in a folder of rules, for editors and other tools."""
    session.data(of_rules())


def of_rules() -> dict[str, Any]:
    """The schema with every type of source, channel and check that this Tocsin knows."""
    return schema_of({name: one.options for name, one in TYPES.items()}, OPTIONS, CHECKS)


def put_beside(folder: Path) -> None:
    """Write the schema into a new folder of rules, and a first line into each file that leads editors to it."""
    (folder / FILE).write_bytes(orjson.dumps(of_rules(), option=orjson.OPT_INDENT_2) + b"\n")
    for path in folder.glob("*.yaml"):
        if not path.name.endswith(TESTS):
            path.write_text(MODELINE + path.read_text(encoding="utf-8"), encoding="utf-8")
