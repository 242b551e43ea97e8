"""Does something take a connection?"""

from __future__ import annotations

from typing import Annotated, cast

from pydantic import AfterValidator, Field

from rules.responding.triage import Found
from workers.checks.contract import CheckOptions, CheckType, Means, Said, in_time


def _host(text: str) -> str:
    if not text or "/" in text or "@" in text or any(char <= " " for char in text):
        raise ValueError(f"expected a host name or an address, like db.internal, found '{text[:60]}'")
    return text


Host = Annotated[str, AfterValidator(_host)]
Port = Annotated[int, Field(ge=1, le=65535)]


class TcpOptions(CheckOptions):
    """One connection, closed at once; nothing is sent."""

    host: Host
    """Where: a name or an address."""
    port: Port
    """The port that must take connections."""


def look(options: CheckOptions, means: Means) -> Said:
    """Connect once."""
    asked, began = cast(TcpOptions, options), means.timer()
    with means.outside.line(asked.host, asked.port, means.within):
        return Said(found=Found.OK, text=f"takes connections {in_time(means.timer() - began)}")


CHECK = CheckType(
    name="tcp",
    title="TCP",
    options=TcpOptions,
    look=look,
    setup="""\
    checks:
      queue: {type: tcp, host: mq.internal, port: 5672}

A private address needs its network in `TOCSIN_ALLOW_NET`.
""",
)
