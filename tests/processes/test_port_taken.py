"""A port that somebody else has: said at once, before anything runs, whichever way the receivers are started."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.test_cli_rules import RULES
from workers.settings import child_environment

pytestmark = pytest.mark.processes


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield int(other.getsockname()[1])


def serve(folder: Path, redis_url: str, port: int, *words: str) -> subprocess.CompletedProcess[str]:
    """`tocsin serve …` with everything it needs, until it ends by itself."""
    (folder / "rules.yaml").write_text(RULES, encoding="utf-8")
    given = {
        "REDIS_URL": redis_url,
        "PORT": str(port),
        "TOCSIN_API_TOKEN": "t" * 32,
        "TOCSIN_SECRET": "s" * 32,
        "TOCSIN_DATA": str(folder / "data"),
        "TOCSIN_CONFIG": str(folder),
        "TOCSIN_TEST_UNSET": "set",
    }
    argv = [sys.executable, "-m", "router.cli", "serve", *words]
    return subprocess.run(argv, env=child_environment(given), capture_output=True, text=True, timeout=30, check=False)


@pytest.mark.parametrize("words", [[], ["--processes", "2"]])
def test_a_port_that_is_taken_ends_the_start(tmp_path: Path, valkey: str, taken: int, words: list[str]) -> None:
    """Exit code 2, one sentence with the variable to set; no traceback, no claim to listen, and it does not hang."""
    said = serve(tmp_path, valkey, taken, *words)
    assert said.returncode == 2
    assert f"port {taken} of 127.0.0.1 cannot be had" in said.stderr
    assert "PORT" in said.stderr
    assert "Traceback" not in said.stderr
    assert "listening" not in said.stdout + said.stderr


def test_several_receivers_are_not_started_over_and_over_in_vain(tmp_path: Path, valkey: str) -> None:
    """A Redis that is not to be had in the way they need it is found out once, before the first of them."""
    said = serve(tmp_path, valkey.replace("unix://", "nonsense://"), 0, "--processes", "2")
    assert said.returncode == 2
    assert "REDIS_URL" in said.stderr
    assert "Traceback" not in said.stderr
