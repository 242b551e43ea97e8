"""The page by which the world is told of planned work: seen first, word for word, then public."""

from __future__ import annotations

import pytest

from rules.reading.load import load
from tests.console.conftest import Console, said
from tests.receiver.ear import BEARER, RULES
from tests.receiver.test_announcing import PAGES
from workers.announcing import announced

HOSTILE = "We <b>change</b> disks."
PATH = "/maintenance/disks/publish"


@pytest.fixture
def works(console: Console) -> Console:
    """The console of a Tocsin with two status pages, where somebody works on the shop."""
    console.use(load({"rules.yaml": RULES + PAGES}, runbooks={"site-down": "# Down"}))
    body = {"by": "ana", "service": "shop", "for": "1h", "name": "disks"}
    assert console.ask("POST", "/api/maintenance", json=body, headers=BEARER).status_code == 201
    return console


def test_what_will_be_public_is_seen_first(works: Console) -> None:
    """All of it, with when; looking changes nothing, and the button publishes exactly that."""
    assert "The world knows nothing of it. Tell the world" in said(works.get("/maintenance"))
    seen = said(works.get(f"{PATH}?title=Disks&text=We+<b>change</b>+disks.&component:checkout=1"))
    assert "This will be public, word for word Disks at once: We <b>change</b> disks." in seen
    assert "if somebody prolongs it: The maintenance takes longer: until its new end." in seen
    assert "at its end, 2026-11-20 11:00 UTC: The maintenance is over. Under maintenance: checkout" in seen
    assert "On public, own." in seen
    assert announced.words(works.redis, "disks") is None
    fields = {"title": "Disks", "text": HOSTILE, "component:checkout": "1"}
    assert works.pressed(PATH, fields).startswith("Published.")
    words = announced.words(works.redis, "disks")
    assert words is not None
    assert (words.text, words.components, words.pages, words.by) == (
        HOSTILE,
        ("checkout",),
        ("public", "own"),
        "Demo admin",
    )
    listed = works.get("/maintenance")
    assert "The world reads “We <b>change</b> disks.”" in said(listed)
    assert HOSTILE not in listed.text
    assert "public : says nothing of it, and more in a moment" in said(listed)


def test_what_cannot_be_published_says_why(works: Console) -> None:
    """Without a title, over, or of a name that is none."""
    seen = said(works.get(f"{PATH}?text=We+change+disks."))
    assert "the first publication needs one" in seen
    assert "Publish it" not in seen
    assert works.press(PATH, {"text": "We change disks."}).status_code == 422
    works.pressed("/maintenance/end", {"name": "disks"})
    assert "It is over." in said(works.get(PATH))
    assert works.press(PATH, {"title": "Disks", "text": "We change disks."}).status_code == 409
    assert works.get("/maintenance/other/publish").status_code == 404
