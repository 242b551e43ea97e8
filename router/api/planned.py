"""What a person may have the world told of a maintenance: exactly what becomes public, and then that it does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from router.api.announce_commands import Public, Title, known
from router.api.asked import Line
from router.context import Context
from router.problems import Problem
from rules.announcing.planned import OVER, Announced, Phase, Standing, again, coming, itself
from rules.announcing.public import NO_PAGE
from rules.holds.maintenance import Maintenance
from workers.announcing import announced


class AskedToAnnounce(BaseModel):
    """The world is to read this, in exactly these words."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    by: Line
    title: Title | None = None
    """The first time it needs one."""
    text: Public
    over: Public | None = None
    """What is said at the end."""
    components: list[Line] = Field(default=[], max_length=50)
    pages: list[Line] = Field(default=[], max_length=50)
    """On which status pages; by default on all. Those that have it are told in any case."""


class Planning:
    """What is public of maintenances, and what becomes so. All of it blocks on Redis, whose errors pass through."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def words(self, one: Maintenance, asked: AskedToAnnounce, now: float) -> Announced:
        """What would be public. Raises Problem 409 and 422."""
        pages = self._context.ledger.roster().status_pages
        if not pages:
            raise Problem(409, NO_PAGE)
        if one.end <= now:
            raise Problem(409, f"The maintenance {one.name} is over: there is nothing to publish of it.")
        known(asked.pages, list(pages), "pages", "status page")
        known(asked.components, sorted({name for each in pages.values() for name in each}), "components", "component")
        before = announced.words(self._context.redis, one.name)
        title = asked.title or (before.title if before is not None else None)
        if title is None:
            expected = "a title, as the public will read it: the first publication needs one"
            raise Problem(422, f"title: expected {expected}", errors=[{"field": "title", "expected": expected}])
        return Announced(
            title=title,
            text=asked.text,
            over=asked.over or (before.over if before is not None else OVER),
            components=tuple(dict.fromkeys(asked.components)) or (before.components if before is not None else ()),
            pages=tuple(dict.fromkeys(asked.pages)) or (before.pages if before is not None else tuple(pages)),
            by=asked.by,
            at=now,
            first=now,
        )

    def publish(self, one: Maintenance, asked: AskedToAnnounce, now: float) -> None:
        """Every page is told. Raises Problem 409 and 422."""
        announced.publish(self._context.redis, one.name, self.words(one, asked, now), now)

    def preview(self, one: Maintenance, said: Announced, now: float) -> dict[str, Any]:
        """Everything that becomes public by these words, and where."""
        return {
            "title": said.title,
            "texts": [{"when": when, "text": text} for when, text in coming(one, said, now)],
            "components": list(said.components),
            "pages": list(said.pages),
        }

    def itself(self, one: Maintenance, now: float) -> Announced | None:
        """What the YAML lets pages be told without a person."""
        return itself(one, self._context.in_force.ruleset.config.status_pages, now)

    def longer(self, name: str, say: str | None, by: str, now: float) -> Announced | None:
        """The words in which pages are told that it takes longer, where a person has some. Raises Problem 409."""
        if say is None:
            return None
        public = self._known(name)
        return again(public, replace(public, text=say, by=by, at=now))

    def over(self, name: str, say: str | None) -> Announced | None:
        """The words in which they are told of its end, where a person has others. Raises Problem 409."""
        return None if say is None else replace(self._known(name), over=say)

    def _known(self, name: str) -> Announced:
        public = announced.words(self._context.redis, name)
        if public is None:
            how = f"tocsin maintenance publish {name} --title TITLE TEXT"
            raise Problem(409, f"Nothing was done: the world knows nothing of the maintenance {name}. Tell it: {how}")
        return public

    def shown(self, one: Maintenance) -> dict[str, Any] | None:
        """What is public of it; None where nothing is, and the rules have no page where it could be."""
        said = announced.words(self._context.redis, one.name)
        if said is None:
            return {"said": None, "pages": {}} if self._context.in_force.ruleset.config.status_pages else None
        whole = {"title": said.title, "text": said.text, "over": said.over, "by": said.by, "at": said.at}
        return {
            "said": {**whole, "components": list(said.components)},
            "pages": {page: self._on(one, said, page) for page in said.pages},
        }

    def _on(self, one: Maintenance, said: Announced, page: str) -> dict[str, Any]:
        on: Standing = announced.standing(self._context.redis, one.name, page)
        now = self._context.clock.now()
        return {
            "says": on.phase,
            "up_to_date": _is_told(one, said, on, now),
            "url": on.url,
            "trouble": on.trouble or None,
        }


def _is_told(one: Maintenance, said: Announced, on: Standing, now: float) -> bool:
    if now >= one.end:
        return on.phase is Phase.COMPLETED or (on.phase is None and on.tried is None)
    return on.phase is not None and on.number == said.number and abs(on.until - one.end) <= 1
