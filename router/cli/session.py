"""What every command shares: options that may stand anywhere, the settings, how an answer or a failure is said."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import click
import orjson
from click.exceptions import NoSuchCommand
from click.shell_completion import CompletionItem
from rich.console import Console
from rich.table import Table
from rich.text import Text

from router.cli.meant import meant
from workers import generated
from workers.plain import plain
from workers.settings import Settings, SettingsError, read_settings

FINDINGS, USAGE, UNREACHABLE = 1, 2, 3
"""Exit codes beside 0, which says that it is as was asked, now or before: the table is docs/command-line.md.

Something was found, is not there or stands in the way; it was asked wrongly, or by the wrong person; nobody answered.
"""


class Failure(click.ClickException):
    """One sentence about what went wrong and one about what to do next; never a traceback."""

    def __init__(self, what: str, then: str = "", *, code: int = FINDINGS, more: dict[str, Any] | None = None) -> None:
        super().__init__(what)
        self.then = then
        self.more = more or {}
        """What a program is told beside `error` and `hint`."""
        self.exit_code = code  # type: ignore[misc]  # click reads it from the instance

    def show(self, file: Any = None) -> None:
        """On stderr, so that a pipe gets answers only."""
        click.echo(f"tocsin: {self.message}", err=True, file=file)
        if self.then:
            click.echo(f"  {self.then}", err=True, file=file)


@dataclass
class Session:
    """One call of the command line."""

    output: str = "text"
    folder: Path | None = None
    _settings: Settings | None = None

    @property
    def as_json(self) -> bool:
        """Is the answer for a program?"""
        return self.output == "json"

    @property
    def settings(self) -> Settings:
        """The environment, read when first needed. Ends the command when something in it is wrong."""
        if self._settings is None:
            try:
                self._settings = generated.complete(read_settings())
            except SettingsError as wrong:
                lines = "\n  ".join(wrong.problems)
                raise Failure("the environment holds something wrong", lines, code=USAGE) from None
        return self._settings

    @property
    def config(self) -> Path | None:
        """The folder of rules: --config, else TOCSIN_CONFIG; None means the packaged one."""
        return self.folder or self.settings.config

    def command(self, words: str) -> str:
        """`tocsin` and `words` as whoever called us can type it again: with their --config, and where it is unusual."""
        usual = Settings.model_fields["url"].default
        where = "" if self.settings.url == usual else f"TOCSIN_URL={self.settings.url} "
        folder = f" --config {shlex.quote(str(self.folder))}" if self.folder else ""
        return f"{where}tocsin {words}{folder}"

    def answer(self, data: object, say: Callable[[], None]) -> None:
        """`data` for a program, else what `say` prints for a person."""
        if self.as_json:
            self.data(data)
        else:
            say()

    def data(self, answer: object) -> None:
        """The answer as one JSON document."""
        click.echo(orjson.dumps(answer, option=orjson.OPT_INDENT_2).decode())

    def line(self, text: str, style: str = "") -> None:
        """One line for a person; never wrapped, sender text in it is already plain."""
        self.console.print(Text(text, style=style), soft_wrap=True)

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Columns without frames, which copy well."""
        table = Table(box=None, pad_edge=False, header_style="bold")
        for number, head in enumerate(heads):
            # Of what does not fit nothing is cut off; what comes first, often an id to be copied, is not broken either.
            table.add_column(head, overflow="fold", no_wrap=number == 0)
        for row in rows:
            table.add_row(*(Text(plain(cell)) for cell in row))
        self.console.print(table)

    @property
    def console(self) -> Console:
        """Where text goes; escapes only in a terminal, and none with NO_COLOR (https://no-color.org), not for bold."""
        width = None if sys.stdout.isatty() else 160
        system = None if self.settings.no_color else "auto"
        return Console(highlight=False, emoji=False, width=width, color_system=system)  # type: ignore[arg-type]


def _set_output(context: click.Context, _: click.Parameter, value: str | None) -> None:
    if value:
        context.find_root().ensure_object(Session).output = value


def _set_config(context: click.Context, _: click.Parameter, value: Path | None) -> None:
    if value:
        context.find_root().ensure_object(Session).folder = value


def _anywhere() -> list[click.Option]:
    folder = click.Path(path_type=Path, file_okay=False)
    return [
        click.Option(
            ["-o", "--output"],
            type=click.Choice(["text", "json"]),
            expose_value=False,
            callback=_set_output,
            help="How to answer; text by default.",
        ),
        click.Option(
            ["--config"],
            type=folder,
            expose_value=False,
            callback=_set_config,
            help="Folder of rules; TOCSIN_CONFIG or the packaged ones by default.",
        ),
    ]


class Command(click.Command):
    """A command that takes the options of all commands too, wherever a person writes them."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.params.extend(_anywhere())


class Group(click.Group):
    """Commands under one word."""

    command_class = Command

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.params.extend(_anywhere())

    @property
    def words(self) -> list[str]:
        """The words of its commands, in the order in which they were added."""
        return [*self.commands]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click's, but of a word that is none it says where there is one of that name."""
        try:
            return super().resolve_command(ctx, args)
        except NoSuchCommand as wrong:
            root, path = ctx.find_root(), ctx.command_path.split()[1:]
            if not isinstance(root.command, Group):
                raise
            hint = meant(" ".join(path), root.command, wrong.command_name)
            raise click.UsageError(f"{wrong.message} {hint}".strip(), ctx) from None


Group.group_class = Group


class Place(NamedTuple):
    """A command that is imported when it is asked for."""

    where: str
    """`module:name` beside this module."""
    says: str
    """Its line in the list of all: what it is for, short enough to stand beside its word in 80 columns."""


class Root(Group):
    """The whole command line: what goes wrong in it is said to a program as JSON too, on stderr.

    `sections`: for each heading of the help, its commands by their words.
    """

    def __init__(self, *arguments: Any, sections: Mapping[str, Mapping[str, Place]], **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._sections = sections
        self._places = {word: place for rows in sections.values() for word, place in rows.items()}

    @property
    def words(self) -> list[str]:
        """Every word, as the table has them: what belongs together beside each other."""
        return [*self._places]

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Every word, by the alphabet."""
        return sorted(self._places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that word; None when there is none."""
        if cmd_name in self._places and cmd_name not in self.commands:
            module, _, name = self._places[cmd_name].where.partition(":")
            self.add_command(getattr(import_module(f"router.cli.{module}"), name), cmd_name)
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The commands under their headings, as the table has them."""
        widest = max(map(len, self._places))
        for heading, rows in self._sections.items():
            with formatter.section(heading):
                formatter.write_dl([(word.ljust(widest), place.says) for word, place in rows.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """What may stand next, for a shell: it asks at every Tab, and waits for no import."""
        words = [
            CompletionItem(word, help=one.says) for word, one in self._places.items() if word.startswith(incomplete)
        ]
        return [*words, *click.Command.shell_complete(self, ctx, incomplete)]

    def invoke(self, ctx: click.Context) -> Any:
        """As click's, but a file or folder that cannot be read or made is a setting to be mended, and no traceback."""
        try:
            return super().invoke(ctx)
        except OSError as wrong:
            if wrong.filename is None:
                raise
            then = "Name another, or let this user in; TOCSIN_DATA names the folder that Tocsin keeps its own data in."
            why = "it is there, and no folder" if isinstance(wrong, FileExistsError) else wrong.strerror
            raise Failure(f"cannot use {wrong.filename}: {why}", then, code=USAGE) from None

    def main(self, args: Sequence[str] | None = None, **named: Any) -> Any:  # type: ignore[override]
        """As click's, but with `-o json` a failure is one object with `error` and `hint`."""
        words = sys.argv[1:] if args is None else list(args)
        if not (named.get("standalone_mode", True) and _asks_for_json(words)):
            return super().main(words, **named)
        try:
            code = super().main(words, **{**named, "standalone_mode": False})
        except click.ClickException as wrong:
            more = wrong.more if isinstance(wrong, Failure) else {}
            said = {"error": wrong.format_message(), "hint": _hint(wrong), **more}
            click.echo(orjson.dumps(said, option=orjson.OPT_INDENT_2).decode(), err=True)
            code = wrong.exit_code
        except click.Abort:
            click.echo('{"error": "aborted", "hint": ""}', err=True)
            code = FINDINGS
        sys.exit(code if isinstance(code, int) else 0)


def _asks_for_json(words: Sequence[str]) -> bool:
    """Read off the words themselves: what is wrong may be the words, and then no session has been told of them."""
    return any(
        word in {"-ojson", "--output=json", "--format=json"}
        or (word in {"-o", "--output", "--format"} and of == "json")
        for word, of in pairwise([*words, ""])
    )


def _hint(wrong: click.ClickException) -> str:
    if isinstance(wrong, Failure):
        return wrong.then
    context = getattr(wrong, "ctx", None)
    return f"See: {context.command_path} --help" if context else ""


pass_session = click.make_pass_decorator(Session, ensure=True)
"""Gives a command its `Session` as the first argument."""


def stop(code: int) -> NoReturn:
    """Ends the command with `code`, everything having been said."""
    raise click.exceptions.Exit(code)
