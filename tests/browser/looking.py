"""Looking at a page as a person does, and noticing what no page may do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Dialog, Page

ARTEFACTS = Path(__file__).parents[2] / "artefacts"
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
SIZES = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1440, "height": 900}}
SCHEMES = ("light", "dark")
HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script>{{7*7}} <!channel> javascript:alert(3)'
READ = "performance.getEntriesByType('resource').some((one) => one.initiatorType === 'fetch')"
"""Has the page been read anew, as it is once its stream is open? To be asked again from here, not waited for in the
browser: that takes `eval`, which our pages forbid."""
_EVERYTHING = {"resultTypes": ["violations"]}
_CONTRAST = {"resultTypes": ["violations"], "runOnly": {"type": "rule", "values": ["color-contrast"]}}
_WATCH = "addEventListener('securitypolicyviolation', (e) => console.error(`Content Security Policy: ${e.blockedURI}`))"

wrong: list[str] = []
"""What pages did that none may. Kept, and asserted on when the test is over: what is raised where Playwright calls us
ends its connection, and all that is asked of the browser afterwards waits for ever."""


def opened(chromium: Browser, address: str, size: str = "phone", scheme: str = "light", script: str = "") -> Page:
    """A page that fails its test when a dialog opens, it breaks its own content policy, or its script fails."""
    page = chromium.new_context(viewport=SIZES[size], color_scheme=scheme).new_page()  # type: ignore[arg-type]
    page.on("dialog", _dismissed)
    page.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
    page.on("pageerror", lambda error: wrong.append(f"{address}: {error}"))
    page.add_init_script(_WATCH)
    if script:
        page.add_init_script(script)
    page.goto(address)
    return page


def _dismissed(dialog: Dialog) -> None:
    wrong.append(f"a dialog opened: {dialog.message}")
    dialog.dismiss()


def kept(page: Page, name: str) -> None:
    """A picture for whoever wants to look."""
    ARTEFACTS.mkdir(exist_ok=True)
    page.screenshot(path=ARTEFACTS / f"{name}.png", full_page=True)


def fits(page: Page) -> bool:
    """Is nothing wider than the screen?"""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def too_small(page: Page) -> list[str]:
    """What a thumb is to press and is less than 44 pixels high or 24 wide."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll(
             "button, .button, summary, select, nav a, .tabs a, input:not([type=hidden], [type=checkbox], [type=radio])"
           )].filter((one) => one.checkVisibility()).flatMap((one) => {
             const { width, height } = one.getBoundingClientRect();
             const small = height < 43.5 || width < 24;
             return small ? [`${Math.round(width)}x${Math.round(height)} ${one.outerHTML.slice(0, 120)}`] : [];
           })"""
    )
    return found


def accessible(page: Page) -> None:
    """Axe finds nothing to say."""
    _axe(page, _EVERYTHING)


def legible(page: Page) -> None:
    """Axe finds every letter dark, or light, enough: all that another colour scheme can change."""
    _axe(page, _CONTRAST)


def _axe(page: Page, options: dict[str, Any]) -> None:
    found = Axe().run(page, options=options)
    assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"
