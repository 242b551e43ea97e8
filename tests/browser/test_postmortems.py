"""The pages of post-mortems as people use them: on a telephone and on a desk, light and dark."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.demonstration import Demo
from tests.browser.looking import HOSTILE, SCHEMES, SIZES, accessible, fits, kept, legible, opened, too_small

pytestmark = pytest.mark.browser


def resolved(demo: Demo, title: str) -> str:
    """A P1 of this title that is over, and what was agreed about it; returns its id."""
    demo.tocsin("report", title, "--severity", "P1", "--by", "vera")
    incident = demo.incident(title[:40])
    demo.tocsin("incidents", "resolve", incident, "--override", "a drill", "--by", "ana")
    demo.tocsin("postmortem", "actions", "add", incident, f"Do {title}"[:290], "--owner", "ana", "--due", "2026-01-01")
    return incident


@pytest.mark.parametrize("size", list(SIZES))
def test_the_pages_are_legible(demo: Demo, chromium: Browser, size: str) -> None:
    """Nothing is cut off, axe finds nothing, hostile text is only text; with every form open, too."""
    incident = resolved(demo, f"{size} {HOSTILE}"[:300])
    page = opened(chromium, f"{demo.base}/postmortems", size)
    for path in ("/postmortems", f"/postmortems/{incident}"):
        page.goto(f"{demo.base}{path}")
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert fits(page), path
        if size == "phone":
            assert too_small(page) == [], path
        assert page.locator("img[src=x], main script, a[href^='javascript:']").count() == 0, path
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            kept(page, f"console{path.replace('/', '-').replace(incident, 'one')}-{size}-{scheme}")
            (accessible if scheme == SCHEMES[0] else legible)(page)


def test_a_document_is_edited_without_a_script(demo: Demo, chromium: Browser) -> None:
    """A box and a button of a plain form; an action item is done from the list."""
    incident = resolved(demo, "The shop forgets its baskets")
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{demo.base}/postmortems/{incident}")
    page.locator("#edit summary").click()
    page.locator("#text").fill("# Mine\n\n## Root Cause\n\nA full disk.\n")
    page.get_by_role("button", name="Save, and submit the draft").click()
    expect(page.locator("#said")).to_contain_text("The draft is submitted; the team can review it.")
    expect(page.locator(".paper")).to_contain_text("A full disk.")
    page.get_by_role("button", name="The team has reviewed it").click()
    expect(page.locator("#said")).to_contain_text("Reviewed.")
    page.goto(f"{demo.base}/postmortems")
    page.locator(".tasks > li", has_text="Do The shop forgets").get_by_role("button", name="Done").click()
    expect(page.locator("#said")).to_contain_text("Action item 1 is changed.")
