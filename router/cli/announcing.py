"""`tocsin incidents publish` and `archive-channel`: what the world reads of an incident, and its own Slack channel."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from router.cli.incidents import act, by_option, whole
from router.cli.remote import ask
from router.cli.session import Command, Session, pass_session
from router.prepared import Unfit, filled
from rules.announcing.public import Health, PublicStatus
from rules.duration import show_duration
from rules.responding.briefing import in_minutes
from rules.transitions.on_response import sentence
from workers.plain import plain
from workers.rulebook.configuration import packaged

Record = dict[str, Any]


@click.command("archive-channel", cls=Command)
@click.argument("id_", metavar="ID")
@by_option
@pass_session
def archive_channel(session: Session, id_: str, by: str) -> None:
    """Archive its own Slack channel, once it is over."""
    act(session, id_, "archive-channel", lambda found: f"has its channel #{_room(found)} archived", by=by)


def _room(incident: Record) -> str:
    return plain(str(((incident.get("response") or {}).get("room") or {}).get("name") or ""))


def _components(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    """`checkout=major outage`. A dash is as good as a space: `major-outage`."""
    components: dict[str, str] = {}
    for one in given:
        name, _sign, state = one.partition("=")
        state = state.strip().replace("-", " ")
        if not name or state not in set(Health):
            expected = f"NAME=STATE, and a state is one of: {', '.join(Health)}"
            raise click.BadParameter(f"expected {expected}; found {plain(one, 80)!r}")
        components[name.strip()] = state
    return components


@click.command(cls=Command)
@click.argument("id_", metavar="ID")
@click.argument("text", required=False)
@click.option("--title", help="What the public reads above it; the first publication needs one.")
@click.option("--status", type=click.Choice([one.value for one in PublicStatus]), help="How it goes.")
@click.option(
    "--component", "components", multiple=True, metavar="NAME=STATE", callback=_components, help="May repeat."
)
@click.option("--page", "pages", multiple=True, help="Open it on this status page only; may be repeated.")
@click.option("--preview", is_flag=True, help="Show what would become public, and publish nothing.")
@by_option
@pass_session
def publish(
    session: Session,
    id_: str,
    text: str | None,
    title: str | None,
    status: str | None,
    components: dict[str, str],
    pages: tuple[str, ...],
    preview: bool,
    by: str,
) -> None:
    """Tell the world TEXT, in exactly these words. Without TEXT: show the words that are prepared, publish nothing."""
    given = {"title": title, "status": status, "components": components, "pages": list(pages)}
    said = {name: value for name, value in given.items() if value}
    if text is None or preview:
        _show(session, id_, {"text": text, **said} if text else {})
        return
    act(session, id_, "publish", _published, by=by, text=text, **said)


def _published(incident: Record) -> str:
    public = (incident.get("response") or {}).get("public") or {}
    last = public["said"][-1]
    return f"is public as “{last['status']}: {plain(last['text'], 300)}” on {', '.join(public['pages'])}"


def _show(session: Session, id_: str, said: Record) -> None:
    """What the world reads now, what it would read, and the words that are ready."""
    incident = ask(session, "GET", f"/api/incidents/{whole(session, id_)}")
    public = (incident.get("response") or {}).get("public")
    last = public["said"][-1] if public else None
    would = _would(said, last) if said else None
    words = prepared(session, incident)
    answer = {"id": incident["id"], "published": False, "public": public, "would": would, "words": words}
    session.answer(answer, lambda: _shown(session, last, would, words))


def _would(said: Record, last: Record | None) -> Record:
    """Exactly what would become public: what is not said stays as it was told last."""
    title = said.get("title") or (last["title"] if last else None)
    status = said.get("status") or (last["status"] if last else PublicStatus.INVESTIGATING.value)
    return {"title": title, "status": status, "text": said["text"], "components": said.get("components", {})}


def _shown(session: Session, last: Record | None, would: Record | None, words: dict[str, str]) -> None:
    now = (
        f"The world reads now: {last['status']}: {plain(last['text'], 2000)}"
        if last
        else "The world knows nothing of it."
    )
    session.line(now)
    if would is not None:
        session.line("")
        session.line("This would become public, and was not published:", "bold")
        session.line(f"  {plain(would['title'] or '(a title is missing: add --title)', 255)}")
        session.line(f"  {would['status']}: {plain(would['text'], 4000)}")
        for name, state in would["components"].items():
            session.line(f"  {plain(name)}: {state}")
    for heading, text in words.items():
        session.line("")
        session.line(f"--- {plain(heading)} ---", "bold")
        for line in text.splitlines():
            session.line(plain(line, 2000))


def prepared(session: Session, incident: Record) -> dict[str, str]:
    """The words that fit how it goes, from `words/` of the operator's folder, else from ours: heading -> text."""
    public = (incident.get("response") or {}).get("public")
    over = incident["state"] == "resolved"
    name = Path("words") / f"incident-{'resolved' if over else 'update' if public else 'opened'}.md"
    own = (session.config or packaged()) / name
    try:
        return filled(own if own.is_file() else packaged() / name, _values(incident))
    except (Unfit, OSError) as wrong:
        return {"No words": f"the template cannot be used: {wrong}"}


def _values(incident: Record) -> Record:
    response = incident.get("response") or {}
    update, now = response.get("update") or {}, datetime.now(UTC).timestamp()
    end = incident.get("resolved_at") or now
    following = update.get("next_at")
    return {
        "title": plain(str(incident["title"])),
        "affected": plain(str(response.get("affected") or "")),
        "broken": plain(str(response.get("broken") or "")),
        "text": sentence(plain(str(update.get("text") or ""), 4000)),
        "start": _clock(incident["opened_at"]),
        "end": _clock(end),
        "lasts": show_duration(end - incident["opened_at"]),
        "next": in_minutes(following - now) if following and following > now else "",
    }


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%d %B %H:%M UTC")


ANNOUNCING = (archive_channel, publish)
"""Commands of `tocsin incidents`, to be added to it."""
