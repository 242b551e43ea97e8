"""What does a command of the operator's say? Words from the YAML only, no shell, off unless the environment allows it.

It runs in a process group of its own, without our secrets in its environment, and nothing of it outlives its time.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated, cast

from pydantic import AfterValidator, BeforeValidator, Field

from rules.match import listed
from rules.reading.problem import Hinted
from rules.responding.triage import Found
from workers.checks.contract import CannotRun, CheckOptions, CheckType, Means, Said, in_time
from workers.plain import plain

NOT_ALLOWED = "commands are not allowed here: set TOCSIN_ALLOW_COMMANDS=true for the workers"
KEPT = 64 * 1024
"""Bytes of its output that are kept: the last ones."""
FLOOD = 4 * 1024 * 1024
"""Bytes after which it is stopped: it has said enough."""
SHOWN = 2000
"""Characters of its output that a person may look at."""
_OURS = ("TOCSIN_", "REDIS_URL", "PYTHON", "LD_")
_CHUNK = 65536
_SHELL = "/bin/sh"
_GUARD = 'read -r _; kill -s KILL -- "-$1"'
"""Waits for a line that never comes: it is cut when the worker is gone."""


def _words(words: list[str]) -> list[str]:
    if not words or not words[0].strip() or any("\0" in word for word in words):
        raise ValueError("expected a command and its words, like [docker, compose, ps]")
    if len(words) == 1 and " " in words[0]:
        raise Hinted("expected each word by itself: no shell takes it apart", f"write [{', '.join(words[0].split())}]")
    return words


def _names(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if not name.isidentifier() or name.startswith(_OURS):
            raise ValueError(
                f"'{name}' cannot be handed on; expected a name like DOCKER_HOST, and none of Tocsin's own"
            )
    return names


def _folder(text: str) -> str:
    if not text.startswith("/"):
        raise ValueError(f"expected a whole path, like /srv/shop, found '{text[:60]}'")
    return text


class CommandOptions(CheckOptions):
    """One command. Nothing that a sender wrote ever stands in it."""

    run: Annotated[list[str], AfterValidator(_words)]
    """The command and its words, each by itself: [docker, compose, ps]."""
    folder: Annotated[str, AfterValidator(_folder)] = "/"
    """Where it runs."""
    expect: Annotated[tuple[Annotated[int, Field(ge=0, le=255)], ...], BeforeValidator(listed)] = (0,)
    """The exit codes that are well; any of them."""
    text: str | None = None
    """What must stand in its output, letter by letter."""
    environment: Annotated[tuple[str, ...], BeforeValidator(listed), AfterValidator(_names)] = ()
    """Names of variables of the worker that it gets beside PATH, HOME and LANG."""


class _Output:
    """What it has written: the last of it, and whether it floods."""

    def __init__(self) -> None:
        self.kept = b""
        self.length = 0

    def add(self, more: bytes) -> bool:
        """Keep it; is it still too little to be a flood?"""
        self.length += len(more)
        self.kept = (self.kept + more)[-KEPT:]
        return self.length <= FLOOD


def look(options: CheckOptions, means: Means) -> Said:
    """Run it once. Raises CannotRun where commands are not allowed, or this one is not there."""
    asked = cast(CommandOptions, options)
    if means.environment is None:
        raise CannotRun(NOT_ALLOWED)
    began = means.timer()
    with _started(asked, _environment(asked, means)) as process:
        output = _Output()
        guard = _guarded(process.pid)
        try:
            ended = _read(process, output, began + means.within, means.timer)
        finally:
            _let_go(guard)  # Before its group is: another may have that number then.
            _kill(process)
    return _said(asked, process.returncode, output, ended, in_time(means.timer() - began), means.within)


def _environment(asked: CommandOptions, means: Means) -> dict[str, str]:
    given = means.environment or {}
    return {name: given[name] for name in ("PATH", "HOME", "LANG", *asked.environment) if name in given}


def _started(asked: CommandOptions, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    if not Path(asked.folder).is_dir():
        raise CannotRun(f"there is no folder {asked.folder} here")
    try:
        # The words are the operator's own, one by one: no shell, nothing of a sender's.
        return subprocess.Popen(  # noqa: S603
            asked.run,
            cwd=asked.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except FileNotFoundError:
        raise CannotRun(f"there is no command {asked.run[0]} here") from None
    except OSError as wrong:
        raise CannotRun(f"{asked.run[0]} cannot be started: {wrong.strerror}") from None


def _read(process: subprocess.Popen[bytes], output: _Output, until: float, timer: Callable[[], float]) -> bool:
    """Read until it has ended, floods, or its time is over. What it started may hold the line open: that is not waited
    for. Returns whether it ended by itself."""
    stdout = process.stdout
    if stdout is None:  # It was asked for.
        return False
    os.set_blocking(stdout.fileno(), False)
    with selectors.DefaultSelector() as selector:
        selector.register(stdout, selectors.EVENT_READ)
        while (left := until - timer()) > 0:
            ended = process.poll() is not None
            selector.select(0 if ended else min(left, 0.05))
            more = _chunk(stdout.fileno())
            if more and not output.add(more):
                return False
            if ended and not more:
                return True
            if more == b"":  # Its line is closed; it may live on without one.
                with suppress(subprocess.TimeoutExpired):
                    process.wait(max(0.0, until - timer()))
                return process.poll() is not None
    return False


def _chunk(descriptor: int) -> bytes | None:
    """What there is to read; empty at the end, None when there is nothing yet."""
    try:
        return os.read(descriptor, _CHUNK)
    except BlockingIOError:
        return None


def _guarded(group: int) -> subprocess.Popen[bytes] | None:
    """Whoever ends the group when this process dies, however suddenly; None where there is no shell to do it.

    No signal at the death of a parent: that would reach the command alone, and nothing that it has started.
    """
    with suppress(OSError):
        return subprocess.Popen(  # noqa: S603
            [_SHELL, "-c", _GUARD, "guard", str(group)],
            env={},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    return None


def _let_go(guard: subprocess.Popen[bytes] | None) -> None:
    if guard is not None:
        guard.kill()
        guard.communicate()


def _kill(process: subprocess.Popen[bytes]) -> None:
    """It, and everything it has started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _said(asked: CommandOptions, code: int, output: _Output, ended: bool, took: str, within: float) -> Said:
    text = output.kept.decode("utf-8", "replace")
    detail = "\n".join(plain(line) for line in text.splitlines() if line.strip())[-SHOWN:]
    if output.length > FLOOD:
        said = f"was stopped: it wrote more than {FLOOD // 1024 // 1024} MiB"
    elif not ended:
        said = f"did not end within {within:g}s and was stopped"
    elif code not in asked.expect:
        said = f"was ended by signal {-code}" if code < 0 else f"ended with {code} {took}"
    elif asked.text is not None and asked.text not in text:
        said = f"says nothing of «{asked.text}»"
    else:
        return Said(found=Found.OK, text="ended well", detail=detail)
    return Said(found=Found.FAILED, text=said, detail=detail)


CHECK = CheckType(
    name="command",
    title="Command",
    options=CommandOptions,
    look=look,
    within=8.0,
    lacks=lambda allowed: "" if allowed else NOT_ALLOWED,
    setup="""\
    checks:
      services: {type: command, run: [docker, compose, ps], folder: /srv/shop}
      backend-log: {type: command, run: [docker, compose, logs, --tail=100, backend], folder: /srv/shop}
      database: {type: command, run: [pg_isready, -h, db.internal]}

Commands are off until the workers have `TOCSIN_ALLOW_COMMANDS=true` in their environment.
""",
)
