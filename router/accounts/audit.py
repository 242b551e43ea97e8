"""Who did what, when and from where: a capped list in Redis, and a line in the log for whoever keeps it longer."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from redis.exceptions import RedisError
from starlette.requests import HTTPConnection

from router.accounts.whence import address_of
from router.context import Context
from workers import keys, log
from workers.plain import plain

MOST, MOST_FAILED = 10_000, 2_000
"""Failures have a list of their own: whoever tries a thousand passwords must not push out what they did before."""


class What(StrEnum):
    """What can be done that the audit log tells of."""

    SIGNED_IN = "signed in"
    NOT_SIGNED_IN = "could not sign in"
    SIGNED_OUT = "signed out"
    SIGNED_OUT_ELSEWHERE = "signed out elsewhere"
    INVITED = "invited"
    WITHDREW = "withdrew an invitation"
    JOINED = "made their account"
    PASSWORD_RESET = "sent a link for a new password"  # noqa: S105 - what was done
    PASSWORD_CHANGED = "changed their password"  # noqa: S105 - what was done
    ROLE_CHANGED = "changed a role"
    PERSON_CHANGED = "changed who somebody is"
    REMOVED = "removed an account"
    TOKEN_MADE = "made a token"  # noqa: S105 - what was done
    TOKEN_REVOKED = "revoked a token"  # noqa: S105 - what was done
    RULES_RELOADED = "read the rules again"
    SILENCED = "set a silence"
    SILENCE_LIFTED = "lifted a silence"
    MAINTAINED = "began a maintenance"
    MAINTENANCE_PROLONGED = "prolonged a maintenance"
    MAINTENANCE_ENDED = "ended a maintenance"
    MAINTENANCE_PUBLISHED = "told the world of a maintenance"
    PURGED = "purged deliveries"
    REDELIVERED = "handed a delivery in again"
    RETRIED = "retried what was given up"
    RUN = "ran a promise now"
    PUT_OFF = "put a promise off"
    DROPPED = "dropped a promise"
    REQUEUED = "queued a failed job again"
    FORGOT_JOB = "forgot a failed job"
    ANSWERED = "answered an incident"
    PUBLISHED = "told the world of an incident"
    OVERRIDDEN = "put somebody else on call"
    OVERRIDE_LIFTED = "lifted an override"
    TESTED = "tested a channel"
    TRIED = "sent a test alert"
    POSTMORTEM_WRITTEN = "wrote a post-mortem"
    POSTMORTEM_CHANGED = "changed what a post-mortem owes"
    REPORTED = "reported an incident"
    CHECKED = "ran a check"
    WORKED_THROUGH = "worked through a runbook"


class Act(BaseModel):
    """One line of the audit log. Times are Unix seconds."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    at: float
    who: str
    what: str
    about: str = ""
    """Whom or what it concerns."""
    via: str = ""
    address: str = ""


async def audit(
    context: Context, request: HTTPConnection, what: What, who: str, *, about: str = "", via: str = ""
) -> None:
    """Write it down. What was done stays done when Redis is away: then it stands in the log only, which says so."""
    act = Act(
        at=context.clock.now(),
        who=plain(who, 80),
        what=what,
        about=plain(about, 300),
        via=via,
        address=address_of(context, request),
    )
    said = act.model_dump(exclude={"at", "what"})
    failed = what is What.NOT_SIGNED_IN
    try:
        await _push(context.fast, act, failed)
    except RedisError as wrong:
        log.get("audit").error("not in the audit log", what=str(what), why=type(wrong).__name__, **said)
        return
    log.get("audit").info(str(what), **said)


async def _push(redis: Any, act: Act, failed: bool) -> None:
    pipe = redis.pipeline(transaction=True)
    name = keys.ACTS_FAILED if failed else keys.ACTS
    pipe.lpush(name, act.model_dump_json())
    pipe.ltrim(name, 0, (MOST_FAILED if failed else MOST) - 1)
    await pipe.execute()


async def latest(redis: Any, limit: int, before: float | None = None) -> list[Act]:
    """The newest first, failures among them in their place; `before`: only what is older. Redis' errors pass."""
    pipe = redis.pipeline(transaction=False)
    # To go back in time is rare, and then the lists are read whole: 12,000 short lines.
    most = limit - 1 if before is None else -1
    pipe.lrange(keys.ACTS, 0, most)
    pipe.lrange(keys.ACTS_FAILED, 0, most)
    done, failed = await pipe.execute()
    acts = [act for text in (*done, *failed) if (act := _read(text)) is not None]
    older = [act for act in acts if before is None or act.at < before]
    return sorted(older, key=lambda act: -act.at)[:limit]


def _read(text: bytes) -> Act | None:
    try:
        return Act.model_validate_json(text)
    except ValidationError:
        return None
