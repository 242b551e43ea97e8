"""`tocsin notifications …` and `tocsin channels …`: what was tried to tell people, and whether a channel works."""

from __future__ import annotations

import time
from urllib.parse import quote, urlencode

import click

from router.cli.remote import ask
from router.cli.session import FINDINGS, USAGE, Failure, Group, Session, pass_session, stop
from router.cli.showing import Record, about, exact, moment
from workers.plain import plain

OUTCOMES = ("delivered", "again", "refused", "skipped", "silent", "given up")
NONE = "List them: tocsin notifications list"


@click.group(cls=Group)
def notifications() -> None:
    """See what was tried to tell people: when, how long it took, what was sent and what was answered."""


@notifications.command("list")
@click.option("--channel", help="Only on this channel.")
@click.option("--incident", metavar="ID", help="Only of this incident.")
@click.option("--outcome", type=click.Choice(OUTCOMES), help="Only what came out so.")
@click.option("--person", help="Only to this person.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000))
@pass_session
def list_(
    session: Session, channel: str | None, incident: str | None, outcome: str | None, person: str | None, limit: int
) -> None:
    """List attempts, the newest first."""
    asked = {"channel": channel, "incident": incident, "outcome": outcome, "person": person, "limit": limit}
    query = urlencode({name: value for name, value in asked.items() if value is not None})
    found = ask(session, "GET", f"/api/notifications?{query}")
    session.answer(found, lambda: _show_list(session, found["notifications"]))


def _show_list(session: Session, found: list[Record]) -> None:
    if not found:
        session.line("Nothing of that kind was tried, or it is no longer kept.")
        return
    now = time.time()
    rows = [
        [
            one["id"],
            f"{about(now - one['at'])} ago",
            one["channel"],
            _whom(one),
            "test" if one["test"] else f"{one['severity']} {one['reason']}",
            one["incident"] or "–",
            _outcome(one, now),
        ]
        for one in found
    ]
    session.table(["ID", "WHEN", "CHANNEL", "TO", "WHAT", "INCIDENT", "OUTCOME"], rows)
    session.line("See one whole: tocsin notifications show ID")


def _whom(one: Record) -> str:
    if one["together"] > 1:
        return f"{one['together']} together"
    return f"{one['role']} ({one['person']})" if one["person"] else str(one["role"] or "–")


def _outcome(one: Record, now: float) -> str:
    took = f" in {one['took'] * 1000:.0f} ms" if one["took"] else ""
    if one["outcome"] == "again":
        left = (one["again_at"] or now) - now
        return f"failed{took}, {'next in ' + about(left) if left > 0 else 'tried again since'}: {one['why']}"
    return f"{one['outcome']}{took}" + (f": {one['why']}" if one["why"] else "")


@notifications.command()
@click.argument("id_", metavar="ID")
@pass_session
def show(session: Session, id_: str) -> None:
    """Show one attempt: what was sent, with secrets masked, and what was answered."""
    if not id_.strip():
        raise Failure("an ID is missing", NONE, code=USAGE)
    one = ask(session, "GET", f"/api/notifications/{quote(id_.strip(), safe='')}", otherwise=NONE)
    session.answer(one, lambda: _show_one(session, one))


def _show_one(session: Session, one: Record) -> None:
    session.line(f"{one['channel']} to {plain(_whom(one))}: {plain(one['reason'])}", "bold")
    session.line(f"  outcome   {plain(_outcome(one, time.time()))}")
    session.line(f"  when      {exact(one['at'])}, attempt {one['number']}")
    session.line(f"  incident  {plain(one['incident'] or '–')}")
    if one["again_at"]:
        session.line(f"  again at  {moment(one['again_at'])}")
    exchange = one["exchange"]
    if exchange is None:
        session.line("Nothing was sent, or it is no longer kept.")
        return
    session.line("")
    session.line(plain(exchange["to"]), "bold")
    if exchange["message"]:
        session.line(f"  their id  {plain(exchange['message'])}")
    for name, value in exchange["headers"].items():
        session.line(f"  {plain(name)}: {plain(value)}")
    _text(session, exchange["body"])
    session.line(f"Answered {one['status'] or 'nothing'}", "bold")
    _text(session, exchange["reply"])


def _text(session: Session, text: str) -> None:
    for line in text.splitlines():
        session.line(f"  {plain(line)}" if line.strip() else "")


CHANNELS = "Channels stand under `channels:` of the rules."


@click.group(cls=Group)
def channels() -> None:
    """Ask whether a way out works."""


@channels.command()
@click.argument("name")
@click.option("--person", help="Whom to reach, where the channel calls people one by one.")
@click.option("--agreed", is_flag=True, help="Whoever's pager it is knows that it will show something.")
@click.option("--by", default="the command line", show_default=True, help="Who tests; the message says so.")
@pass_session
def test(session: Session, name: str, person: str | None, agreed: bool, by: str) -> None:
    """Send a message that says it is a test through a channel, and see what came of it.

    A pager (PagerDuty) gets it with severity info, and at once that it is over. Once per channel in ten seconds.
    """
    if not name.strip():
        raise Failure("which channel?", CHANNELS, code=USAGE)
    body: dict[str, object] = {"by": by, "agreed": agreed, **({"person": person} if person else {})}
    told = ask(
        session,
        "POST",
        f"/api/channels/{quote(name.strip(), safe='')}/test",
        body,
        otherwise=CHANNELS,
    )
    session.answer(told, lambda: _show_test(session, name, told))
    if told["result"] is None or told["result"]["outcome"] != "delivered":
        stop(FINDINGS)


def _show_test(session: Session, name: str, told: Record) -> None:
    result = told["result"]
    if result is None:
        session.line(f"The test of {plain(name)} is promised, and no worker has sent it yet. See: tocsin pending")
    elif result["outcome"] == "delivered":
        session.line(f"{plain(name)} works: taken with {result['status']} in {result['took'] * 1000:.0f} ms.")
    else:
        session.line(f"{plain(name)} does not work: {plain(result['why'])}")
    if result is not None:
        session.line(f"See what was sent: tocsin notifications show {result['id']}")
