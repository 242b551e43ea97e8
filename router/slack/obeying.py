"""What one person asks in Slack, done: the same commands as everywhere, and the truth about what came of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from redis import Redis

from router.answering.answer import standing
from router.console.answering import answered, command
from router.console.coming import coming
from router.console.visit import Visit
from router.context import Context
from router.problems import Problem
from router.slack.reading import Said
from router.slack.words import VERBS, Ask, Unclear, given, help_of, looks_like_an_id, verb_of
from router.sources.signatures import WINDOW
from rules.incident import Incident
from rules.responding.verification import checklist, missing, named
from workers import keys
from workers.channels.slack.talking import SHAPES
from workers.plain import clock, plain, since
from workers.store import Ambiguous, Store
from workers.telling.compose import where

SHORT = 6
"""Characters of an id in a list: a few hundred thousand incidents later two of them may begin alike."""
SHOWN = 12
"""Incidents that a list shows."""
LOOKED = 500
"""Incidents looked through for the one whose channel somebody types in."""
A_MINUTE, MOST = 60, 30
"""In so many seconds one person may ask so often."""


@dataclass(frozen=True, slots=True)
class Done:
    """What whoever asked is told. `url`: a page of ours that shows it."""

    lines: tuple[str, ...]
    about: str = ""
    """For the audit log; "": nothing was done."""
    url: str = ""


def obey(visit: Visit, said: Said, proof: str) -> Done:
    """Do it. `proof` is the request's signature. Blocks on Redis; raises its errors, and Busy."""
    try:
        _once(visit.context.redis, proof, said.member)
        if said.press is not None:
            return _asked(visit, said, said.press)
        return _typed(visit, said)
    except Unclear as why:
        return Done((str(why), f"`{said.command} help` shows what can be typed."))
    except Problem as wrong:
        return Done((wrong.detail.removesuffix(" Please go back."),))


def _once(redis: Redis, proof: str, member: str) -> None:
    """Whoever got hold of a request of Slack's cannot have it done again, and nobody keeps Tocsin busy."""
    count = keys.asked("member", member)
    with redis.pipeline(transaction=True) as pipe:
        # A request is taken from one window before its time to one after it.
        pipe.set(keys.asked("signature", proof), 1, nx=True, ex=int(2 * WINDOW))
        pipe.set(count, 0, nx=True, ex=A_MINUTE)
        pipe.incr(count)
        new, _, times = pipe.execute()
    if not new:
        raise Problem(409, "This was asked already, and is not done twice.")
    if int(times) > MOST:
        raise Problem(429, f"That was more than {MOST} within a minute: nothing was done. Please wait a moment.")


def _typed(visit: Visit, said: Said) -> Done:
    name, rest = verb_of(said.words)
    if name == "help":
        return Done(help_of(said.command))
    if name == "list":
        return Done(tuple(_listed(visit.context.store, visit.now)))
    verb = VERBS.get(name)
    if verb is None:
        raise Unclear(f"“{name[:30]}” is none of {', '.join(VERBS)} and list.")
    incident, rest = _meant(visit.context.store, said.room, rest, verb.usage)
    if name == "show":
        return _shown(visit, incident)
    return _asked(visit, said, Ask(verb.what, incident, given(verb, rest)))


def _asked(visit: Visit, said: Said, ask: Ask) -> Done:
    """A command, through the same table and the same ledger as the console's buttons."""
    context = visit.context
    if context.store.incident(ask.incident) is None:
        raise Problem(404, "This incident is not here: it was resolved long ago, or is another Tocsin's.")
    outcome = command(visit, ask.what, dict(ask.given), [ask.incident])
    # The refusal of the ledger names commands of the terminal; the same can be typed here.
    lines = [outcome.text.replace("`tocsin incidents ", f"`{said.command} ")]
    if outcome.done and ask.what in ("acknowledge", "snooze"):
        lines += _next(visit, context.store.incident(ask.incident))
    return Done(tuple(lines), answered(ask.what, outcome.done) if outcome.done else "", _page(context, ask.incident))


def _meant(store: Store, room: str, rest: str, usage: str) -> tuple[str, str]:
    """The incident's id, and the line without it. Raises Unclear."""
    word, _, behind = rest.partition(" ")
    found = _found(store, word) if looks_like_an_id(word) else None
    here = _of_room(store, room) if found is None else None
    if here is not None:
        return here.id, rest
    if not word:
        raise Unclear(f"{usage}: which one? In an incident's own channel the ID may be left out.")
    found = found or _found(store, word)
    if found is None:
        raise Unclear(f"No incident here has an ID that begins with “{plain(word, 30)}”.")
    return found, behind.strip()


def _found(store: Store, word: str) -> str | None:
    try:
        return store.full_id(word)
    except Ambiguous:
        raise Unclear(f"Several IDs begin with “{plain(word, 30)}”: write more of it.") from None


def _of_room(store: Store, room: str) -> Incident | None:
    """Whose own channel this is; of what is over, too, until it is archived."""
    if not room:
        return None
    for open_only in (True, False):
        for one in store.incidents(open_only=open_only, limit=LOOKED):
            own = one.response.room
            if own is not None and own.id == room:
                return one
    return None


def _listed(store: Store, now: float) -> Iterator[str]:
    found = store.incidents(limit=LOOKED)
    told = sorted((one for one in found if one.parent is None), key=lambda one: (one.severity, one.opened_at))
    if not found:
        yield "Nothing is open."
    for one in told[:SHOWN]:
        title = plain(one.title, 80)
        yield f"{SHAPES[one.severity]} {one.severity} `{one.id[:SHORT]}` {title} · {plain(standing(one, now), 120)}"
    if len(told) > SHOWN:
        yield f"and {len(told) - SHOWN} more"
    if len(found) > len(told):
        yield f"{len(found) - len(told)} more are kept quiet while another lasts"


def _shown(visit: Visit, incident_id: str) -> Done:
    one, now = visit.context.store.incident(incident_id), visit.now
    if one is None:
        raise Problem(404, "This incident is gone: it was resolved long ago.")
    lines = [
        f"{SHAPES[one.severity]} {one.severity} `{one.id[:SHORT]}` {plain(one.title, 200)}",
        plain(standing(one, now), 200),
        " · ".join(filter(None, (plain(where(one), 200), f"since {since(one.opened_at, now, one.resolved_at)}"))),
        *_next(visit, one),
        *(f"{line.number}. {'✓' if line.done else '☐'} {plain(line.item.text, 200)}" for line in checklist(one, now)),
    ]
    return Done(tuple(lines), url=_page(visit.context, one.id))


def _next(visit: Visit, one: Incident | None) -> Iterator[str]:
    """What comes by itself, and what stands in the way of the end."""
    if one is None or not one.is_open:
        return
    due = coming(one, visit.context.in_force.ruleset.config)
    if due.at is not None:
        yield f"Next, at {clock(due.at, visit.now)}: {plain(due.what, 200)}."
    left = missing(one, visit.now)
    if left:
        yield f"To be verified before it is closed: {named(left)}."


def _page(context: Context, incident: str) -> str:
    return f"{context.settings.base_url}/incidents/{incident}"
