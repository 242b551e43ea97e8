"""A person with a telephone sees what Slack shows, follows its button, and answers: real processes and Chromium."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.browser.demonstration import Demo
from tests.browser.looking import accessible, kept, legible, opened
from tests.processes.tocsin import wait_for

pytestmark = pytest.mark.browser


def test_the_outbox_shows_what_people_were_told(demo: Demo, chromium: Browser) -> None:
    """The message is there, and hostile text is only text."""
    page = opened(chromium, f"{demo.base}/demo/outbox")
    assert "the card terminal did not answer" in page.inner_text("body")
    assert page.locator("img[src=x], script").count() == 0


def test_the_button_leads_to_a_page_that_acknowledges(demo: Demo, chromium: Browser) -> None:
    """From the room's button: looking changes nothing, a name and the button take it, and everybody told hears it."""
    demo.tocsin("report", "The coffee machine is empty", "--severity", "P3")
    assert wait_for(lambda: b"coffee machine" in b"".join(demo.slack()), 20)
    page = opened(chromium, f"{demo.base}/demo/outbox")
    page.get_by_role("article").filter(has_text="coffee machine").get_by_role("link", name="Acknowledge").first.click()
    kept(page, "answer-before")
    assert "Nobody has it yet." in page.inner_text("body")
    accessible(page)
    page.emulate_media(color_scheme="dark")
    legible(page)
    page.get_by_role("textbox").first.fill("Ana")
    page.get_by_role("button", name="Acknowledge").click()
    page.wait_for_load_state()
    kept(page, "answer-after")
    assert "Ana" in page.inner_text("body")
    assert wait_for(lambda: b"coffee machine" in b"".join(one for one in demo.slack() if b"cknowledged" in one), 10)
