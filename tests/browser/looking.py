"""Looking at a page as a person does, and noticing what no page may do."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

ARTEFACTS = Path(__file__).parents[2] / "artefacts"
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
SIZES = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1440, "height": 900}}


def opened(chromium: Browser, address: str, size: str = "phone", scheme: str = "light", script: str = "") -> Page:
    """A page that fails its test when a dialog opens, it breaks its own content policy, or its script fails."""
    page = chromium.new_context(viewport=SIZES[size], color_scheme=scheme).new_page()  # type: ignore[arg-type]
    page.on("dialog", lambda dialog: pytest.fail(f"a dialog opened: {dialog.message}"))
    page.on("console", lambda said: pytest.fail(said.text) if "Content Security Policy" in said.text else None)
    page.on("pageerror", lambda wrong: pytest.fail(str(wrong)))
    if script:
        page.add_init_script(script)
    page.goto(address)
    return page


def kept(page: Page, name: str) -> None:
    """A picture for whoever wants to look."""
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTEFACTS / f"{name}.png", full_page=True)


def fits(page: Page) -> bool:
    """Is nothing wider than the screen?"""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def accessible(page: Page) -> None:
    """Axe finds nothing to say."""
    found = Axe().run(page)
    assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"
