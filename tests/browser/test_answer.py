"""A person with a telephone sees what Slack shows, follows its button, and answers: real processes and Chromium."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import demonstration
from tests.browser.looking import SIZES, accessible, fits, kept, opened
from tests.processes.tocsin import wait_for
from workers.outward import call

pytestmark = pytest.mark.browser
HOSTILE = '<img src=x onerror="alert(1)"> <!channel> <script>alert(2)</script>'


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a demonstration that has heard one Sentry sample and one hostile report."""
    with demonstration(tmp_path_factory.mktemp("d"), "--bare") as (base, tocsin):
        tocsin("send", "shop-sentry")
        tocsin("report", HOSTILE, "--severity", "P3")
        assert wait_for(lambda: len(_slack(base)) == 2, 20)
        yield base


def _slack(base: str) -> list[bytes]:
    return call("GET", f"{base}/demo/outbox.json").body.split(b'"channel":"slack"')[1:]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", list(SIZES))
def test_the_outbox_shows_what_people_were_told(demo: str, chromium: Browser, size: str, scheme: str) -> None:
    """On a phone and on a desk, light and dark: the message is there, hostile text is only text, axe finds nothing."""
    page = opened(chromium, f"{demo}/demo/outbox", size, scheme)
    kept(page, f"outbox-{size}-{scheme}")
    assert "the card terminal did not answer" in page.inner_text("body")
    assert page.locator("img[src=x], script").count() == 0
    assert fits(page)
    accessible(page)


def test_the_button_leads_to_a_page_that_acknowledges(demo: str, chromium: Browser) -> None:
    """From the room's button: looking changes nothing, a name and the button take it, and everybody told hears it."""
    page = opened(chromium, f"{demo}/demo/outbox")
    page.get_by_role("link", name="Acknowledge").last.click()
    kept(page, "answer-before")
    assert "triggered" in page.inner_text("body").lower() or "nobody" in page.inner_text("body").lower()
    accessible(page)
    page.get_by_role("textbox").first.fill("Ana")
    page.get_by_role("button", name="Acknowledge").click()
    page.wait_for_load_state()
    kept(page, "answer-after")
    assert "Ana" in page.inner_text("body")
    assert wait_for(lambda: b"cknowledged" in b"".join(_slack(demo)), 10)
