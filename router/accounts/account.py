"""One person who may sign in."""

from __future__ import annotations

import re
import secrets

from pydantic import BaseModel, ConfigDict, Field

from router.console.visitor import Role

_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}", re.ASCII)


class Account(BaseModel):
    """As it stands in Redis. A later release may add fields: what this one does not know is left alone."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    key: str
    """Its field in Redis: the name, or `oidc:` and a digest of whom the issuer knows."""
    id: str = Field(default_factory=lambda: secrets.token_hex(8))
    """Another one for each account: a session of a removed account is not one of its successor of the same name."""
    name: str
    """What is typed to sign in; small letters."""
    role: Role
    person: str | None = None
    """Who of the rules' `people:` this is."""
    password: str | None = Field(default=None, repr=False)
    """An argon2id hash; None for one who signs in elsewhere."""
    made_at: float
    made_by: str = ""

    @property
    def speaks_as(self) -> str:
        """What stands in timelines."""
        return self.person or self.name


def folded(name: str) -> str:
    """The name as it is kept: in small letters, without the spaces a keyboard adds.

    >>> folded(" Ana ")
    'ana'
    """
    return name.strip().lower()


def wrong_name(name: str) -> str | None:
    """Why this (folded) name cannot be one, or None."""
    if not name:
        return "Choose a name to sign in with, like ana or ana@example.com."
    if not _NAME.fullmatch(name):
        return (
            "A name has up to 64 letters a to z, digits, and . _ @ + - between them; it begins with a letter or digit."
        )
    return None
