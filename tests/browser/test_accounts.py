"""Accounts as people use them in a browser: made behind a link, signed in to, signed out of while a page is open."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.demonstration import Demo
from tests.browser.looking import SIZES, opened

pytestmark = pytest.mark.browser
PASSWORD = "four quite unrelated words"
ELSEWHERE = {"X-Forwarded-For": "203.0.113.7"}
"""Whoever comes through a proxy is not at home: they sign in, in the demonstration as well."""

LOOKED_AT_AGAIN = """
for (const hidden of [true, false]) {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}
"""
"""Somebody went elsewhere and comes back to the tab."""


def test_an_account_is_made_and_a_page_says_when_it_is_signed_out(demo: Demo, chromium: Browser) -> None:
    """The link, a password, a token that is shown once; signed out in one tab, the other says so and leads back."""
    boss = opened(chromium, f"{demo.base}/accounts")
    boss.get_by_label("Name").first.fill("tess")
    boss.get_by_role("button", name="Make a link").click()
    found = re.search(r"/welcome/\S+", boss.locator(".fresh-secret code").inner_text())
    assert found is not None
    context = chromium.new_context(viewport=SIZES["phone"], extra_http_headers=ELSEWHERE)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{demo.base}{found[0]}")
    page.get_by_label(re.compile("^Password")).fill(PASSWORD)
    page.get_by_label("The same again").fill(PASSWORD)
    page.get_by_role("button", name="Make the account").click()
    page.goto(f"{demo.base}/account")
    page.get_by_label("For").fill("my laptop")
    page.get_by_role("button", name="Make a token").click()
    expect(page.locator(".fresh-secret")).to_contain_text("it is not shown again")
    page.goto(f"{demo.base}/account")
    expect(page.locator(".fresh-secret")).to_have_count(0)

    other = context.new_page()
    other.goto(f"{demo.base}/agenda?severity=P1")
    expect(other.locator("#pulse")).to_have_text("live")
    page.get_by_role("button", name="Sign out").first.click()
    other.evaluate(LOOKED_AT_AGAIN)
    expect(other.locator("#cut")).to_contain_text("You are signed out")
    other.get_by_role("link", name="Sign in again").click()
    other.get_by_label("Name").fill("tess")
    other.get_by_label("Password").fill(PASSWORD)
    other.get_by_role("button", name="Sign in").click()
    expect(other).to_have_url(f"{demo.base}/agenda?severity=P1")
    expect(other.locator("#cut")).to_be_hidden()
