"""`tocsin checks …` and `tocsin deployed`: what Tocsin looks at by itself, one look now, and what is new."""

from __future__ import annotations

import time
from urllib.parse import quote

import click

from router.cli.incidents import by_option
from router.cli.remote import ask
from router.cli.session import FINDINGS, USAGE, Command, Failure, Group, Session, pass_session, stop
from router.cli.showing import Record, about, ahead, exact
from rules.duration import show_duration
from workers.plain import plain

_LIST = "List them: tocsin checks list"


@click.group(cls=Group)
def checks() -> None:
    """See what Tocsin looks at by itself, and look now."""


@checks.command("list")
@pass_session
def list_(session: Session) -> None:
    """List the checks of the rules in force, with what each found last."""
    found = ask(session, "GET", "/api/checks")
    session.answer(found, lambda: _show_list(session, found["checks"]))


def _show_list(session: Session, found: list[Record]) -> None:
    if not found:
        session.line("The rules have no checks. Add one under `checks:` (docs/checks.md).")
        return
    now = time.time()
    rows = [
        [
            plain(one["name"]),
            one["type"],
            _state(one),
            _said(one, now),
            _when(one, now),
            ", ".join(one["used_by"]) or "–",
        ]
        for one in found
    ]
    session.table(["CHECK", "TYPE", "STATE", "FOUND", "RUN", "FOR"], rows)
    session.line("Look now: tocsin checks run NAME")


def _state(one: Record) -> str:
    failing = int(one["failing"])
    return f"{one['state']}, {failing} in a row" if failing > 1 else str(one["state"])


def _said(one: Record, now: float) -> str:
    last = one["last"]
    return "–" if last is None else f"{plain(last['text'], 120)} ({about(max(0.0, now - last['at']))} ago)"


def _when(one: Record, now: float) -> str:
    if one["every"] is None:
        return "for incidents"
    return f"every {show_duration(one['every'])}" + (f", {ahead(one['next_at'] - now)}" if one["next_at"] else "")


@checks.command()
@click.argument("name")
@by_option
@pass_session
def run(session: Session, name: str, by: str) -> None:
    """Run the check NAME now and say what it finds. It changes no incident. Exit code 1: it is not well."""
    if not name.strip():
        raise Failure("which check?", _LIST, code=USAGE)
    told = ask(session, "POST", f"/api/checks/{quote(name.strip(), safe='')}/run", {"by": by}, otherwise=_LIST)
    session.answer(told, lambda: _show_run(session, told))
    if told["finding"] is None or told["finding"]["outcome"] != "ok":
        stop(FINDINGS)


def _show_run(session: Session, told: Record) -> None:
    finding = told["finding"]
    if finding is None:
        session.line(f"{plain(told['check'])} is asked for, and no worker has run it yet. See: tocsin doctor")
        return
    style = {"ok": "green", "failed": "red"}.get(finding["outcome"], "yellow")
    session.line(f"{plain(finding['text'])}: {finding['outcome']}, took {finding['took']:.1f} s.", style)
    for line in str(finding["detail"]).splitlines():
        session.line(f"  {plain(line)}")


@click.command(cls=Command)
@click.argument("what")
@click.option("--service", default="", help="Of what, where you deploy several.")
@by_option
@pass_session
def deployed(session: Session, what: str, service: str, by: str) -> None:
    """Write down that WHAT (a version, a commit) is running from now on: incidents then say how long ago that was."""
    if not what.strip():
        raise Failure("what was deployed? WHAT is empty", "Say its version or commit.", code=USAGE)
    body: dict[str, object] = {"what": what, "by": by, **({"service": service} if service else {})}
    told = ask(session, "POST", "/api/deployments", body)
    of = f" of {plain(told['service'])}" if told["service"] else ""
    session.answer(told, lambda: session.line(f"Written down: {plain(told['what'])}{of}, {exact(told['at'])}."))
