"""Who looks at the console, and what they may do there."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """What an account may do; each includes those before it."""

    VIEWER = "viewer"
    """Sees everything but secrets."""
    RESPONDER = "responder"
    """Answers incidents, moves promises, silences, overrides."""
    ADMIN = "admin"
    """Accounts, tokens, rules, and what cannot be taken back."""

    def may(self, needed: Role) -> bool:
        """Does this role include `needed`?

        >>> Role.ADMIN.may(Role.VIEWER)
        True
        """
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Somebody signed in, for one request."""

    name: str
    """As it stands in timelines: the person of the YAML they are, else the account's name."""
    role: Role
    via: str
    """How they came in: `password`, `oidc`, `proxy`, `home` (the demonstration on this very machine), or `slack`."""
    csrf: str = field(repr=False)
    """What every form of theirs carries."""
    account: str = ""
    """The key of their account; empty: they have none here (`proxy`, `home`)."""
    session: str = field(default="", repr=False)
    """The digest of the session this page belongs to."""

    def carries(self, given: str) -> bool:
        """Is this what a form of theirs carries? In constant time."""
        return hmac.compare_digest(given.encode(), self.csrf.encode())

    def may(self, needed: Role) -> bool:
        """May they do what needs this role?"""
        return self.role.may(needed)
