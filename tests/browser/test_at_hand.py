"""What somebody has under their hands stays there, whatever changes on the page meanwhile."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.demonstration import Demo
from tests.browser.looking import opened

pytestmark = pytest.mark.browser


def live(demo: Demo, chromium: Browser, path: str = "/", size: str = "desktop") -> Page:
    """A page that hears what changes, and has caught up."""
    page = opened(chromium, f"{demo.base}{path}", size)
    expect(page.locator("#pulse")).to_have_text("live")
    page.wait_for_function("performance.getEntriesByType('resource').some((one) => one.initiatorType === 'fetch')")
    page.wait_for_timeout(1100)  # It reads itself anew once a second at most.
    return page


def test_typed_words_outlive_a_change(demo: Demo, chromium: Browser) -> None:
    """Typed into a popup, then looked elsewhere: the page shows what changed, and the popup still has the words."""
    demo.tocsin("report", "The gate creaks", "--severity", "P3")
    incident = demo.incident("The gate creaks")
    page = live(demo, chromium, f"/incidents/{incident}")
    ask = page.locator("#ask-false-positive")
    ask.locator("summary").click()
    field = ask.locator("input:not([type=hidden])").first
    field.fill("It was the wind.")
    field.blur()
    demo.tocsin("incidents", "severity", incident, "P2")
    expect(page.locator(".top")).to_have_class(re.compile("P2"))
    expect(ask).to_have_attribute("open", "")
    expect(field).to_have_value("It was the wind.")


def test_an_open_menu_stays_open(demo: Demo, chromium: Browser) -> None:
    """A row changes while its menu is open: it is another row now, with the menu open as before."""
    demo.tocsin("report", "The roof drips", "--severity", "P4")
    incident = demo.incident("The roof drips")
    page = live(demo, chromium)
    row = page.locator(f"#i-{incident}")
    row.locator(".more summary").click()
    page.evaluate("document.activeElement.blur()")
    demo.tocsin("incidents", "severity", incident, "P3")
    expect(row).to_have_class(re.compile("P3"))
    expect(row.locator(".more")).to_have_attribute("open", "")
    expect(row.get_by_role("button", name="Snooze 15m")).to_be_visible()


def test_the_numbers_go_on_while_a_menu_is_in_use(demo: Demo, chromium: Browser) -> None:
    """The row stays as it is for whoever is at it; how many there are changes all the same."""
    demo.tocsin("report", "The wall cracks", "--severity", "P4")
    incident = demo.incident("The wall cracks")
    page = live(demo, chromium)
    page.locator(f"#i-{incident} .more summary").click()
    grave = page.locator("#tally .P1 > span:last-child")
    before = int(grave.inner_text())
    demo.tocsin("incidents", "severity", incident, "P1")
    expect(grave).to_have_text(str(before + 1))
    expect(page.locator(f"#i-{incident} .more")).to_have_attribute("open", "")
