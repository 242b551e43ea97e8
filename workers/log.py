"""The log: one line of JSON per happening, nothing of a sender's raw in it, and no secret.

Everything goes through here, RQ's and uvicorn's lines too. What is not ours to log (tokens in paths,
passwords in addresses) is cut out last, whoever wrote it.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, Literal

import orjson
import structlog
from structlog.typing import Processor

_SECRET_PATHS = re.compile(r"(/hooks/[^/\s\"']+/|/a/|/welcome/)[^\s\"'?]+")
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s\"']*@")
_REDACTED = "…"
_plain_json = False
_gathered: list[str] | None = None


def configure(form: Literal["json", "console"] = "json", level: int = logging.INFO) -> None:
    """Set the log up, once per process, on stderr. May be called again: the last call counts."""
    global _plain_json
    _plain_json = form == "json" and level <= logging.INFO
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    # Ours are written as they are: the way through the standard library's logging, which other libraries
    # take, costs a receiver a quarter of its time.
    structlog.configure(
        processors=[*shared, *_ending(form)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: _Stderr(),
        cache_logger_on_first_use=False,
    )
    writer = logging.StreamHandler(sys.stderr)
    writer.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder(allow=[])],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_ending(form)],
        )
    )
    _route(writer, level)


def get(name: str) -> Any:
    """A logger. `get("receiver").info("delivery", id=…)`: a fixed word, and what belongs to it as keys."""
    return structlog.get_logger(f"tocsin.{name}")


def often(event: str, **fields: Any) -> None:
    """As `info`, for the one line that a storm writes thousands of times a second: without processors, in JSON only."""
    if not _plain_json:
        get("often").info(event, **fields)
        return
    told = {"event": event, **fields, "level": "info", "timestamp": datetime.now(UTC).isoformat()}
    redact(None, "info", told)
    line = orjson.dumps(told).decode()
    # As everywhere, a character that is not ASCII is escaped, and with it what a terminal would obey.
    line = line if line.isascii() else json.dumps(told)
    if _gathered is None:
        _Stderr().msg(line)
    else:
        _gathered.append(line)


@contextmanager
def together() -> Iterator[None]:
    """Within, the lines of `often` are gathered, and written at the end in one piece. Not for threads."""
    global _gathered
    lines: list[str] = []
    _gathered = lines
    try:
        yield
    finally:
        _gathered = None
        if lines:
            _Stderr().msg("\n".join(lines))


class _Stderr:
    """Writes a finished line, whole, to whatever stderr is now.

    A line that cannot be written is lost, and nothing else: a disk that is full of logs must not refuse deliveries.
    """

    def msg(self, line: str) -> None:
        with suppress(OSError):
            sys.stderr.write(line + "\n")

    debug = info = warning = error = critical = exception = fatal = msg


def _ending(form: str) -> list[Processor]:
    # JSON escapes all that is not ASCII, and with it every control character a terminal would obey.
    if form == "json":
        return [structlog.processors.format_exc_info, redact, structlog.processors.JSONRenderer()]
    return [structlog.processors.format_exc_info, redact, _printable, structlog.dev.ConsoleRenderer(colors=False)]


def _route(writer: logging.Handler, level: int) -> None:
    root = logging.getLogger()
    root.handlers[:] = [writer]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "rq", "rq.worker"):
        theirs = logging.getLogger(name)
        theirs.handlers.clear()
        theirs.propagate = True
    # Access logs write the whole address of a request, and httpx that of what we send: both hold tokens.
    for name in ("uvicorn.access", "httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # One line for each malformed request would let anybody fill the disk.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)


def redact(_logger: object, _method: str, said: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Cut tokens out of paths and passwords out of addresses, in every text of a line."""
    for key, value in said.items():
        if isinstance(value, str) and "/" in value:
            said[key] = _CREDENTIALS.sub(f"{_REDACTED}@", _SECRET_PATHS.sub(rf"\1{_REDACTED}", value))
    return said


def _printable(_logger: object, _method: str, said: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A console obeys escape sequences: show them instead."""
    for key, value in said.items():
        if isinstance(value, str):
            said[key] = "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in value)
    return said
