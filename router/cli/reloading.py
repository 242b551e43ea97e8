"""`tocsin reload`: new rules without a restart."""

from __future__ import annotations

from typing import Any

import click

from router.cli.remote import ask
from router.cli.session import FINDINGS, Command, Session, pass_session, stop
from router.cli.showing import exact
from workers.plain import plain


@click.command(cls=Command)
@click.option("--status", is_flag=True, help="Only say what is in force, and why new rules are not.")
@pass_session
def reload(session: Session, status: bool) -> None:
    """Have the running Tocsin read its folder of rules again: all of it comes into force at once, or none.

    It does so by itself when files change, and on SIGHUP. Exit code 1 when the old rules stay.
    """
    method, path = ("GET", "/api/rules") if status else ("POST", "/api/rules/reload")
    said = ask(session, method, path, also={409})
    refused = said.get("why") or (said.get("refused") or {}).get("why")
    session.answer(said, lambda: _say(session, said, refused))
    if refused or said.get("trouble"):
        stop(FINDINGS)


def _say(session: Session, said: dict[str, Any], refused: list[str] | None) -> None:
    if refused:
        session.line(f"The rules {said['version']} stay in force. The new ones are refused:", "bold")
        for why in refused:
            session.line(f"  {plain(why)}")
        session.line("Mend them, then: tocsin reload")
    elif said.get("trouble"):
        session.line(f"The receiver at {session.settings.url} goes by the rules {said['here']}:", "bold")
        session.line(f"  {plain(said['trouble'])}")
        session.line("Give it what it lacks and start it again, or mend the rules, then: tocsin reload")
    elif said.get("changed"):
        session.line(f"The rules {said['version']} are in force; before it was {said['before']}.", "bold")
    else:
        since = f" since {exact(said['since'])}, by {plain(said['by'])}" if said["since"] else ""
        session.line(f"The rules {said['version']} are in force{since}.")
