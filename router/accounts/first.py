"""The first link, said where whoever starts Tocsin looks: without it nobody could make the first account."""

from __future__ import annotations

import asyncio
import sys

from redis.exceptions import RedisError

from router.accounts.invites import Invites
from router.context import Context

AGAIN = 5.0
"""Seconds between two tries to reach Redis."""


def in_words(link: str) -> str:
    """Two lines for a terminal."""
    return (
        f"  There is no admin yet. Make your account here:  {link}\n"
        "  The link makes the first admin and works once; keep it to yourself."
    )


async def announce(context: Context) -> None:
    """Print it on stderr, beside the log; nothing where there is an admin. Waits for Redis."""
    invites = Invites(context.fast, context.clock, context.secrets)
    while True:
        try:
            word = await invites.first()
        except RedisError:
            await asyncio.sleep(AGAIN)
            continue
        if word is not None:
            sys.stderr.write(in_words(f"{context.settings.base_url}/welcome/{word}") + "\n")
            sys.stderr.flush()
        return
