"""`tocsin deliveries …`: what came in, as it came in; handing it in again; and forgetting it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

import click
import orjson

from router.cli.gates import counted_as
from router.cli.remote import ask
from router.cli.session import USAGE, Failure, Group, Session, pass_session
from router.cli.showing import Record, about, as_it_is, exact
from rules.duration import parse_duration
from workers.deliveries.became import Outcome
from workers.plain import plain


class _Ago(click.ParamType[float]):
    """A duration before now, as Unix seconds: `2h`."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """When that was."""
        try:
            return value if isinstance(value, float) else time.time() - parse_duration(value)
        except ValueError as wrong:
            self.fail(str(wrong), param, ctx)


AGO = _Ago()
LIST = "List them: tocsin deliveries list"


@click.group(cls=Group)
def deliveries() -> None:
    """Look through what was received. It is kept 7 days or up to 256 MiB, unless the environment says otherwise."""


@deliveries.command("list")
@click.option("--source", help="Only of this source.")
@click.option("--since", type=AGO, help="Not older than this, like 2h.")
@click.option("--until", type=AGO, help="Older than this, like 10m.")
@click.option("--incident", metavar="ID", help="Only what came to this incident.")
@click.option("--unreadable", is_flag=True, help="Only what no parser understood.")
@click.option("--outcome", type=click.Choice([*Outcome]), help="Only what became that.")
@click.option("--search", "words", help="Only what says these words.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000))
@pass_session
def list_(
    session: Session,
    source: str | None,
    since: float | None,
    until: float | None,
    incident: str | None,
    unreadable: bool,
    outcome: str | None,
    words: str | None,
    limit: int,
) -> None:
    """List deliveries, the newest first."""
    asked = {"source": source, "since": since, "until": until, "incident": incident, "limit": limit}
    asked |= {"unreadable": "true" if unreadable else None, "outcome": outcome, "q": words}
    found = _asked(session, asked)
    while found.get("more") and len(found["deliveries"]) < limit:
        # A page looks only so long as a person waits for one; a command may look further.
        further = _asked(session, {**asked, "before": found["more"], "limit": limit - len(found["deliveries"])})
        found = {**further, "deliveries": [*found["deliveries"], *further["deliveries"]]}
    session.answer(found, lambda: _show_list(session, found["deliveries"]))


def _asked(session: Session, asked: Mapping[str, object]) -> Record:
    query = urlencode({name: value for name, value in asked.items() if value is not None})
    found: Record = ask(session, "GET", f"/api/deliveries?{query}")
    return found


def _show_list(session: Session, found: list[Record]) -> None:
    if not found:
        session.line("The inbox has no such delivery.")
        return
    now = time.time()
    rows = [
        [one["id"], f"{about(now - one['received_at'])} ago", one["source"], _bytes(one["size"]), _became(one)]
        for one in found
    ]
    session.table(["ID", "WHEN", "SOURCE", "SIZE", "READ AS"], rows)
    session.line("See one whole: tocsin deliveries show ID")


def _became(one: Record) -> str:
    """`trigger P1 by «site is down»: Checkout is down`, and how many more."""
    if one["unreadable"]:
        return f"unreadable: {one['unreadable']}"
    if not one["events"]:
        return "nothing"
    first, *more = one["events"]
    judged = f" {first['severity']} by «{first['rule']}»" if first["severity"] else ""
    return f"{first['action']}{judged}: {first['summary']}" + (f" (and {len(more)} more)" if more else "")


def _bytes(size: int) -> str:
    return f"{size} B" if size < 1024 else f"{size / 1024:.1f} KiB"


@deliveries.command()
@click.argument("id_", metavar="ID")
@click.option("--body", "only_body", is_flag=True, help="The body alone, for a pipe or for `explain`.")
@pass_session
def show(session: Session, id_: str, only_body: bool) -> None:
    """Show one delivery: how it was read, its headers and its body."""
    found = ask(session, "GET", f"/api/deliveries/{_id(id_)}", otherwise=LIST)
    if only_body:
        click.echo(found.get("body", found.get("body_base64")), nl=False)
        return
    session.answer(found, lambda: _show_one(session, found))


def _show_one(session: Session, one: Record) -> None:
    session.line(f"{one['id']} · {one['source']} ({one['type']})", "bold")
    session.line(f"  received  {exact(one['received_at'])} by {one['method']}, {_bytes(one['size'])}")
    session.line(f"  read as   {plain(_became(one))}")
    for counted in counted_as(one["judged"]):
        session.line(f"  counted   {plain(counted)}")
    if one["query"]:
        session.line(f"  query     {plain(one['query'])}")
    for name, value in sorted(one["headers"].items()):
        session.line(f"  {plain(name)}: {plain(value)}")
    session.line("")
    for line in _pretty(one).splitlines():
        session.line(as_it_is(line))
    session.line("")
    session.line(f"Hand it in again: tocsin deliveries redeliver {one['id']}")


def _pretty(one: Record) -> str:
    """JSON indented; anything else as it is."""
    body = str(one.get("body", one.get("body_base64", "")))
    try:
        return orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONDecodeError:
        return body


@deliveries.command()
@click.argument("id_", metavar="ID")
@pass_session
def redeliver(session: Session, id_: str) -> None:
    """Read and judge one delivery again, by the rules in force now."""
    told = ask(session, "POST", f"/api/deliveries/{_id(id_)}/redeliver", otherwise=LIST)
    session.answer(told, lambda: session.line(f"Delivered again as {told['delivery']}. See: tocsin incidents list"))


@deliveries.command()
@click.argument("id_", metavar="[ID]", required=False)
@click.option("--source", help="All of this source.")
@click.option("--older-than", "before", type=AGO, help="All older than this, like 2d.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_session
def purge(session: Session, id_: str | None, source: str | None, before: float | None, yes: bool) -> None:
    """Forget deliveries, bodies and all. What became of them stays in the incidents."""
    asked: dict[str, object] = {"id": id_ and id_.upper(), "source": source, "before": before}
    asked = {name: value for name, value in asked.items() if value is not None}
    if not asked or (id_ and len(asked) > 1):
        raise Failure("name one delivery, or --source, or --older-than", LIST, code=USAGE)
    if not yes and not id_:
        click.confirm("This cannot be undone. Forget them?", abort=True, err=True)
    told = ask(session, "POST", "/api/deliveries/purge", asked)
    number = told["purged"]
    session.answer(told, lambda: session.line(f"{number} {'delivery' if number == 1 else 'deliveries'} forgotten."))


def _id(text: str) -> str:
    if not text.strip():
        raise Failure("an ID is missing", LIST, code=USAGE)
    return quote(text.strip().upper(), safe="")
