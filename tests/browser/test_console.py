"""The console as people use it: on a telephone and on a desk, two at once, by keyboard alone, without JavaScript."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.demonstration import Demo
from tests.browser.looking import HOSTILE, SCHEMES, SIZES, accessible, fits, kept, legible, opened, too_small

pytestmark = pytest.mark.browser
PAGES = [
    "/", "/agenda", "/deliveries", "/notifications", "/rules", "/playground", "/schedules", "/sources",
    "/sources/shop-sentry", "/report", "/numbers", "/account", "/accounts", "/audit", "/demo/outbox",
]  # fmt: skip


@pytest.mark.parametrize("size", list(SIZES))
def test_every_page_is_legible(demo: Demo, chromium: Browser, size: str) -> None:
    """On a phone and on a desk, light and dark: nothing is cut off, axe finds nothing, hostile text is only text.

    What axe looks for is looked for once; in the other scheme only what colours can change.
    """
    incident = demo.incident(HOSTILE[:10])
    page = opened(chromium, f"{demo.base}/", size)
    of_one = (f"/incidents/{incident}", f"/incidents/{incident}/runbook/rollback", f"/report/{incident}")
    for path in (*PAGES, *of_one, "/nowhere"):
        answer = page.goto(f"{demo.base}{path}")
        assert answer is not None
        assert answer.status == (404 if path == "/nowhere" else 200), path
        assert fits(page), path
        if size == "phone":
            assert too_small(page) == [], path
        assert page.locator("img[src=x], main script, a[href^='javascript:']").count() == 0, path
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            kept(page, f"console{path.replace('/', '-').replace(incident, 'one')}-{size}-{scheme}")
            (accessible if scheme == SCHEMES[0] else legible)(page)


def test_what_one_does_the_other_sees(demo: Demo, chromium: Browser) -> None:
    """An acknowledgement in one browser shows in another by itself; whoever then presses too is told the truth."""
    demo.tocsin("report", "The printer burns", "--severity", "P3")
    one, other = opened(chromium, demo.base, "desktop"), opened(chromium, demo.base, "phone")
    row = other.locator(".row", has_text="The printer burns")
    expect(row).to_contain_text("triggered")
    expect(other.locator("#pulse")).to_have_text("live")
    one.locator(".row", has_text="The printer burns").get_by_role("button", name=re.compile("^Acknowledge")).click()
    expect(one.locator("#said")).to_contain_text("Nobody else will be woken.")
    expect(row).to_contain_text("acknowledged")
    one.get_by_role("button", name="Undo").click()
    expect(row).to_contain_text("triggered")


def test_a_step_is_ticked_and_a_question_answered_without_a_script(demo: Demo, chromium: Browser) -> None:
    """Buttons of a plain form; whoever looks on with a script sees it by itself, and copies the command."""
    demo.tocsin("report", "The website is down", "--by", "vera")
    path = f"/incidents/{demo.incident('The website is down')}"
    looks_on = opened(chromium, f"{demo.base}{path}", "phone")
    expect(looks_on.locator("#pulse")).to_have_text("live")
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    ticks = context.new_page()
    ticks.goto(f"{demo.base}{path}")
    expect(ticks.get_by_role("button", name="Copy").first).to_be_hidden()
    ticks.get_by_role("button", name="Step 1 is done").click()
    ticks.get_by_role("button", name="no", exact=True).click()
    expect(ticks.locator(".tree .asks")).to_contain_text("Is data being corrupted?")
    expect(looks_on.locator("#step-1")).to_contain_text("Done by Demo admin")
    expect(looks_on.locator(".tree .path")).to_contain_text("Is the issue caused by a recent deployment? no")
    expect(looks_on.get_by_role("button", name="Copy").first).to_be_visible()


def test_what_opens_appears_by_itself(demo: Demo, chromium: Browser) -> None:
    """Nobody reloads a wall."""
    page = opened(chromium, demo.base, "desktop")
    expect(page.locator("#pulse")).to_have_text("live")
    demo.tocsin("report", "The lift is stuck", "--severity", "P2")
    expect(page.locator(".row", has_text="The lift is stuck")).to_be_visible()


def test_the_keyboard_is_enough(demo: Demo, chromium: Browser) -> None:
    """Tab leads to the button of the worst incident, Enter presses it, Escape closes a menu."""
    page = opened(chromium, demo.base, "desktop")
    expect(page.locator("#pulse")).to_have_text("live")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("To the content")
    more = page.locator(".row .more summary").first
    more.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".row .more").first).to_have_attribute("open", "")
    page.keyboard.press("Escape")
    expect(page.locator(".row .more[open]")).to_have_count(0)
    page.locator(".row button.first").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_be_visible()
    page.get_by_role("button", name="Undo").click()


def test_the_focus_stays_where_it_is(demo: Demo, chromium: Browser) -> None:
    """Whatever changes meanwhile: Enter does what the button said, or, when it is gone, nothing but follow a link."""
    demo.tocsin("report", "The pump leaks", "--severity", "P3")
    incident = demo.incident("The pump leaks")
    page = opened(chromium, demo.base, "desktop")
    expect(page.locator("#pulse")).to_have_text("live")
    row = page.locator(".row", has_text="The pump leaks")
    row.get_by_role("button", name=re.compile("^Acknowledge")).focus()
    demo.tocsin("incidents", "severity", incident, "P2")
    expect(row).to_have_class(re.compile("P2"))
    expect(row.get_by_role("button", name=re.compile("^Acknowledge"))).to_be_focused()
    demo.tocsin("incidents", "ack", incident)
    expect(row.get_by_role("button", name=re.compile("^Mitigated"))).to_be_visible()
    expect(row.locator("a.name")).to_be_focused()


def test_the_demonstration_can_be_tried(demo: Demo, chromium: Browser) -> None:
    """Its button makes an incident, and the page shows what Slack was told of it."""
    page = opened(chromium, demo.base, "desktop")
    page.get_by_role("button", name="Send a test alert").click()
    expect(page.locator(".row", has_text="Test alert of").first).to_be_visible()
    expect(page.locator("#told")).to_contain_text("Test alert of", timeout=15_000)


def test_it_works_without_javascript(demo: Demo, chromium: Browser) -> None:
    """Reading and answering need none."""
    page = chromium.new_context(java_script_enabled=False, viewport=SIZES["phone"]).new_page()  # type: ignore[arg-type]
    page.goto(demo.base)
    row = page.locator(".row", has_text="certificate of status.example.com")
    assert "in 23h" in row.inner_text()
    row.get_by_role("button", name=re.compile("^Acknowledge")).click()
    assert "Nobody else will be woken." in page.locator("#said").inner_text()
