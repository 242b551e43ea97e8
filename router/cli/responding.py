"""`tocsin incidents …` for the response: updates, impact, commander and scribe, the briefing."""

from __future__ import annotations

import click

from router.cli.incidents import act, by_option, some, whole
from router.cli.remote import ask
from router.cli.session import Command, Session, pass_session
from router.cli.ticking import tick, untick
from router.cli.times import Record, moment
from workers.plain import plain

NOTICED = click.option("--noticed/--not-noticed", "noticed", default=None, help="Have users noticed?")


@click.command(cls=Command)
@click.argument("id_", metavar="ID")
@click.argument("text")
@click.option("--status", type=click.Choice(["investigating", "mitigating"]), help="How it goes.")
@click.option("--affected", help="Who is affected.")
@click.option("--broken", help="What is broken.")
@NOTICED
@click.option(
    "--next", "following", metavar="DURATION", help="When you say more: 30m. By default as its severity says."
)
@click.option("--publish", is_flag=True, help="Tell the world too, in the same words; it must know of it already.")
@by_option
@pass_session
def update(
    session: Session,
    id_: str,
    text: str,
    status: str | None,
    affected: str | None,
    broken: str | None,
    noticed: bool | None,
    following: str | None,
    publish: bool,
    by: str,
) -> None:
    """Post an update: TEXT goes to everybody who was told of it and into its timeline, and the next is promised."""
    some(text, "TEXT", "say what is known and what is being done")
    said = {"status": status, "affected": affected, "broken": broken, "users_noticed": noticed, "next": following}
    body: dict[str, object] = {name: value for name, value in said.items() if value is not None}
    body |= {"publish": True} if publish else {}
    act(session, id_, "update", _posted, by=by, text=text, **body)


def _posted(incident: Record) -> str:
    at = incident.get("next_update")
    following = f"the next is due {moment(at)}" if at else "no further one is promised"
    return f"has the status {incident['status']}, and everybody who was told hears your update; {following}"


@click.command(cls=Command)
@click.argument("id_", metavar="ID")
@click.option("--affected", help="Who is affected.")
@click.option("--broken", help="What is broken.")
@NOTICED
@by_option
@pass_session
def impact(session: Session, id_: str, affected: str | None, broken: str | None, noticed: bool | None, by: str) -> None:
    """Write down whom it affects and what is broken. Nobody is told; `update` tells."""
    said = {"affected": affected, "broken": broken, "users_noticed": noticed}
    body = {name: value for name, value in said.items() if value is not None}
    if not body:
        raise click.UsageError("say --affected, --broken or --noticed")
    act(session, id_, "impact", "has its impact written down", by=by, **body)


def _part(part: str) -> click.Command:
    @click.argument("id_", metavar="ID")
    @click.argument("to", required=False)
    @by_option
    @pass_session
    def take(session: Session, id_: str, to: str | None, by: str) -> None:
        given = {} if to is None else {"to": to}
        act(session, id_, "part", lambda found: _has(found, part), by=by, part=part, **given)

    does = {"commander": "lead it and post the updates", "scribe": "write down what happens"}[part]
    take.__doc__ = f"Be the {part}: {does}. Or name TO, who is told; `nobody` lays it down."
    return click.command(part, cls=Command)(take)


def _has(incident: Record, part: str) -> str:
    who = (incident.get("response") or {}).get(part)
    return f"has {plain(str(who))} as its {part}" if who else f"has no {part} any more"


commander, scribe = _part("commander"), _part("scribe")


@click.command(cls=Command)
@click.argument("id_", metavar="ID")
@pass_session
def brief(session: Session, id_: str) -> None:
    """Print it by the runbook's incident template, as Markdown to paste."""
    found = ask(session, "GET", f"/api/incidents/{whole(session, id_)}/brief")
    session.answer(found, lambda: click.echo(found["markdown"], nl=False))


RESPONDING = (update, impact, commander, scribe, tick, untick, brief)
"""What `tocsin incidents` has of them."""
