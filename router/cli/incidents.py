"""`tocsin incidents …` and `report`: what is open, and what people do about it."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import click

from router.cli.remote import LIST, ask
from router.cli.session import FINDINGS, USAGE, Failure, Group, Session, pass_session, stop
from router.cli.showing import Record, show_incident, show_list
from router.cli.taking_back import afterwards, taken_back
from router.cli.too_late import too_late
from router.cli.unverified import unverified
from workers.plain import plain

VIA = "command line"
SEVERITIES = click.Choice(["P1", "P2", "P3", "P4"], case_sensitive=False)


def _me() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "somebody"


by_option = click.option("--by", default=_me, show_default="your user name", help="Who does it, for the timeline.")


@click.group(cls=Group)
def incidents() -> None:
    """See what is open and act on it. An ID may be shortened while it stays unique."""


@incidents.command("list")
@click.option("--all", "everything", is_flag=True, help="Resolved ones too.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000))
@pass_session
def list_(session: Session, everything: bool, limit: int) -> None:
    """List incidents, the worst first."""
    found = every(session, "all" if everything else "open", limit)
    session.answer({"incidents": found}, lambda: show_list(session, found))


@incidents.command()
@click.argument("id_", metavar="ID")
@pass_session
def show(session: Session, id_: str) -> None:
    """Show one incident: what to do next, its steps and its timeline."""
    found = ask(session, "GET", f"/api/incidents/{whole(session, id_)}")
    session.answer(found, lambda: show_incident(session, found))


def every(session: Session, state: str = "all", limit: int = 1000) -> list[Record]:
    """Incidents, `open` or `all`."""
    answer = ask(session, "GET", f"/api/incidents?state={state}&limit={limit}")
    found: list[Record] = answer["incidents"] if isinstance(answer, dict) else answer
    return found


def whole(session: Session, part: str) -> str:
    """The one id that begins, or ends, with `part`."""
    if not plain(part):
        raise Failure("which incident? The ID is empty", LIST, code=USAGE)
    ids = [each["id"] for each in every(session)]
    wanted = part.strip().lower()
    exact = [each for each in ids if each.lower() == wanted]
    matches = exact or [each for each in ids if each.lower().startswith(wanted) or each.lower().endswith(wanted)]
    if len(matches) == 1:
        return quote(str(matches[0]), safe="")
    if not matches:
        raise Failure(f"there is no incident {plain(part, 64)}", LIST)
    raise Failure(f"{plain(part, 64)} may mean {', '.join(matches[:5])}", "Write more of the ID.", code=USAGE)


def act(session: Session, id_: str, what: str, done: str | Callable[[Record], str], **body: Any) -> None:
    """Ask it of the incident, and say what came of it; ends with 1 where it is not as was asked."""
    some(str(body["by"]), "--by", "the timeline needs a name")
    full = whole(session, id_)
    also = {409} if what == "resolve" else ()
    answer = ask(session, "POST", f"/api/incidents/{full}/{what}", {**body, "via": VIA}, also=also)
    if "id" not in answer:
        raise unverified(full, answer)
    # With a token of one's own it is recorded as its owner's, whoever the shell's user is.
    by = answer["by"] = plain(str(answer.get("by") or body["by"]))
    idle = too_late(answer, what, by)
    if idle is not None:
        said, further = idle.said, ""
    else:
        said, further = done if isinstance(done, str) else done(answer), afterwards(answer, what, by, _me())
    session.answer(answer, lambda: _say(session, f"{full} {said}.", further))
    if idle is not None and not idle.so:
        stop(FINDINGS)


def _say(session: Session, *lines: str) -> None:
    for line in filter(None, lines):
        session.line(line)


def some(text: str, name: str, what: str) -> None:
    """Complain about an argument without a word in it."""
    if not plain(text):
        raise click.BadParameter(f"it is empty; {what}", param_hint=name)


@incidents.command()
@click.argument("id_", metavar="ID")
@by_option
@pass_session
def ack(session: Session, id_: str, by: str) -> None:
    """Take it: no further step is sent."""
    act(
        session, id_, "acknowledge", lambda found: f"is acknowledged by {found['by']}; nobody else will be woken", by=by
    )


@incidents.command()
@click.argument("id_", metavar="ID")
@click.option("--for", "lasts", required=True, metavar="DURATION", help="Like 30m or 2h.")
@by_option
@pass_session
def snooze(session: Session, id_: str, lasts: str, by: str) -> None:
    """Take it for a while: if it still burns then, it calls again, from the first responder on."""
    act(
        session,
        id_,
        "snooze",
        lambda found: f"is {found['by']}'s for {plain(lasts)}; if it still burns then, it calls again",
        by=by,
        **{"for": lasts},
    )


@incidents.command()
@click.argument("id_", metavar="ID")
@by_option
@pass_session
def mitigate(session: Session, id_: str, by: str) -> None:
    """Say that the bleeding has stopped."""
    act(session, id_, "mitigate", "is mitigated; resolve it when the cause is gone", by=by)


@incidents.command()
@click.argument("id_", metavar="ID")
@click.option("--note", help="What it was, for everybody who was told.")
@click.option("--override", metavar="WHY", help="Close it although its checklist is not done; recorded, and told.")
@by_option
@pass_session
def resolve(session: Session, id_: str, note: str | None, override: str | None, by: str) -> None:
    """Say that it is over. Where its severity has a checklist, only once that is ticked."""
    given = {name: said for name, said in {"note": note, "override": override}.items() if said is not None}
    act(session, id_, "resolve", lambda found: f"is resolved by {found['by']}{_still_said(found)}", by=by, **given)


def _still_said(incident: Record) -> str:
    """What the world still believes, where somebody told it and nobody has told it that it is over."""
    public = (incident.get("response") or {}).get("public") or {}
    last = (public.get("said") or [{}])[-1]
    if not last or last["status"] == "resolved":
        return ""
    said = f"“{last['status']}: {plain(last['text'], 200)}”"
    how = f"tocsin incidents publish {incident['id']} --status resolved TEXT"
    return f". The status page ({', '.join(public['pages'])}) still says {said}; tell the world: {how}"


@incidents.command()
@click.argument("id_", metavar="ID")
@click.argument("severity", type=SEVERITIES)
@by_option
@pass_session
def severity(session: Session, id_: str, severity: str, by: str) -> None:
    """Set how bad it is. A raise starts its escalation anew, but calls nobody once somebody has answered."""
    act(session, id_, "severity", lambda found: _graded(found, severity), by=by, severity=severity)


def _graded(incident: Record, severity: str) -> str:
    if incident["state"] == "triggered":
        return f"is now {severity}"
    who = plain(str(incident.get("assignee") or incident.get("acknowledged_by") or ""))
    has = f"{who} has it" if who else f"it is {incident['state']}"
    return f"is now {severity}; {has}, so nobody is called: whoever was told before hears of it"


@incidents.command("false-positive")
@click.argument("id_", metavar="ID")
@click.argument("reason")
@by_option
@pass_session
def false_positive(session: Session, id_: str, reason: str, by: str) -> None:
    """Close it as a false positive, with the REASON."""
    some(reason, "REASON", "say why it was none")
    act(session, id_, "false-positive", "is closed as a false positive", by=by, reason=reason)


@incidents.command()
@click.argument("id_", metavar="ID")
@click.argument("to")
@by_option
@pass_session
def assign(session: Session, id_: str, to: str, by: str) -> None:
    """Give it TO a person of the YAML, by the name there or the one that is shown."""
    some(to, "TO", "name a person of the rules")
    act(session, id_, "assign", lambda found: f"is assigned to {plain(str(found.get('assignee') or to))}", by=by, to=to)


@incidents.command()
@click.argument("id_", metavar="ID")
@click.argument("text")
@by_option
@pass_session
def note(session: Session, id_: str, text: str, by: str) -> None:
    """Write TEXT into its timeline."""
    some(text, "TEXT", "say what the timeline shall hold")
    act(session, id_, "note", "has your note in its timeline", by=by, text=text)


@incidents.command()
@click.argument("id_", metavar="ID")
@by_option
@pass_session
def escalate(session: Session, id_: str, by: str) -> None:
    """Call whom the matrix names next now, and nobody else: for good. Whoever has it keeps it."""
    act(session, id_, "escalate", lambda found: _called_in(found, by), by=by)


def _called_in(incident: Record, by: str) -> str:
    """Who comes: the latest of the steps that were asked for, or those after it where that was nobody."""
    asked = [step for step in incident.get("steps") or () if step.get("asked_by") == by]
    latest = max((float(step.get("sent_at") or 0) for step in asked), default=0.0)
    now = [step for step in asked if float(step.get("sent_at") or 0) == latest]
    come = [f"{plain(step['role'])} ({plain(step['person'])})" for step in now if step.get("person")]
    if come:
        return f"calls in {', '.join(come)} now, and nobody else"
    nobody = ", ".join(plain(step["role"]) for step in now) or "who comes next"
    return f"cannot call in {nobody}: there is nobody to tell. Its timeline says why"


@incidents.command()
@click.argument("id_", metavar="ID")
@by_option
@pass_session
def undo(session: Session, id_: str, by: str) -> None:
    """Take back what you answered last, within 30s: it stands as before, and whoever was told hears so."""
    act(session, id_, "undo", taken_back, by=by)


@incidents.command()
@click.argument("id_", metavar="ID")
@by_option
@pass_session
def check(session: Session, id_: str, by: str) -> None:
    """Run its checks once more; what they find stands in `show` within seconds."""
    act(session, id_, "check", lambda one: f"is being looked at; see: tocsin incidents show {one['id']}", by=by)
