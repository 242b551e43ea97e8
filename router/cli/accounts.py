"""`tocsin accounts …`: who may sign in to the console, tokens of the API, and who did what."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

import click

from router.cli.remote import ask
from router.cli.session import Group, Session, pass_session
from router.cli.showing import moment
from workers.plain import plain

ROLES = click.Choice(["viewer", "responder", "admin"], case_sensitive=False)
OTHERWISE = "List them with `tocsin accounts list`."
PERSON = "Who of the rules' people they are: so they stand in timelines."


@click.group(cls=Group)
def accounts() -> None:
    """Who may sign in to the console, and the tokens of the API. Needs TOCSIN_API_TOKEN, or an admin's own token."""


@accounts.command("list")
@pass_session
def list_(session: Session) -> None:
    """List accounts, and the invitations still open."""
    found = ask(session, "GET", "/api/accounts")
    session.answer(found, lambda: _listed(session, found))


def _listed(session: Session, found: dict[str, Any]) -> None:
    if found["accounts"]:
        heads = ["NAME", "ROLE", "PERSON", "SIGNS IN BY", "SINCE"]
        rows = [
            [
                one["name"],
                one["role"],
                one["person"] or "",
                one["signs_in"],
                moment(one["made_at"]),
            ]
            for one in found["accounts"]
        ]
        session.table(heads, rows)
    else:
        session.line("Nobody has an account yet.")
        session.line("Make the first one: tocsin accounts invite")
    for one in found["invitations"]:
        whom = "a new password for" if one["resets"] else f"{one['role']},"
        session.line(f"Open link: {whom} {plain(one['name'] or 'whoever opens it')}, until {moment(one['expires'])}")


@accounts.command()
@click.argument("name", required=False)
@click.option("--role", type=ROLES, help="What they may do; responder by default, admin for the first account.")
@click.option("--person", help=PERSON)
@pass_session
def invite(session: Session, name: str | None, role: str | None, person: str | None) -> None:
    """Print a one-time link that makes an account, for NAME or for whoever opens it first."""
    said = {"name": name, "role": role, "person": person}
    found = ask(session, "POST", "/api/accounts/invites", {key: value for key, value in said.items() if value})
    session.answer(found, lambda: _linked(session, found, f"{found['name'] or 'whoever opens it'} as {found['role']}"))


@accounts.command()
@click.argument("name")
@pass_session
def reset(session: Session, name: str) -> None:
    """Print a one-time link by which NAME sets a new password."""
    found = ask(session, "POST", f"/api/accounts/{_quoted(name)}/reset", otherwise=OTHERWISE)
    session.answer(found, lambda: _linked(session, found, f"a new password for {plain(name)}"))


def _linked(session: Session, found: dict[str, Any], what: str) -> None:
    session.line(found["link"], "bold")
    hours = round((found["expires"] - time.time()) / 3600)
    session.line(f"For {plain(what)}. It works once, within {hours} h; whoever has it can use it.")


@accounts.command("role")
@click.argument("name")
@click.argument("role", type=ROLES)
@pass_session
def role_(session: Session, name: str, role: str) -> None:
    """Give NAME another role, from their next page on."""
    found = ask(session, "POST", f"/api/accounts/{_quoted(name)}/role", {"role": role}, otherwise=OTHERWISE)
    session.answer(found, lambda: session.line(f"{plain(found['name'])} is now a {found['role']}.", "bold"))


@accounts.command()
@click.argument("name")
@click.argument("person", required=False)
@pass_session
def person(session: Session, name: str, person: str | None) -> None:
    """Say which PERSON of the rules NAME is; without PERSON, none."""
    found = ask(session, "POST", f"/api/accounts/{_quoted(name)}/person", {"person": person}, otherwise=OTHERWISE)
    stands = plain(found["person"] or found["name"])
    session.answer(found, lambda: session.line(f"{plain(found['name'])} stands in timelines as {stands}.", "bold"))


@accounts.command()
@click.argument("name")
@pass_session
def remove(session: Session, name: str) -> None:
    """Remove NAME: signed out everywhere at once, and their tokens end."""
    found = ask(session, "POST", f"/api/accounts/{_quoted(name)}/remove", otherwise=OTHERWISE)
    session.answer(found, lambda: session.line(f"{plain(found['removed'])} is removed and signed out.", "bold"))


@accounts.command()
@click.argument("name")
@click.option("--role", type=ROLES, help="The account's own role by default, viewer for a machine.")
@click.option("--for", "label", default="", metavar="WORDS", help="What it is for, to know it again.")
@pass_session
def token(session: Session, name: str, role: str | None, label: str) -> None:
    """Make an API token of NAME's: of an account, or of a machine. It is shown once."""
    said: dict[str, object] = {"name": name, "role": role, "label": label}
    found = ask(session, "POST", "/api/accounts/tokens", {key: value for key, value in said.items() if value})
    session.answer(found, lambda: _made(session, found))


def _made(session: Session, found: dict[str, Any]) -> None:
    session.line(found["token"], "bold")
    session.line(f"Speaks as {plain(found['name'])}, as {found['role']}. It is not shown again.")
    session.line("Use it: TOCSIN_API_TOKEN=… tocsin incidents list")


@accounts.command()
@pass_session
def tokens(session: Session) -> None:
    """List tokens: whose they are and when they were used."""
    found = ask(session, "GET", "/api/accounts/tokens")["tokens"]
    session.answer({"tokens": found}, lambda: _tokens(session, found))


def _tokens(session: Session, found: list[dict[str, Any]]) -> None:
    if not found:
        session.line("There are no tokens beside TOCSIN_API_TOKEN.")
        return
    rows = [
        [
            one["id"],
            one["name"],
            one["role"],
            one["label"],
            moment(one["made_at"]),
            moment(one["used_at"]) if one["used_at"] else "never",
        ]
        for one in found
    ]
    session.table(["ID", "SPEAKS AS", "ROLE", "FOR", "MADE", "USED"], rows)


@accounts.command()
@click.argument("id_", metavar="ID")
@pass_session
def revoke(session: Session, id_: str) -> None:
    """End the token ID: it opens nothing any more."""
    found = ask(
        session, "POST", f"/api/accounts/tokens/{_quoted(id_)}/revoke", otherwise="List them: tocsin accounts tokens"
    )
    session.answer(found, lambda: session.line(f"The token {plain(found['revoked'])} is revoked.", "bold"))


@accounts.command()
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000))
@pass_session
def audit(session: Session, limit: int) -> None:
    """Show who did what, when and from where, the newest first."""
    found = ask(session, "GET", f"/api/audit?limit={limit}")["acts"]
    session.answer({"acts": found}, lambda: _audited(session, found))


def _audited(session: Session, found: list[dict[str, Any]]) -> None:
    if not found:
        session.line("Nothing has been done yet that the audit log tells of.")
        return
    rows = [[moment(one["at"]), one["who"], one["what"], one["about"], one["via"], one["address"]] for one in found]
    session.table(["AT", "WHO", "DID", "WHAT", "VIA", "FROM"], rows)


def _quoted(name: str) -> str:
    return quote(name, safe="")
