"""Checklists: what must be so before an incident is closed, as the operator writes it and as it is frozen into one."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from rules.duration import show_duration
from rules.plan import Item
from rules.reading.fields import Duration, Strict

VERIFY = "verify:"
"""How the ids of these items begin."""
EVERYTHING = "verify:*"
"""All of them at once."""
_BY_ITSELF = ("check", "quiet_for", "green")


class ChecklistItem(Strict):
    """One item: `text` for people to tick, or what says it by itself."""

    text: str | None = None
    check: str | None = None
    """The name of a check, whose good outcome ticks it."""
    quiet_for: Duration | None = None
    """No event of the incident for so long."""
    green: str | None = None
    """Nothing fires any more of this source, type or family."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        said = [name for name in _BY_ITSELF if getattr(self, name) is not None]
        if len(said) > 1:
            raise ValueError(f"an item is one of {', '.join(_BY_ITSELF)}, found {' and '.join(said)}")
        if not said and not (self.text or "").strip():
            raise ValueError("expected what must be so, like: - users can log in")
        return self

    @property
    def words(self) -> str:
        """As people read it."""
        if self.text:
            return " ".join(self.text.split())
        if self.check is not None:
            return f"the check «{self.check}» is good"
        if self.quiet_for is not None:
            return f"no event for {show_duration(self.quiet_for)}"
        return f"nothing fires any more in {self.green}"


def written(item: object) -> object:
    """`- users can log in` for `- {text: users can log in}`."""
    return {"text": item} if isinstance(item, str) else item


Checklist = Annotated[
    list[Annotated[ChecklistItem, BeforeValidator(written)]],
    Field(min_length=1),
]


def items(checklist: Iterable[ChecklistItem]) -> tuple[Item, ...]:
    """The items as an incident keeps them. An id is made of the words: it stays while they stay."""
    return tuple(
        Item(id=item_id(one.words), text=one.words, check=one.check, quiet_for=one.quiet_for, green=one.green)
        for one in checklist
    )


def item_id(words: str) -> str:
    """`verify:users-can-log-in-1f0c`: readable, and told apart by the rest where that is cut or not ASCII."""
    slug = "-".join(re.findall(r"[a-z0-9]+", words.lower()))[:32].strip("-")
    mark = hashlib.blake2b(words.encode("utf-8", "surrogatepass"), digest_size=2).hexdigest()
    return f"{VERIFY}{slug}-{mark}" if slug else f"{VERIFY}{mark}"
