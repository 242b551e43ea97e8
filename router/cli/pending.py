"""`tocsin pending`: promises still to be kept, what was given up, pages that reached nobody, gates that count."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import click

from router.cli.gates import show_gates
from router.cli.incidents import by_option, every
from router.cli.remote import ask
from router.cli.session import FINDINGS, USAGE, Command, Failure, Session, pass_session, stop
from router.cli.showing import Record, ahead, moment, ordinal
from workers.plain import plain


@click.command(cls=Command)
@click.option(
    "--parked", is_flag=True, help="What was given up or not delivered instead, and why; then it ends with 1."
)
@click.option("--retry", metavar="ID", help="Try an entry that was given up once more, now.")
@click.option("--run", metavar="ID", help="Do it now: a step is told at once, a failed send is tried again.")
@click.option("--postpone", metavar="ID", help="Put it off, --for so long.")
@click.option("--for", "lasts", metavar="DURATION", help="Like 10m; with --postpone.")
@click.option("--drop", metavar="ID", help="Do not do it at all, for a --reason.")
@click.option("--reason", help="Why, for the timeline; with --drop.")
@click.option("--queues", is_flag=True, help="RQ's queues and failed jobs instead; promises do not depend on them.")
@by_option
@click.option("--gates", is_flag=True, help="What gates (more_than) have counted instead: how much of how much.")
@pass_session
def pending(
    session: Session, /, parked: bool, retry: str | None, gates: bool, queues: bool, **moved: str | None
) -> None:
    """Read the agenda aloud: what will be done, for whom, and in how long; and move what is to be moved.

    To run, postpone or drop an incident's next step, give the incident's ID; the ids of other promises: -o json.
    """
    moves = [what for what in ("run", "postpone", "drop") if moved[what] is not None]
    if sum([gates, queues, parked or retry is not None, *(True for _ in moves)]) > 1:
        raise Failure("these do not go together", "Ask for one thing at a time.", code=USAGE)
    if gates:
        show_gates(session)
    elif queues:
        _show_queues(session)
    elif moves:
        _move(session, moves[0], moved)
    elif retry is not None:
        _retry(session, retry.strip())
    else:
        _list(session, parked)


def _list(session: Session, parked: bool) -> None:
    answer = ask(session, "GET", f"/api/agenda{'?state=parked' if parked else ''}")
    items: list[Record] = answer["items"]
    if not parked:
        session.answer({"items": items}, lambda: _show_agenda(session, items))
        return
    failed = list(_undelivered(session))
    session.answer({"items": items, "undelivered": failed}, lambda: _show_parked(session, items, failed))
    if items or failed:
        stop(FINDINGS)


_WITH = {"postpone": ("lasts", "--for", "say for how long, like 10m"), "drop": ("reason", "--reason", "say why")}
"""What a move needs besides: its parameter, its option, and what is said where it lacks."""


def _move(session: Session, what: str, moved: dict[str, str | None]) -> None:
    entry = str(moved[what]).strip()
    body: dict[str, object] = {"by": moved["by"], "via": "command line"}
    name, option, lacks = _WITH.get(what, ("", "", ""))
    if not entry:
        raise Failure(f"{what} what? The ID is empty", "`tocsin -o json pending` lists ids.", code=USAGE)
    if name:
        if not (moved[name] or "").strip():
            raise Failure(f"--{what} needs {option}", lacks, code=USAGE)
        body["for" if what == "postpone" else name] = moved[name]
    entry = _step_of(session, entry)
    answer = ask(session, "POST", f"/api/agenda/{quote(entry, safe='')}/{what}", body, otherwise="See: tocsin pending")
    session.answer(answer, lambda: session.line(plain(str(answer["said"]))))


def _step_of(session: Session, typed: str) -> str:
    """The id of a promise; where an incident's ID was typed, that of its next step."""
    if "-" in typed:  # as the ids of all promises have it, and that of no incident
        return typed
    steps = [one for one in ask(session, "GET", "/api/agenda")["items"] if one["kind"] == "step"]
    theirs = [str(one["id"]) for one in steps if str(one["incident"]).startswith(typed.upper())]
    return theirs[0] if len(theirs) == 1 else typed


def _show_queues(session: Session) -> None:
    answer = ask(session, "GET", "/api/queues")

    def show() -> None:
        rows = [[str(one[name]) for name in ("lane", "waiting", "started", "failed")] for one in answer["queues"]]
        session.table(["LANE", "WAITING", "STARTED", "FAILED"], rows)
        if answer["failed"]:
            session.table(["ID", "JOB", "WHY"], [[one["id"], one["what"], one["why"]] for one in answer["failed"]])

    session.answer(answer, show)


def _retry(session: Session, entry: str) -> None:
    then = "`tocsin pending --parked` lists what was given up."
    if not entry:
        raise Failure("retry what? The ID is empty", then, code=USAGE)
    try:
        answer = ask(session, "POST", f"/api/agenda/{quote(entry, safe='')}/retry", otherwise=then)
    except Failure as wrong:
        if wrong.exit_code == FINDINGS and entry.lower() in {each["id"].lower() for each in every(session)}:
            raise Failure(f"{plain(entry)} is an incident, and no entry that was given up", _ANEW) from None
        raise
    session.answer(answer, lambda: session.line(f"{plain(entry)} is tried again now. See: tocsin pending"))


_ANEW = "A page that failed for good is not tried again: tell people yourself, then `tocsin incidents ack ID`."


def _show_agenda(session: Session, items: list[Record]) -> None:
    if not items:
        session.line("Nothing is pending: nobody is waiting to be told.")
        return
    rows = [
        [
            ahead(item["in_seconds"]),
            moment(item["due_at"]),
            item["what"],
            item.get("to") or "–",
            item.get("incident") or "–",
            _attempts(item),
        ]
        for item in sorted(items, key=lambda each: float(each["due_at"]))
    ]
    session.table(["WHEN", "AT", "WHAT", "TO", "INCIDENT", "TRIED"], rows)


def _undelivered(session: Session) -> Iterator[Record]:
    """The steps of open incidents that some channel did not deliver, why, and who was told instead."""
    for each in every(session, "open"):
        failed = [step for step in each.get("steps") or () if step.get("failed")]
        whole = ask(session, "GET", f"/api/incidents/{quote(str(each['id']), safe='')}") if failed else {}
        for step in failed:
            yield {
                "incident": each["id"],
                "step": step["number"],
                "role": step["role"],
                "channels": step["failed"],
                "why": [_why(whole, step, channel) for channel in step["failed"]],
                "told_instead": _instead(step),
            }


def _why(incident: Record, step: Record, channel: str) -> str:
    """What the history says last of this channel and this role."""
    start = f"{channel} could not tell {step['role']}"
    said = [str(one["text"]) for one in incident.get("timeline") or () if str(one["text"]).startswith(start)]
    return said[-1].partition(": ")[2] if said else "its history does not say"


def _instead(step: Record) -> str:
    if step["state"] == "failed":
        return "nobody"
    return "the fallback" if step.get("fell_back") else "the other channels"


def _show_parked(session: Session, items: list[Record], failed: list[Record]) -> None:
    """What was given up, with the way to try it again, and which pages of open incidents did not get through."""
    if not items:
        session.line("Nothing was given up.")
    else:
        rows = [
            [each["id"], each["what"], each.get("incident") or "–", each.get("last_error") or "–"] for each in items
        ]
        session.table(["ID", "WHAT", "INCIDENT", "WHY"], rows)
        session.line("Try one again: tocsin pending --retry ID")
    if failed:
        session.line("Not delivered, and not tried again:", "bold")
        rows = [
            [each["incident"], str(ordinal({"number": each["step"]})), each["role"], each["told_instead"], said]
            for each in failed
            for said in map(": ".join, zip(each["channels"], each["why"], strict=True))
        ]
        session.table(["INCIDENT", "STEP", "ROLE", "TOLD INSTEAD", "WHY"], rows)
        if any(each["told_instead"] == "nobody" for each in failed):
            session.line(
                "Where nobody was told instead, the next step came at once; after the last one nobody follows."
            )


def _attempts(item: Record) -> str:
    tried = item.get("attempt") or 0
    return f"{tried}×: {item['last_error']}" if item.get("last_error") else str(tried or "–")
