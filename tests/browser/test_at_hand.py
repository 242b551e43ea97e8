"""What somebody has under their hands stays there, whatever changes on the page meanwhile."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.demonstration import Demo
from tests.browser.looking import READ, fits, opened
from tests.processes.tocsin import wait_for

pytestmark = pytest.mark.browser


def live(demo: Demo, chromium: Browser, path: str = "/", size: str = "desktop") -> Page:
    """A page that hears what changes, and has caught up."""
    page = opened(chromium, f"{demo.base}{path}", size)
    expect(page.locator("#pulse")).to_have_text("live")
    assert wait_for(lambda: page.evaluate(READ), 5)
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


def test_every_menu_of_an_incident_fits_a_telephone(demo: Demo, chromium: Browser) -> None:
    """Fields and buttons stay within the screen, whichever menu is opened."""
    demo.tocsin("report", "The kettle whistles", "--severity", "P2")
    page = live(demo, chromium, f"/incidents/{demo.incident('The kettle whistles')}", "phone")
    menus = page.locator("#answer details").count()
    assert menus >= 4
    for number in range(menus):
        menu = page.locator("#answer details").nth(number)
        menu.locator("summary").click()
        assert menu.locator("button").is_visible()
        assert fits(page), menu.get_attribute("id")
        menu.locator("summary").click()


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


TOP = "(row) => row.getBoundingClientRect().top"


def test_a_new_row_waits_for_the_finger(demo: Demo, chromium: Browser) -> None:
    """Between pressing and letting go nothing moves; then what is new comes in."""
    demo.tocsin("report", "The stairs are wet", "--severity", "P4")
    page = live(demo, chromium, size="phone")
    row, new = page.locator(".row", has_text="The stairs are wet"), page.locator(".row", has_text="The cellar floods")
    row.locator(".what .where").scroll_into_view_if_needed()
    row.locator(".what .where").hover()
    page.mouse.down()
    before = row.evaluate(TOP)
    demo.tocsin("report", "The cellar floods", "--severity", "P1")
    page.wait_for_timeout(1000)
    assert new.count() == 0
    assert row.evaluate(TOP) == before
    page.mouse.up()
    expect(new).to_have_count(1)


def test_what_is_looked_at_stays_in_its_place(demo: Demo, chromium: Browser) -> None:
    """Above a list that was scrolled something comes and goes: the rows in sight stand still."""
    demo.tocsin("report", "The lamp flickers", "--severity", "P4")
    page = live(demo, chromium, size="phone")
    row, new = page.locator(".row", has_text="The lamp flickers"), page.locator(".row", has_text="The boiler bursts")
    row.evaluate("(row) => scrollTo(0, scrollY + row.getBoundingClientRect().top - 300)")
    before = row.evaluate(TOP)
    demo.tocsin("report", "The boiler bursts", "--severity", "P1")
    expect(new).to_have_count(1)
    assert new.evaluate("(row) => row.getBoundingClientRect().bottom") < before
    page.wait_for_timeout(300)
    assert abs(row.evaluate(TOP) - before) < 2
    demo.tocsin("incidents", "severity", str(new.get_attribute("id")).removeprefix("i-"), "P4")
    expect(new).to_have_class(re.compile("P4"))
    page.wait_for_timeout(2500)  # Until the page has been read anew.
    assert abs(row.evaluate(TOP) - before) < 2


@pytest.mark.parametrize("script", [True, False], ids=["with a script", "without"])
def test_undo_is_one_tab_away(demo: Demo, chromium: Browser, script: bool) -> None:
    """After a button was pressed the focus is on what is said of it, and Undo comes next."""
    demo.tocsin("report", f"The door sticks {script}", "--severity", "P4")
    page = chromium.new_context(java_script_enabled=script).new_page()
    page.goto(demo.base)
    page.locator(".row", has_text=f"The door sticks {script}").get_by_role("button", name=re.compile("^Acknow")).click()
    expect(page.locator("#said p")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#said").get_by_role("button", name="Undo")).to_be_focused()
