"""The pages where the world is told, as the YAML has them (`status_pages`), and what must hold for each.

They are no channels: nothing on them calls anybody, and no severity can name one by mistake.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from rules.event import Severity
from rules.reading.fields import Reference, Strict

NEEDS = {"statuspage": ("page", "token"), "instatus": ("page", "token"), "webhook": ("url", "secret")}
"""What each type cannot do without; the others' keys are of no use to it."""


class StatusPageConfig(Strict):
    """One page: Atlassian's Statuspage, Instatus, or a receiver of your own that shows what it is told."""

    type: Literal["statuspage", "instatus", "webhook"]
    page: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]{1,64}$")
    """The page's id over there."""
    token: Reference | None = None
    """A reference to its API key."""
    url: Reference | None = None
    """A reference to the address of a webhook: it may hold a token."""
    secret: Reference | None = None
    """A reference to what signs a webhook: `whsec_` and base64."""
    components: dict[str, str] = Field(default={})
    """What people call a component -> its id over there."""
    notify: bool = True
    """Are its subscribers written to?"""
    automatic: bool = False
    """May it be told without a person's yes that something is investigated, and that it is over?"""
    severities: list[Severity] = Field(default=[Severity.P1])
    """Of which incidents it is told without a person."""
    maintenance: bool = False
    """May it be told of every planned maintenance without a person's yes?"""
    api: str | None = Field(default=None, pattern=r"^https?://")
    """Where its API is, for tests."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        missing = [name for name in NEEDS[self.type] if getattr(self, name) is None]
        if missing:
            raise ValueError(f"a {self.type} needs {' and '.join(missing)}")
        useless = {name for names in NEEDS.values() for name in names} - set(NEEDS[self.type])
        if written := sorted(name for name in useless if getattr(self, name) is not None):
            raise ValueError(f"a {self.type} has no use for {' and '.join(written)}")
        return self


def automatic(pages: dict[str, StatusPageConfig], severity: Severity) -> tuple[str, ...]:
    """The pages that are told of an incident of this severity without a person."""
    return tuple(name for name, page in pages.items() if page.automatic and severity in page.severities)
