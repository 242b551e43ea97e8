"""`tocsin incidents export`: all of one incident as one file."""

from __future__ import annotations

import click

from router.cli.incidents import whole
from router.cli.remote import ask
from router.cli.session import Command, Session, pass_session


@click.command(cls=Command)
@click.argument("id_", metavar="ID")
@click.option("--format", "form", type=click.Choice(["md", "json"]), default="md", show_default=True)
@pass_session
def export(session: Session, id_: str, form: str) -> None:
    """Print all of one incident, its post-mortem too, as one file to keep: `… export ID > incident.md`."""
    found = ask(session, "GET", f"/api/incidents/{whole(session, id_)}/export?format={form}")
    if form == "json":
        session.data(found)
    else:
        session.answer(found, lambda: click.echo(found["markdown"], nl=False))
