"""Does PostgreSQL answer a query, and has it connections left? Needs the extra `tocsin[postgres]`."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Annotated, Any, cast

from pydantic import Field

from rules.reading.fields import Reference
from rules.responding.triage import Found
from workers.checks.contract import CannotRun, CheckOptions, CheckType, Means, Said, in_time

MISSING = "PostgreSQL's client is not installed: install Tocsin with its extra, tocsin[postgres]"
# Not pg_stat_activity: that has the server's own processes too, and hides from others' eyes which those are.
_COUNT = "select sum(numbackends)::int, current_setting('max_connections')::int from pg_stat_database"


class PostgresOptions(CheckOptions):
    """One query: how many connections there are, of how many."""

    url: Reference
    """A reference to its address: postgresql://user:password@host:5432/shop. Any user may look."""
    full_at: Annotated[int, Field(ge=1, le=100)] = 90
    """Per cent of its connections in use from which on it has failed."""


def look(options: CheckOptions, means: Means) -> Said:
    """Ask once. Raises CannotRun where there is no client, or the address is none."""
    try:
        import psycopg
        from psycopg import conninfo
    except ImportError:
        raise CannotRun(MISSING) from None
    asked = cast(PostgresOptions, options)
    began = means.timer()
    try:
        with psycopg.connect(**_connection(conninfo.conninfo_to_dict(asked.url), means)) as connection:
            used, most = connection.execute(_COUNT).fetchone() or (0, 1)
    except psycopg.ProgrammingError:
        raise CannotRun("its url is no postgresql:// address") from None
    except psycopg.OperationalError as wrong:
        return Said(found=Found.FAILED, text=_refused(str(wrong)))
    except psycopg.Error as wrong:
        return Said(found=Found.FAILED, text=f"answers an error ({type(wrong).__name__})")
    took, share = in_time(means.timer() - began), f"{used} of {most} connections in use"
    if used * 100 >= asked.full_at * most:
        return Said(found=Found.FAILED, text=f"has {share}")
    return Said(found=Found.OK, text=f"answers {took}, {share}")


def _connection(parts: dict[str, Any], means: Means) -> dict[str, Any]:
    """With the address that was checked; the name stays, for TLS. Raises `Undelivered`, and CannotRun."""
    host, port = str(parts.get("host") or ""), int(parts.get("port") or 5432)
    if not host or "," in host or host.startswith("/"):
        raise CannotRun("its url must name one host")
    address = means.outside.addresses(host, port, means.within)[0]
    milliseconds = int(means.within * 1000)
    return {
        **parts,
        "hostaddr": address,
        "connect_timeout": max(2, round(means.within)),
        "options": f"-c statement_timeout={milliseconds}",
        "application_name": "tocsin",
        "autocommit": True,
    }


def _refused(message: str) -> str:
    """Why it does not answer, in words of ours: its own hold addresses and names."""
    for said, word in (
        ("too many clients", "has no connection left"),
        ("remaining connection slots", "has no connection left"),
        ("password authentication failed", "refuses the password"),
        ("does not exist", "has no such database or user"),
        ("starting up", "is starting up"),
        ("shutting down", "is shutting down"),
        ("timeout", "did not answer in time"),
        ("refused", "takes no connection"),
    ):
        if said in message:
            return word
    return "takes no connection"


CHECK = CheckType(
    name="postgres",
    title="PostgreSQL",
    options=PostgresOptions,
    look=look,
    lacks=lambda _: "" if find_spec("psycopg") is not None else MISSING,
    setup="""\
    checks:
      database: {type: postgres, url: "${env:DATABASE_URL}", full_at: 80}

Install the client first: `pip install 'tocsin[postgres]'`. Make a user of its own that may only connect. A private
address needs its network in `TOCSIN_ALLOW_NET`.
""",
)
