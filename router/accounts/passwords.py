"""Passwords: what a good one is, and their argon2id hashes, reckoned in threads and never many at once."""

from __future__ import annotations

import unicodedata

from anyio import CapacityLimiter, to_thread
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 12
"""Characters; NIST SP 800-63B asks for length rather than for kinds of characters."""
LONGEST = 256
AT_ONCE = 2
"""Hashes reckoned at the same time in one process: each takes 64 MiB and a core for a fifth of a second."""
QUEUE = 30
"""Of those that wait beyond, somebody is told to come again: about three seconds of work."""

# The library's defaults are the second choice of RFC 9106, section 4: 64 MiB, three passes, four lanes.
_HASHER = PasswordHasher()
# Verified where there is no such account, so that an unknown name takes as long as a wrong password.
_NOBODYS = "$argon2id$v=19$m=65536,t=3,p=4$bm9ib2R5IGhhcyBpdA$qVoNmpeILrIuM5mYAwXtCLQNmfkNqOBfYl1vQpJpTVY"
_USUAL = ("password", "passw0rd", "qwertyuiop", "1234567890", "letmein", "iloveyou", "tocsin", "abcdefghij", "changeme")


class Busy(Exception):
    """Too many passwords are being looked at."""


def wrong_password(password: str, name: str) -> str | None:
    """Why this password will not do for somebody of this name, or None."""
    length = len(_plain(password))
    if not length:
        return "Choose a password."
    if length < SHORTEST:
        return f"This password has {length} character{'' if length == 1 else 's'}; take at least {SHORTEST}. " + _ADVICE
    if length > LONGEST:
        return f"This password has {length} characters; {LONGEST} are enough."
    if _is_guessed(_plain(password).lower(), name.lower()):
        return (
            "This password is among the first that are tried: it repeats itself, your name, or a usual word. " + _ADVICE
        )
    return None


_ADVICE = "Four or five words that have nothing to do with each other are long and easy to keep."


def _is_guessed(password: str, name: str) -> bool:
    """Is little left of it once the usual words and the name are taken away?"""
    rest = password
    for word in (*_USUAL, *([name, name.partition("@")[0]] if len(name) > 2 else [])):
        rest = rest.replace(word, "")
    return len(set(password)) < 5 or len(rest.strip("0123456789!?._- ")) < 4


class Passwords:
    """One per process."""

    def __init__(self) -> None:
        self._limiter: CapacityLimiter | None = None

    async def hashed(self, password: str) -> str:
        """The hash to keep. Raises Busy."""
        return await to_thread.run_sync(_HASHER.hash, _plain(password), limiter=self._room())

    async def fits(self, password: str, kept: str | None) -> bool:
        """Is this the password whose hash is `kept`? Takes as long when nothing is. Raises Busy."""
        room = self._room()
        # What is longer than a password may be is none; it must take the same time all the same.
        fits = await to_thread.run_sync(_verified, kept or _NOBODYS, _plain(password)[:LONGEST], limiter=room)
        return fits and kept is not None and len(_plain(password)) <= LONGEST

    def _room(self) -> CapacityLimiter:
        if self._limiter is None:
            self._limiter = CapacityLimiter(AT_ONCE)
        if self._limiter.statistics().tasks_waiting >= QUEUE:
            raise Busy
        return self._limiter


def is_dated(kept: str) -> bool:
    """Was it hashed with other parameters than today's?"""
    return _HASHER.check_needs_rehash(kept)


def _verified(kept: str, password: str) -> bool:
    try:
        return _HASHER.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


def _plain(password: str) -> str:
    """One form for what keyboards compose in several (RFC 8265 asks for NFC)."""
    return unicodedata.normalize("NFC", password)
