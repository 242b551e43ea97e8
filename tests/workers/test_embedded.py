"""The Valkey that `up` brings: one at a time in one folder, whatever became of the `up` before."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.processes.tocsin import wait_for
from workers import embedded


def test_a_server_left_behind_is_ended_before_the_next_writes_into_its_file() -> None:
    """`up` was killed and its Valkey lives on: whoever takes the folder next ends it first, and loses nothing of it."""
    with tempfile.TemporaryDirectory(prefix="tocsin-") as name:
        folder = Path(name)
        with subprocess.Popen(embedded.command(folder), stdout=subprocess.DEVNULL) as orphan:
            assert wait_for(lambda: embedded.answers(folder), 20)
            with embedded.alone(folder):
                assert wait_for(lambda: orphan.poll() is not None, 10)
                assert not embedded.answers(folder)


def test_a_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    """A second `up` in one folder is refused, and ends nobody's server."""
    with embedded.alone(tmp_path), pytest.raises(embedded.Taken), embedded.alone(tmp_path):
        pass
