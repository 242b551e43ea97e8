"""Commands of the operator's: no shell, no secrets, no input, and nothing of them outlives its time."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from rules.responding.triage import Found
from tests.checks.means import looked
from workers.checks.command import CHECK, FLOOD, SHOWN
from workers.checks.contract import CannotRun, Said

PATH = os.environ["PATH"]
ROOT = Path(__file__).parent.parent.parent


def ran(*words: str, within: float = 5.0, environment: dict[str, str] | None = None, **options: Any) -> Said:
    """What comes of a command in this environment."""
    given = {"PATH": PATH, "LANG": "C.UTF-8", "SECRET": "hunter2", **(environment or {})}
    return looked(
        CHECK, run=list(words), means_within=within, means_environment=given, means_timer=time.monotonic, **options
    )


def python(code: str, **more: Any) -> Said:
    """What comes of a few lines of Python."""
    return ran(sys.executable, "-c", code, **more)


def test_off_unless_it_is_allowed() -> None:
    """Nothing is started, and the sentence says what to set."""
    with pytest.raises(CannotRun, match="TOCSIN_ALLOW_COMMANDS=true"):
        looked(CHECK, run=["true"])


def test_the_exit_code_decides_and_the_output_is_kept() -> None:
    """Well is 0 by default, or what the rules say; what it wrote can be looked at."""
    well = ran("echo", "backend is up")
    assert (well.found, well.detail) == (Found.OK, "backend is up")
    assert well.text == "ended well"
    assert ran("false").found is Found.FAILED
    assert ran("false").text.startswith("ended with 1 in ")
    assert ran("false", expect=[0, 1]).found is Found.OK
    assert ran("echo", "all down", text="up").text == "says nothing of «up»"


def test_no_shell_takes_the_words_apart() -> None:
    """What a shell would run, or fill in, is a word like any other."""
    assert ran("echo", "$(id)", "; id", "$HOME", "*").detail == "$(id) ; id $HOME *"


def test_it_gets_neither_our_secrets_nor_any_input() -> None:
    """PATH, HOME and LANG, and what the rules name."""
    code = "import os, sys; print(sorted(os.environ)); print(repr(sys.stdin.read()))"
    given = {"DOCKER_HOST": "unix:///x", "HOME": "/root"}
    said = python(code, environment=given)
    assert "SECRET" not in said.detail
    assert "DOCKER_HOST" not in said.detail
    assert said.detail.splitlines()[-1] == "''"
    named = looked(
        CHECK,
        run=[sys.executable, "-c", code],
        environment="DOCKER_HOST",
        means_environment={"PATH": PATH, "SECRET": "hunter2", **given},
        means_timer=time.monotonic,
    )
    assert "'DOCKER_HOST'" in named.detail
    assert "SECRET" not in named.detail


def test_what_hangs_is_stopped_with_all_it_has_started(tmp_path: Path) -> None:
    """Its children too; nobody waits longer than its time."""
    pid_file = tmp_path / "pid"
    code = (
        "import subprocess, sys, time\n"
        f"child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(pid_file)!r}, 'w').write(str(child.pid))\n"
        "print('begun', flush=True)\n"
        "time.sleep(600)"
    )
    said = python(code, within=1.5)
    assert (said.found, said.text) == (Found.FAILED, "did not end within 1.5s and was stopped")
    assert said.detail == "begun"
    assert is_gone(int(pid_file.read_text()))


def test_what_leaves_a_child_behind_is_not_waited_for(tmp_path: Path) -> None:
    """The child holds the line open; its parent has ended, and that is what counts. The child is stopped."""
    pid_file = tmp_path / "pid"
    code = (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"open({str(pid_file)!r}, 'w').write(str(child.pid))"
    )
    assert python(code, within=5.0).found is Found.OK
    assert is_gone(int(pid_file.read_text()))


def is_gone(pid: int) -> bool:
    """Is there no such process, or only what is left of it until its parent looks?"""
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def test_what_floods_is_stopped() -> None:
    """After four mebibytes it has said enough; the end of it is kept."""
    said = ran("yes", "x" * 1000, within=8.0)
    assert (said.found, said.text) == (Found.FAILED, f"was stopped: it wrote more than {FLOOD // 1024 // 1024} MiB")
    assert 0 < len(said.detail) <= SHOWN


def test_what_it_writes_cannot_form_a_terminal() -> None:
    """No escape codes, no bytes that are no text."""
    said = python(r"import sys; sys.stdout.buffer.write(b'\x1b[31mred\x1b[0m\xff\n\x00two')")
    assert "\x1b" not in said.detail
    assert said.detail.splitlines()[-1] == "two"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"run": ["no-such-command-of-ours"]}, "there is no command no-such-command-of-ours here"),
        ({"run": ["true"], "folder": "/no/such/folder"}, "there is no folder /no/such/folder here"),
        ({"run": ["/etc/passwd"]}, "cannot be started"),
    ],
)
def test_what_is_not_there_is_unknown_and_says_so(options: dict[str, Any], words: str) -> None:
    """It says nothing of what it should look at."""
    with pytest.raises(CannotRun, match=words):
        looked(CHECK, means_environment={"PATH": PATH}, **options)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"run": []}, "expected a command and its words"),
        ({"run": ["docker compose ps"]}, "no shell takes it apart"),
        ({"run": ["a\0b"]}, "expected a command and its words"),
        ({"run": ["ps"], "folder": "srv"}, "expected a whole path"),
        ({"run": ["ps"], "environment": "TOCSIN_SECRET"}, "none of Tocsin's own"),
        ({"run": ["ps"], "environment": "REDIS_URL"}, "none of Tocsin's own"),
        ({"run": ["ps"], "environment": "LD_PRELOAD"}, "none of Tocsin's own"),
        ({"run": "docker compose ps"}, "valid list"),
    ],
)
def test_what_is_no_command_is_refused_before_it_is_run(options: dict[str, Any], words: str) -> None:
    """A text for a shell, an empty list, a name of our secrets."""
    with pytest.raises(ValidationError) as wrong:
        CHECK.options.model_validate(options)
    assert words in wrong.value.errors()[0]["msg"]


def test_nothing_outlives_a_worker_that_is_killed(tmp_path: Path) -> None:
    """Its worker dies as by the memory's watchman: the command, and what that has started, die with it."""
    alive = tmp_path / "alive"
    code = (
        f"from tests.checks.test_command import ran; ran('sh', '-c', 'sleep 600 & echo $! > {alive}; wait', within=60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT) as worker:
        until(lambda: alive.exists() and alive.read_text().strip() != "")
        worker.kill()
    child = Path("/proc") / alive.read_text().strip()
    until(lambda: not child.exists() or "\nState:\tZ" in (child / "status").read_text())


def until(it_is_so: Callable[[], bool]) -> None:
    """Wait for another process; for a minute at most."""
    for _ in range(6000):
        if it_is_so():
            return
        time.sleep(0.01)
    raise AssertionError
