"""`tocsin backup` and `tocsin restore`: everything Tocsin knows, in one file, and back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import click
from redis import Redis
from redis.exceptions import RedisError

from router.cli.session import UNREACHABLE, USAGE, Command, Failure, Session, pass_session
from router.cli.showing import exact
from rules.upcast import NewerRecord
from workers import backup as keeping
from workers import embedded, release
from workers.store import connect

TIMEOUT = 30.0
"""Seconds one page of keys may take: there is no hurry here."""


@click.command(cls=Command)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@pass_session
def backup(session: Session, file: Path) -> None:
    """Write incidents, histories, promises and the inbox into FILE, while Tocsin may be running.

    It holds what senders sent: only you may read it. Rules and secrets are not in it.
    """
    with redis_of(session) as redis, _failing(file):
        _say(session, keeping.write(redis, file), f"Written to {file}")


@click.command(cls=Command)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--force", is_flag=True, help="Forget what this Redis holds of Tocsin's.")
@click.option("--check", "only_check", is_flag=True, help="Only read FILE to its end.")
@pass_session
def restore(session: Session, file: Path, force: bool, only_check: bool) -> None:
    """Put back what `tocsin backup` wrote. Stop every receiver and worker first, start them afterwards.

    Promises that have come due meanwhile are kept at once: people are told late, not never.
    """
    if only_check:
        with _failing(file):
            _say(session, keeping.examine(file), f"{file} is whole")
        return
    with redis_of(session) as redis, _failing(file):
        _say(session, keeping.restore(redis, file, force=force), f"Restored from {file}")


def _say(session: Session, summary: keeping.Summary, what: str) -> None:
    begun = exact(summary.at)
    sentence = f"{what}: {summary.keys} keys, {summary.incidents} incidents, as it stood at {begun}."
    session.answer(asdict(summary), lambda: session.line(sentence))


@contextmanager
def redis_of(session: Session, *, new: bool = True) -> Iterator[Redis]:
    """The Redis of REDIS_URL, else the one that `up` keeps in its folder; without `new` none is begun there.

    A folder where nobody has kept anything is no empty inbox: whoever asks stands in the wrong place.
    """
    settings = session.settings
    if settings.redis_url is None and not new and not embedded.holds(settings.data):
        then = "Set REDIS_URL to the Redis of your Tocsin, or TOCSIN_DATA to the folder of its `up`."
        where = settings.data.absolute()
        raise Failure(f"no Tocsin has kept anything in {where}", then, code=UNREACHABLE)
    try:
        if settings.redis_url is not None:
            with _connected(settings.redis_url.get_secret_value()) as redis:
                yield redis
        else:
            with embedded.borrowed(settings.data) as url, _connected(url) as redis:
                yield redis
    except RedisError as wrong:
        raise Failure(
            f"Redis is not to be had ({type(wrong).__name__})", "Check REDIS_URL and that it runs.", code=UNREACHABLE
        ) from None
    except embedded.Taken:
        raise Failure(f"another Tocsin is starting in {settings.data}", "Try again in a moment.") from None
    except embedded.NoServer as wrong:
        raise Failure(str(wrong), code=USAGE) from None


def _connected(url: str) -> Redis:
    try:
        return connect(url, TIMEOUT)
    except ValueError:
        # The message of the library may hold the address with its password.
        raise Failure("REDIS_URL is no address of a Redis", "Like redis://host:6379/0", code=USAGE) from None


@contextmanager
def _failing(file: Path) -> Iterator[None]:
    try:
        yield
    except keeping.Refused as refused:
        then = "With --force it is forgotten first." if "not empty" in str(refused) else "Nothing was changed."
        raise Failure(str(refused), then) from None
    except NewerRecord as newer:
        raise Failure(f"{file} holds {newer}", release.ADVICE) from None
    except OSError as wrong:
        raise Failure(f"{file}: {wrong.strerror}", "Name another file.") from None
