"""What a token of each role may ask of the API: every route by name. What is not listed is an admin's."""

from __future__ import annotations

import re
from functools import cache

from starlette.routing import compile_path

from router.accounts.audit import What
from router.console.visitor import Role

LEAST: dict[str, Role] = {
    "GET /incidents": Role.VIEWER,
    # Whoever sees that something is wrong must be able to say so: support staff are viewers.
    "POST /incidents": Role.VIEWER,
    "GET /incidents/{id}": Role.VIEWER,
    "POST /incidents/{id}/acknowledge": Role.RESPONDER,
    "POST /incidents/{id}/snooze": Role.RESPONDER,
    "POST /incidents/{id}/resolve": Role.RESPONDER,
    "POST /incidents/{id}/mitigate": Role.RESPONDER,
    "POST /incidents/{id}/severity": Role.RESPONDER,
    "POST /incidents/{id}/false-positive": Role.RESPONDER,
    "POST /incidents/{id}/assign": Role.RESPONDER,
    "POST /incidents/{id}/note": Role.RESPONDER,
    "POST /incidents/{id}/escalate": Role.RESPONDER,
    "POST /incidents/{id}/undo": Role.RESPONDER,
    "GET /incidents/{id}/export": Role.VIEWER,
    "GET /incidents/{id}/postmortem": Role.VIEWER,
    "POST /incidents/{id}/postmortem": Role.RESPONDER,
    "POST /incidents/{id}/postmortem/ask": Role.RESPONDER,
    "POST /incidents/{id}/postmortem/waive": Role.RESPONDER,
    "POST /incidents/{id}/postmortem/review": Role.RESPONDER,
    "POST /incidents/{id}/postmortem/actions": Role.RESPONDER,
    "POST /incidents/{id}/postmortem/actions/{number}": Role.RESPONDER,
    "GET /postmortems": Role.VIEWER,
    "GET /incidents/{id}/runbook": Role.VIEWER,
    "POST /incidents/{id}/runbook": Role.RESPONDER,
    "POST /incidents/{id}/check": Role.RESPONDER,
    "GET /checks": Role.VIEWER,
    "POST /checks/{name}/run": Role.RESPONDER,
    "GET /deployments": Role.VIEWER,
    "POST /deployments": Role.RESPONDER,
    "GET /incidents/{id}/brief": Role.VIEWER,
    "POST /incidents/{id}/part": Role.RESPONDER,
    "POST /incidents/{id}/update": Role.RESPONDER,
    "POST /incidents/{id}/impact": Role.RESPONDER,
    "POST /incidents/{id}/tick": Role.RESPONDER,
    "POST /incidents/{id}/untick": Role.RESPONDER,
    "POST /incidents/{id}/archive-channel": Role.RESPONDER,
    "POST /incidents/{id}/publish": Role.RESPONDER,
    "GET /sources": Role.VIEWER,
    "GET /sources/{name}": Role.VIEWER,
    "GET /numbers": Role.VIEWER,
    "GET /notifications": Role.VIEWER,
    "GET /notifications/{id}": Role.VIEWER,
    "POST /channels/{name}/test": Role.RESPONDER,
    "GET /schedules": Role.VIEWER,
    "POST /schedules/{name}/overrides": Role.RESPONDER,
    "POST /schedules/{name}/overrides/{id}/lift": Role.RESPONDER,
    "GET /deliveries": Role.VIEWER,
    "POST /deliveries/purge": Role.ADMIN,
    "GET /deliveries/{id}": Role.VIEWER,
    "GET /deliveries/{id}/explain": Role.VIEWER,
    "POST /deliveries/{id}/redeliver": Role.RESPONDER,
    "GET /silences": Role.VIEWER,
    "POST /silences": Role.RESPONDER,
    "POST /silences/{name}/lift": Role.RESPONDER,
    "GET /maintenance": Role.VIEWER,
    "POST /maintenance": Role.RESPONDER,
    "POST /maintenance/{name}/prolong": Role.RESPONDER,
    "POST /maintenance/{name}/end": Role.RESPONDER,
    "POST /maintenance/{name}/publish": Role.RESPONDER,
    "GET /rules": Role.VIEWER,
    "POST /rules/reload": Role.ADMIN,
    "GET /gates": Role.VIEWER,
    "GET /agenda": Role.VIEWER,
    "GET /queues": Role.VIEWER,
    "POST /agenda/{id}/retry": Role.RESPONDER,
    "POST /agenda/{id}/run": Role.RESPONDER,
    "POST /agenda/{id}/postpone": Role.RESPONDER,
    "POST /agenda/{id}/drop": Role.RESPONDER,
    "POST /queues/failed/{id}/requeue": Role.RESPONDER,
    "POST /queues/failed/{id}/remove": Role.RESPONDER,
    "GET /accounts": Role.ADMIN,
    "POST /accounts/first": Role.ADMIN,
    "POST /accounts/invites": Role.ADMIN,
    "POST /accounts/{name}/role": Role.ADMIN,
    "POST /accounts/{name}/person": Role.ADMIN,
    "POST /accounts/{name}/remove": Role.ADMIN,
    "POST /accounts/{name}/reset": Role.ADMIN,
    "GET /accounts/tokens": Role.ADMIN,
    "POST /accounts/tokens": Role.ADMIN,
    "POST /accounts/tokens/{id}/revoke": Role.ADMIN,
    "GET /audit": Role.ADMIN,
}
"""Method and path below /api -> the least role. A test compares it with the routes there are."""

AUDITED: dict[str, What] = {
    "POST /rules/reload": What.RULES_RELOADED,
    "POST /silences": What.SILENCED,
    "POST /silences/{name}/lift": What.SILENCE_LIFTED,
    "POST /maintenance": What.MAINTAINED,
    "POST /maintenance/{name}/prolong": What.MAINTENANCE_PROLONGED,
    "POST /maintenance/{name}/end": What.MAINTENANCE_ENDED,
    "POST /maintenance/{name}/publish": What.MAINTENANCE_PUBLISHED,
    "POST /deliveries/purge": What.PURGED,
    "POST /deliveries/{id}/redeliver": What.REDELIVERED,
    "POST /channels/{name}/test": What.TESTED,
    "POST /schedules/{name}/overrides": What.OVERRIDDEN,
    "POST /schedules/{name}/overrides/{id}/lift": What.OVERRIDE_LIFTED,
    "POST /agenda/{id}/retry": What.RETRIED,
    "POST /agenda/{id}/run": What.RUN,
    "POST /agenda/{id}/postpone": What.PUT_OFF,
    "POST /agenda/{id}/drop": What.DROPPED,
    "POST /queues/failed/{id}/requeue": What.REQUEUED,
    "POST /queues/failed/{id}/remove": What.FORGOT_JOB,
}
"""What the audit log tells of, once it has been done. Answers given by programs stand in their timelines only."""


def least(method: str, path: str) -> Role:
    """The least role that may ask this below /api: the highest of all rows that fit."""
    fitting = [LEAST[row] for row in _fitting(method, path)]
    return max(fitting, key=list(Role).index) if fitting else Role.ADMIN


def told_as(method: str, path: str) -> What | None:
    """What the audit log calls this, if it tells of it."""
    return next((AUDITED[row] for row in _fitting(method, path) if row in AUDITED), None)


def reading(method: str, _path: str) -> Role:
    """For what is only to be read: metrics, the demonstration's outbox."""
    return Role.VIEWER if method in ("GET", "HEAD") else Role.ADMIN


def _fitting(method: str, path: str) -> list[str]:
    method = "GET" if method == "HEAD" else method
    return [row for row, fits in _patterns() if row.startswith(f"{method} ") and fits.fullmatch(path)]


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    return [(row, compile_path(row.partition(" ")[2])[0]) for row in LEAST]
