"""Questions to a running Tocsin over HTTP, and its answers."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

import click
import orjson

from router.cli.session import FINDINGS, UNREACHABLE, USAGE, Failure, Session
from workers.channels.contract import Reply, Undelivered
from workers.outward import call
from workers.plain import plain

_ADDRESS = re.compile(r"\s*\b(?:GET|POST) /api\S* [^.]*\.")
LIST = "List them with `tocsin incidents list --all`."


def ask(
    session: Session,
    method: str,
    path: str,
    body: dict[str, object] | None = None,
    *,
    otherwise: str = LIST,
    also: Collection[int] = (),
) -> Any:
    """What the API answered. Ends the command when nobody answers, or when the answer is a refusal.

    `otherwise` is what to do when there is no such thing; a status of `also` is an answer like any other.
    """
    tokens = session.settings.api_token
    headers = {"authorization": f"Bearer {tokens[0].get_secret_value()}"} if tokens else {}
    reply = reach(session, method, path, body, headers)
    if reply.status == 401 and not tokens:
        where = session.settings.data.absolute()
        then = f"Looked in TOCSIN_API_TOKEN and in {where}; set TOCSIN_DATA or TOCSIN_API_TOKEN."
        raise Failure("no API token found", then, code=USAGE)
    if reply.status >= 400 and reply.status not in also:
        raise refusal(reply, session.settings.url, otherwise)
    return _read(reply, session.settings.url)


def reach(
    session: Session, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
) -> Reply:
    """One request. Ends the command with exit code 3 when nobody answers."""
    try:
        return call(method, session.settings.url + path, json=body, headers=headers)
    except Undelivered as wrong:
        raise unreachable(session, wrong) from None


def unreachable(session: Session, wrong: Undelivered) -> Failure:
    """Nobody answers at TOCSIN_URL."""
    then = "Start one with `tocsin up --demo`, or set TOCSIN_URL to where yours runs."
    return Failure(f"no Tocsin answers at {session.settings.url}: {wrong.why}", then, code=UNREACHABLE)


def refusal(reply: Reply, url: str, otherwise: str = "") -> Failure:
    """Why the API said no, in its own words where it gave some; `otherwise` is the way out of a 404."""
    if reply.status == 403:
        return Failure(_words(reply) or f"{url} says no", "Ask an admin, or use TOCSIN_API_TOKEN.", code=USAGE)
    if reply.status == 401:
        then = "Set TOCSIN_API_TOKEN to the token of that Tocsin; `tocsin up` keeps its own in the data folder."
        return Failure(f"{url} does not accept the API token", then, code=USAGE)
    if reply.status >= 500:
        return Failure(f"{url} answered {reply.status}: {_words(reply)}", "Run `tocsin doctor`.", code=UNREACHABLE)
    said = _by_option(reply) or _words(reply) or f"{url} answered {reply.status}"
    if reply.status == 404:
        return Failure(said, otherwise)
    # 409 is asked rightly: how things stand says no.
    return Failure(said, code=USAGE if reply.status in {400, 413, 422} else FINDINGS)


def _words(reply: Reply) -> str:
    said = _body(reply)
    if said is None:
        return plain(reply.body.decode("utf-8", "replace"), 200)
    found = said.get("error") or said.get("detail")
    # What the API says to programs names its addresses; at a terminal the hint names the command.
    return plain(_ADDRESS.sub("", str(found)), 600) if found else ""


def _body(reply: Reply) -> dict[str, Any] | None:
    try:
        said = orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        return None
    return said if isinstance(said, dict) else {}


def _by_option(reply: Reply) -> str:
    """What is wrong with each field, under the name that it has on the command line; "" where that is not known."""
    context, errors = click.get_current_context(silent=True), (_body(reply) or {}).get("errors")
    if context is None or not isinstance(errors, list):
        return ""
    fields = [(one.get("field"), one.get("expected")) for one in errors if isinstance(one, dict)]
    if not all(field and expected for field, expected in fields):
        return ""
    return plain("; ".join(_named(context, str(field), str(expected)) for field, expected in fields), 600)


def _named(context: click.Context, field: str, expected: str) -> str:
    """`--for: expected a duration with its unit, found '2'` for the API's `for`."""
    for one in context.command.params:
        if f"--{field}" in one.opts or one.name == field.partition(".")[0]:
            typed = context.params.get(one.name or "")
            said = not isinstance(typed, str) or f"'{typed}'" in expected
            found = "" if said else f", found {plain(str(typed), 60)!r}"
            name = one.human_readable_name if isinstance(one, click.Argument) else one.opts[0]
            return f"{name}: {expected}{found}"
    return f"{field}: {expected}"


def _read(reply: Reply, url: str) -> Any:
    try:
        return orjson.loads(reply.body) if reply.body else {}
    except orjson.JSONDecodeError:
        then = "Check TOCSIN_URL: something else seems to listen there."
        raise Failure(f"{url} did not answer as a Tocsin does", then, code=UNREACHABLE) from None
