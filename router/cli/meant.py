"""Which command somebody meant who typed one that there is none of: the same word elsewhere, else the nearest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Protocol, cast

import click

from rules.reading.problem import one_of

FIRST = ("incidents",)
"""Groups whose commands are meant most often."""
NEAR = 0.65
"""How much of a word must be the same: `log` does not mean `prolong`."""
SHOWN = 4
"""So many are named."""


class Words(Protocol):
    """A group of commands (`router.cli.session.Group`)."""

    @property
    def words(self) -> Sequence[str]:
        """The words of its commands."""

    def get_command(self, ctx: click.Context, cmd_name: str, /) -> click.Command | None:
        """The command of a word."""


def meant(here: str, root: Words, typed: str) -> str:
    """`Did you mean `tocsin incidents ack`?`, "" where nothing is near. `here`: the group it was looked for in."""
    if typed.lower() == "help":
        return f"Did you mean `{f'tocsin {here}'.strip()} --help`?"
    everywhere = dict(_all(root))
    names = sorted(set(everywhere.values()))
    # The nearest of all: `resolv` is `incidents resolve` sooner than `restore`, which would do much more.
    near = [typed.lower()] if typed.lower() in names else get_close_matches(typed.lower(), names, n=1, cutoff=NEAR)
    paths = [path for path, name in everywhere.items() if name in near]
    own = [path for path in paths if path.rpartition(" ")[0] == here]
    found = own or sorted(paths, key=lambda path: path.split()[0] not in FIRST)
    if not found:
        return ""
    more = f", and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return f"Did you mean {one_of(f'`tocsin {path}`' for path in found[:SHOWN])}{more}?"


def _all(group: Words, path: str = "") -> Iterator[tuple[str, str]]:
    """Every command by its path, with its name."""
    for name in group.words:
        whole, command = f"{path} {name}".strip(), group.get_command(click.get_current_context(), name)
        yield whole, name
        if isinstance(command, click.Group):
            yield from _all(cast(Words, command), whole)
