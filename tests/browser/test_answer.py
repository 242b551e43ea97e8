"""A person with a telephone sees what Slack shows, follows its button, and answers: real processes and Chromium."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from tests.processes.tocsin import wait_for
from workers.channels.contract import Undelivered
from workers.outward import call
from workers.settings import child_environment

pytestmark = pytest.mark.browser
ARTEFACTS = Path(__file__).parents[2] / "artefacts"
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
SIZES = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1440, "height": 900}}
HOSTILE = '<img src=x onerror="alert(1)"> <!channel> <script>alert(2)</script>'


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a demonstration that has heard one Sentry sample and one hostile report."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    base, data = f"http://127.0.0.1:{port}", str(tmp_path_factory.mktemp("d"))
    env = child_environment({"PORT": port, "TOCSIN_DATA": data, "TOCSIN_URL": base})
    tocsin = [sys.executable, "-m", "router.cli"]
    process = subprocess.Popen([*tocsin, "up", "--demo", "--bare"], env=env)
    try:
        assert wait_for(lambda: _paging(base), 40)
        subprocess.run([*tocsin, "send", "shop-sentry"], env=env, check=True)
        subprocess.run([*tocsin, "report", HOSTILE, "--severity", "P3"], env=env, check=True)
        assert wait_for(lambda: len(_slack(base)) == 2, 20)
        yield base
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


def _paging(base: str) -> bool:
    try:
        return call("GET", f"{base}/readyz/paging", timeout=1).status == 200
    except Undelivered:
        return False


def _slack(base: str) -> list[bytes]:
    return call("GET", f"{base}/demo/outbox.json").body.split(b'"channel":"slack"')[1:]


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


def _open(chromium: Browser, address: str, size: str = "phone", scheme: str = "light") -> Page:
    """A page that fails its test when a dialog opens or the page breaks its own content policy."""
    page = chromium.new_context(viewport=SIZES[size], color_scheme=scheme).new_page()  # type: ignore[arg-type]
    page.on("dialog", lambda dialog: pytest.fail(f"a dialog opened: {dialog.message}"))
    page.on("console", lambda said: pytest.fail(said.text) if "Content Security Policy" in said.text else None)
    page.goto(address)
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", list(SIZES))
def test_the_outbox_shows_what_people_were_told(demo: str, chromium: Browser, size: str, scheme: str) -> None:
    """On a phone and on a desk, light and dark: the message is there, hostile text is only text, axe finds nothing."""
    page = _open(chromium, f"{demo}/demo/outbox", size, scheme)
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTEFACTS / f"outbox-{size}-{scheme}.png", full_page=True)
    assert "the card terminal did not answer" in page.inner_text("body")
    assert page.locator("img[src=x], script").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    _accessible(page)


def test_the_button_leads_to_a_page_that_acknowledges(demo: str, chromium: Browser) -> None:
    """From the room's button: looking changes nothing, a name and the button take it, and everybody told hears it."""
    page = _open(chromium, f"{demo}/demo/outbox")
    page.get_by_role("link", name="Acknowledge").last.click()
    page.screenshot(path=ARTEFACTS / "answer-before.png", full_page=True)
    assert "triggered" in page.inner_text("body").lower() or "nobody" in page.inner_text("body").lower()
    _accessible(page)
    page.get_by_role("textbox").first.fill("Ana")
    page.get_by_role("button", name="Acknowledge").click()
    page.wait_for_load_state()
    page.screenshot(path=ARTEFACTS / "answer-after.png", full_page=True)
    assert "Ana" in page.inner_text("body")
    assert wait_for(lambda: b"cknowledged" in b"".join(_slack(demo)), 10)


def _accessible(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
