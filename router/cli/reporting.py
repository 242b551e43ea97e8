"""`tocsin report`: something is wrong that no sender has told of."""

from __future__ import annotations

import click

from router.cli.incidents import SEVERITIES, by_option, some
from router.cli.remote import ask
from router.cli.session import Command, Session, pass_session
from router.cli.showing import Record
from workers.plain import plain


@click.command(cls=Command)
@click.argument("summary")
@click.option("--severity", type=SEVERITIES, help="How bad it is; the rules decide by default.")
@click.option("--affected", help="Who, and how many.")
@click.option("--since", help="Since when, in your words.")
@click.option("--about", "reference", help="An order, a customer, a ticket.")
@click.option("--url", help="A page to look at.")
@click.option("--label", "labels", multiple=True, metavar="KEY=VALUE", help="May be repeated.")
@by_option
@pass_session
def report(session: Session, /, summary: str, labels: tuple[str, ...], **fields: str | None) -> None:
    """Open an incident by hand: a user's report, something you saw."""
    some(summary, "SUMMARY", "say in one line what is wrong")
    said = {"summary": summary, "labels": dict(map(_label, labels)), **fields}
    body: dict[str, object] = {name: value for name, value in said.items() if value}
    answer = ask(session, "POST", "/api/incidents", body)
    session.answer(answer, lambda: _reported(session, answer))


def _reported(session: Session, answer: Record) -> None:
    incident, became = answer.get("incident"), answer.get("severity") or "no incident"
    if incident:
        session.line(f"Reported: {became}, incident {incident}, by rule «{plain(str(answer.get('rule')))}».", "bold")
        session.line(f"See who is told: tocsin incidents show {incident}")
    else:
        session.line(f"Reported and kept ({became}); no worker has dealt with it yet.", "bold")
        session.line("See whether workers run: tocsin doctor")


def _label(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not (key and equals):
        raise click.BadParameter(f"{text!r} is not KEY=VALUE, like area=payments", param_hint="--label")
    return key, value
