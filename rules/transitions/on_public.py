"""What becomes of what the world is told; and what nobody has told it yet when an incident is over."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

from rules.announcing.public import NO_PAGE, OnPage, Public, Publication, PublicStatus
from rules.announcing.public_commands import PageRefused, PageTold, PublicCommand, Publish
from rules.effects import PublishOn
from rules.incident import Incident, Reason, State
from rules.responding.response import Status
from rules.responding.response_commands import PostUpdate
from rules.turn import Turn

_AS_PUBLIC = {Status.INVESTIGATING: PublicStatus.INVESTIGATING, Status.MITIGATING: PublicStatus.IDENTIFIED}
COMMANDS: tuple[type[Any], ...] = get_args(PublicCommand)
ITSELF = "Tocsin"
"""Who publishes where the YAML lets pages be told without a person."""
TITLE = "Disruption of our service"
OPENING = "We are investigating a problem with our service and will tell more here."
CLOSING = "The problem is solved."
"""What is said without a person: nothing that a sender wrote becomes public unread."""


def act(turn: Turn, command: PublicCommand) -> None:
    """Publish, or write down how far a page has it."""
    match command:
        case Publish():
            publish(turn, command)
        case PageTold():
            _told(turn, command)
        case PageRefused():
            _refused(turn, command)


def why_not_published(incident: Incident, command: Publish) -> str:
    """Why it cannot be, in a sentence; "" when it can."""
    public = incident.response.public
    if public is None and not command.pages:
        return NO_PAGE
    if public is None and not command.title:
        return "The first publication needs a title, as the public will read it."
    return ""


def publish(turn: Turn, command: Publish) -> None:
    """The world is told, each page in its own time."""
    if why_not_published(turn.incident, command):
        return
    public = turn.incident.response.public or Public()
    last = public.last
    publication = Publication(
        number=len(public.said) + 1,
        title=command.title or (last.title if last is not None else TITLE),
        text=command.text,
        status=command.status or (last.status if last is not None else PublicStatus.INVESTIGATING),
        components=command.components,
        by=command.by,
        at=turn.now,
    )
    before = len(public.said)
    pages = {name: OnPage(since=before, told=before) for name in command.pages if name not in public.pages}
    public = replace(public, said=(*public.said, publication), pages={**public.pages, **pages})
    _change(turn, public)
    text = f"published on {', '.join(public.pages)}: {publication.status}: {publication.text}"
    turn.note("public", text, by=command.by, via=command.via)
    turn.effects += [PublishOn(page=page) for page in public.pages]


def publish_update(turn: Turn, command: PostUpdate) -> None:
    """What was told to everybody here is told to the world, where it knows of the incident already."""
    public = turn.incident.response.public
    if public is not None and public.last is not None:
        said = _AS_PUBLIC.get(command.status) if command.status is not None and public.is_open else None
        status = said or public.last.status
        publish(turn, Publish(by=command.by, via=command.via, text=command.text, status=status))


def why_not_repeated(incident: Incident) -> str:
    """Why an update cannot be published in the same step, in a sentence; "" when it can."""
    if incident.response.public is not None:
        return ""
    how = f"tocsin incidents publish {incident.id} --title TITLE TEXT"
    return f"The world knows nothing of it yet. Tell it first: {how}"


def _told(turn: Turn, command: PageTold) -> None:
    public = turn.incident.response.public
    on = public.pages.get(command.page) if public is not None else None
    if public is None or on is None or on.told >= command.number:
        return
    after = replace(on, id=command.id or on.id, url=command.url or on.url, told=command.number, trouble="")
    _change(turn, replace(public, pages={**public.pages, command.page: after}))
    where = f": {after.url}" if after.url and after.url != on.url else ""
    left = ", without what it refused before" if command.number > on.told + 1 else ""
    turn.note("public", f"{command.page} says it{left}{where}", page=command.page)


def _refused(turn: Turn, command: PageRefused) -> None:
    """Somebody must know that the world does not: told once, wherever people are told of the incident."""
    public = turn.incident.response.public
    on = public.pages.get(command.page) if public is not None else None
    if public is None or on is None or on.told >= command.number:
        return
    told = command.number < on.blamed or on.trouble == command.why
    after = replace(on, refused=command.number)
    if not told:
        after = replace(after, trouble=command.why, blamed=command.number)
    _change(turn, replace(public, pages={**public.pages, command.page: after}))
    if told:
        return
    text = f"The status page {command.page} does not say it: {command.why}"
    turn.note("public", text, page=command.page)
    turn.update(Reason.UPDATE, note=text)


def _change(turn: Turn, public: Public) -> None:
    turn.change(response=turn.incident.response.changed(public=public))


def keep_public(turn: Turn, before: Incident | None) -> None:
    """Without a person, where the YAML lets it; else, once it is over, somebody is asked to tell the world.

    What stands on one page that needs a person is closed by a person, on all of them.
    """
    incident = turn.incident
    public = incident.response.public
    automatic = incident.plan.publish
    if public is None:
        if automatic and incident.is_open and incident.told:
            opening = Publish(by=ITSELF, via="automatic", text=OPENING, title=TITLE, pages=automatic)
            publish(turn, opening)
        return
    if not public.is_open or not _has_ended(incident, before):
        return
    if set(public.pages) <= set(automatic):
        publish(turn, Publish(by=ITSELF, via="automatic", text=CLOSING, status=PublicStatus.RESOLVED))
    else:
        note = still_said(incident)
        turn.note("public", note)
        turn.update(Reason.REMINDER, note=note, ways=[told for told in incident.told if told.room])


def _has_ended(incident: Incident, before: Incident | None) -> bool:
    return incident.state is State.RESOLVED and before is not None and before.is_open


def still_said(incident: Incident) -> str:
    """What the world still believes of an incident that is over, and how to tell it; "" when it knows."""
    public = incident.response.public
    if public is None or public.last is None or not public.is_open or incident.is_open:
        return ""
    said = f"The status page ({', '.join(public.pages)}) still says “{public.last.status}: {public.last.text}”."
    return f"{said} Tell the world: tocsin incidents publish {incident.id} --status resolved TEXT"
