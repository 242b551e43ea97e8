"""One demonstration and one Chromium, Debian's, for all that looks: to start them takes longer than to look."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.demonstration import Demo, demonstration
from tests.browser.looking import HOSTILE, QUIET, wrong
from tests.processes.tocsin import wait_for


@pytest.fixture(scope="session")
def debians() -> Iterator[Browser]:
    """Debian's Chromium."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        pytest.fail("no Chromium on PATH: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def chromium(debians: Browser) -> Iterator[Browser]:
    """It, with no page open before or after the test, which fails when one of its pages did what no page may."""
    wrong.clear()
    yield debians
    for context in debians.contexts:
        for page in context.pages:
            page.goto("about:blank")  # A context that is closed while a form of it is under way never answers.
        context.close()
    assert wrong == []


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """What `make run` shows, after a few more deliveries, one of them hostile in every field that there is."""
    with demonstration(tmp_path_factory.mktemp("d")) as running:
        running.tocsin("send", "shop-sentry")
        running.tocsin("send", "prometheus", "group_firing")
        running.tocsin("report", HOSTILE, "--severity", "P3", "--label", f"service={HOSTILE}")
        assert wait_for(lambda: b"onerror" in b"".join(running.slack()), 20)
        yield running
