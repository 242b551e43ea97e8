"""The image and the compose file start commands that exist."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import click
import pytest
import yaml

from router.cli import main
from tests.source import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def commands() -> Iterator[list[str]]:
    """What is handed to `tocsin`: by the image, and by each service of ours."""
    found = re.search(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    assert found is not None
    yield json.loads(found[1])
    services = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
    yield from (one["command"] for one in services.values() if one["image"] == "tocsin")


def understood(words: list[str]) -> None:
    """Read the words as the command line does, down to the last option, and run nothing. Raises UsageError."""
    command: click.Command = main
    context = main.make_context("tocsin", list(words))
    while isinstance(command, click.Group):
        given = [*context._protected_args, *context.args]
        if not given and command.invoke_without_command:
            break
        name, inner, rest = command.resolve_command(context, given)
        assert inner is not None
        command, context = inner, inner.make_context(name, rest, parent=context)
    context.close()


@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
def test_what_the_image_starts_is_a_command(words: list[str]) -> None:
    """A container must not die of an option that nobody knows."""
    understood(words)


def test_an_option_that_nobody_knows_would_be_noticed() -> None:
    """The check above reads options too."""
    with pytest.raises(click.UsageError):
        understood(["serve", "--host", "::"])


def test_the_image_listens_to_the_outside() -> None:
    """On its own loopback nobody would reach it; where, is for the environment to say."""
    assert re.search(r"HOST=0\.0\.0\.0", DOCKERFILE)
    assert re.search(r"PORT=8080", DOCKERFILE)
