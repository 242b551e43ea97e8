"""A demonstration of its own for each file of tests, and Debian's Chromium to look at it with."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.looking import QUIET
from tests.processes.tocsin import wait_for
from workers.channels.contract import Undelivered
from workers.outward import call
from workers.settings import child_environment

Tocsin = Callable[..., str]
"""One command of the running demonstration; what it said."""


@contextmanager
def demonstration(folder: Path, *options: str) -> Iterator[tuple[str, Tocsin]]:
    """A running `tocsin up --demo`: its address, and its command line."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    base = f"http://127.0.0.1:{port}"
    env = child_environment({"PORT": port, "TOCSIN_DATA": str(folder), "TOCSIN_URL": base})
    tocsin = [sys.executable, "-m", "router.cli"]
    process = subprocess.Popen([*tocsin, "up", "--demo", *options], env=env)

    def run(*words: str) -> str:
        return subprocess.run([*tocsin, *words], env=env, check=True, capture_output=True, text=True).stdout

    try:
        assert wait_for(lambda: _paging(base), 40)
        yield base, run
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


def _paging(base: str) -> bool:
    try:
        return call("GET", f"{base}/readyz/paging", timeout=1).status == 200
    except Undelivered:
        return False


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.fail("no Chromium on PATH: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=QUIET)
        yield browser
        browser.close()
