"""`/api/rules`: which rules are in force and since when, why new ones are not, and the word to read them again."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from router.context import Context
from router.problems import Problem
from workers.rulebook import edition
from workers.rulebook.edition import Refusal
from workers.rulebook.reload import NotInForce


class Editions:
    """The endpoints. Redis' errors pass through."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def show(self, _request: Request) -> dict[str, Any]:
        """What is in force, for everybody and in this process."""
        return await run_in_threadpool(self.told)

    async def reload(self, _request: Request) -> dict[str, Any]:
        """Read this receiver's folder, and put it into force. Raises Problem 409 with every reason why not."""
        before = self._context.in_force.ruleset.version
        try:
            await run_in_threadpool(self._propose)
        except NotInForce as refused:
            detail = f"The rules {before} stay in force: {refused.why[0]}"
            raise Problem(409, detail, why=list(refused.why), version=before) from None
        said = await run_in_threadpool(self.told)
        return {**said, "before": before, "changed": said["version"] != before}

    def _propose(self) -> None:
        if self._context.reload is None:
            raise NotInForce(("this process was started with rules that never change",))
        self._context.reload.propose("a person's word")

    def told(self) -> dict[str, Any]:
        """What is in force, what was refused, and why this receiver goes by other rules. Blocks on Redis."""
        found = edition.current(self._context.redis)
        here = self._context.in_force.ruleset.version
        return {
            "version": found.version if found else here,
            "since": found.at if found else None,
            "by": found.by if found else None,
            "files": sorted(found.written.texts) if found else [],
            "here": here,
            "trouble": self._context.reload and self._context.reload.trouble,
            "refused": refused(edition.refusal(self._context.redis)),
        }


def refused(refusal: Refusal | None) -> dict[str, Any] | None:
    """A refusal as the API tells it."""
    return None if refusal is None else {"at": refusal.at, "by": refusal.by, "why": list(refusal.why)}


def complaints(context: Context) -> list[str]:
    """A line for each reason why new rules are not in force, for /readyz. Raises Redis' errors."""
    lines = []
    if context.reload is not None and context.reload.trouble is not None:
        lines.append(context.reload.trouble)
    found = edition.refusal(context.redis)
    if found is not None:
        more = f" (and {len(found.why) - 1} more)" if len(found.why) > 1 else ""
        lines.append(f"new rules are refused, the old ones stay: {found.why[0]}{more}")
    return lines
