"""`/api/incidents/{id}/runbook`: what the runbook asks, and the answers to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from router import runbooks
from router.accounts.caller import in_their_name
from router.api.asked import Line
from router.api.commands import read_body_as
from router.context import Context
from router.requests import headers_of, read_body
from rules.incident import Incident
from rules.responding.response_commands import Tick
from rules.runbooks.progress import Progress

Find = Callable[[str], Incident]


class Worked(BaseModel):
    """What somebody did of a runbook: one of the four."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    by: Line
    via: Literal["api", "command line", "console"] = "api"
    runbook: str | None = Field(default=None, max_length=64)
    """Another than the rule's."""
    tick: str | None = Field(default=None, max_length=200)
    """A step that is done, by its number or its id."""
    untick: str | None = Field(default=None, max_length=200)
    """One that is not done after all."""
    answer: str | None = Field(default=None, max_length=60)
    """To the question that is open, or to `question`."""
    reopen: str | None = Field(default=None, max_length=200)
    """A question, by its id, to be asked again."""
    question: str | None = Field(default=None, max_length=200)
    """By its id: the one that is answered."""

    @model_validator(mode="after")
    def _one(self) -> Worked:
        if sum(getattr(self, one) is not None for one in runbooks.BUTTONS) != 1:
            raise ValueError(f"expected one of {', '.join(runbooks.BUTTONS)}")
        return self

    def command(self, at: Progress) -> Any:
        """What it asks. Raises Problem 422."""
        if self.answer is not None:
            return runbooks.asked(at, "answer", self.question, self.answer, self.by, self.via)
        what = next(one for one in runbooks.BUTTONS if getattr(self, one) is not None)
        return runbooks.asked(at, what, getattr(self, what), "", self.by, self.via)


class RunbookApi:
    """The endpoints; `router.api.routes` lists them and answers for Redis."""

    def __init__(self, context: Context, find: Find) -> None:
        self._context = context
        self._find = find

    async def show(self, request: Request) -> dict[str, Any]:
        """The runbook with what is done of it; `?name=` takes another than the rule's."""

        def read() -> dict[str, Any]:
            incident = self._find(request.path_params["id"])
            return self._told(incident, request.query_params.get("name") or None)

        return await run_in_threadpool(read)

    async def work(self, request: Request) -> dict[str, Any]:
        """Something of it is done, or not done after all."""
        body = await read_body(headers_of(request.scope["headers"]), request.receive, self._context.settings.body_limit)
        said = read_body_as(Worked, in_their_name(request, body))

        def obey() -> dict[str, Any]:
            before = self._find(request.path_params["id"])
            command = said.command(runbooks.needed(before, self._written, said.runbook))
            after = self._context.ledger.answer(before.id, command, runbooks.closed)
            return {**self._told(after, said.runbook), **_became(command, after), "by": said.by}

        return await run_in_threadpool(obey)

    @property
    def _written(self) -> dict[str, str]:
        return dict(self._context.in_force.ruleset.runbooks)

    def _told(self, incident: Incident, name: str | None) -> dict[str, Any]:
        at = runbooks.needed(incident, self._written, name)
        return {"incident": incident.id, "open": incident.is_open, **runbooks.told(at), "others": sorted(self._written)}


def _became(command: Any, after: Incident) -> dict[str, Any]:
    """Whose it is now: of two who tick at once the first stays."""
    done = after.response.ticks.get(command.item)
    return {"item": command.words, "done_by": done.by if done and isinstance(command, Tick) else None}
