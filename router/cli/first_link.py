"""What whoever starts a Tocsin for the first time reads: where to make the first account."""

from __future__ import annotations

import click
import orjson

from router.accounts import first
from workers.channels.contract import Undelivered
from workers.outward import call
from workers.settings import Settings


def say_first_link(settings: Settings) -> None:
    """Where the first account is made, on stderr: the receivers know; nothing where there is one."""
    bearer = {"authorization": f"Bearer {settings.api_token[0].get_secret_value()}"}
    try:
        reply = call("POST", f"http://{settings.host}:{settings.port}/api/accounts/first", headers=bearer)
    except Undelivered:
        return
    link = orjson.loads(reply.body).get("link") if reply.status == 200 else None
    if link is not None:
        click.echo(first.in_words(link), err=True)
