"""A page that stays open: watches are wrong, laptops sleep, receivers start anew, Redis is away."""

from __future__ import annotations

import re
import signal

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.demonstration import Demo
from tests.browser.looking import READ, opened
from tests.processes.tocsin import wait_for

pytestmark = pytest.mark.browser
CLOCKS = """
const [steady, wall] = [performance.now.bind(performance), Date.now];
let ahead = { steady: 0, wall: 0 }, away = false;
performance.now = () => steady() + 1000 * ahead.steady;
Date.now = () => wall() + 1000 * ahead.wall;
Object.defineProperty(document, "hidden", { get: () => away });
window.jumps = (by) => { ahead = by; };
window.hides = (now) => { away = now; document.dispatchEvent(new Event("visibilitychange")); };
const [every, beats] = [setInterval, []];
window.setInterval = (act, each) => { beats.push([act, each]); return every(act, each); };
window.passes = (seconds) => {
  for (let at = 1; at <= seconds; at += 1) for (const [act, each] of beats) if ((at * 1000) % each === 0) act();
};
"""
"""Both clocks of the browser, its beats, and whether anybody looks, in the hands of the test."""
PRESENT = re.compile(r"^in 23h5\dm$")
HOURS = 3600
PATIENCE = 30_000
"""Milliseconds a process may take to start anew."""


def reported(demo: Demo, page: Page, title: str) -> Locator:
    """Something burns; the row in which it will stand."""
    demo.tocsin("report", title, "--severity", "P4")
    return page.locator(".row", has_text=title)


DUE = "The clock strikes"


@pytest.fixture(scope="module")
def struck(demo: Demo) -> None:
    """Something that is due in a day."""
    demo.tocsin("report", DUE, "--severity", "P4")


@pytest.fixture
def page(demo: Demo, struck: None, chromium: Browser) -> Page:
    """The list, live."""
    opens = opened(chromium, demo.base, "desktop", script=CLOCKS)
    expect(opens.locator("#pulse")).to_have_text("live", timeout=PATIENCE)
    expect(opens.locator(".row", has_text=DUE)).to_be_visible()
    assert wait_for(lambda: opens.evaluate(READ), 5)
    return opens


def test_a_wrong_watch_does_not_move_the_countdown(demo: Demo, page: Page) -> None:
    """The browser's clock is ten hours ahead: what is to come is still to come."""
    page.evaluate("jumps({ steady: 0, wall: 36000 })")
    expect(page.locator(".row", has_text=DUE).locator(".count")).to_have_text(PRESENT)


@pytest.mark.parametrize(
    ("steady", "wall", "hidden"),
    [(5, 5, True), (0, 5, True), (-5, 5, True), (5, 5, False), (-5, 5, False)],
    ids=["hidden", "hidden, its steady clock stood", "hidden, behind", "in sight", "in sight, behind"],
)
def test_a_laptop_that_slept_shows_the_present(demo: Demo, page: Page, steady: int, wall: int, hidden: bool) -> None:
    """Hours later by either clock of its own: as soon as somebody looks, the time is Redis' again."""
    count = page.locator(".row", has_text=DUE).locator(".count")
    expect(count).to_have_text(PRESENT)
    page.evaluate(f"hides({str(hidden).lower()})")
    page.evaluate(f"jumps({{ steady: {steady * HOURS}, wall: {wall * HOURS} }})")
    if hidden:
        if steady:
            expect(count).to_have_text(re.compile(r"^in (18h5\dm|1d4h)$"))
        missed = reported(demo, page, f"Missed at {steady}")
        expect(missed).to_have_count(0)
        page.evaluate("hides(false)")
        expect(missed).to_be_visible()
    else:
        page.wait_for_timeout(1500)  # Until its own clock has ticked.
    expect(count).to_have_text(PRESENT, timeout=10_000)
    expect(page.locator("#pulse")).to_have_text("live")


def test_a_receiver_that_starts_anew_is_found_again(demo: Demo, page: Page) -> None:
    """The page says that it hears nothing, after a while in sight of a telephone too, and catches up by itself."""
    cut = page.locator("#cut")
    page.set_viewport_size({"width": 390, "height": 844})
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    demo.signal("serve", signal.SIGKILL)
    expect(page.locator("#pulse")).to_have_text("connecting again …")
    page.evaluate("passes(10)")
    expect(cut).to_be_hidden()
    page.evaluate("passes(6)")
    expect(cut).to_have_text(re.compile(r"^Not live since \d\d:\d\d UTC\. Trying again\.( Sign in again)?$"))
    expect(cut).to_be_in_viewport(ratio=1)
    expect(cut.get_by_role("link")).to_be_hidden()
    assert wait_for(demo.ready, 30)
    expect(reported(demo, page, "While nobody listened")).to_be_visible(timeout=PATIENCE)
    expect(page.locator("#pulse")).to_have_text("live", timeout=PATIENCE)
    expect(cut).to_be_hidden()


def test_a_redis_that_is_away_is_told_and_taken_back(demo: Demo, page: Page) -> None:
    """Live, on the page that is open; another one says so in place of what it would show."""
    banner = page.locator("#banner")
    demo.signal("unixsocket", signal.SIGSTOP)
    try:
        expect(banner).to_contain_text("Redis takes no writes", timeout=PATIENCE)
        other = page.context.new_page()
        answer = other.goto(f"{demo.base}/agenda")
        assert answer is not None
        assert answer.status == 503
        assert "Redis does not answer" in other.inner_text("body")
    finally:
        demo.signal("unixsocket", signal.SIGCONT)
    expect(banner).not_to_contain_text("Redis", timeout=PATIENCE)
    assert wait_for(demo.ready, 30)
    expect(reported(demo, page, "After Redis was away")).to_be_visible(timeout=PATIENCE)
