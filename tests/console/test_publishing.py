"""Where an incident is talked about, and the page by which the world is told: seen first, then public."""

from __future__ import annotations

import pytest

from rules.announcing.room import Chore
from rules.announcing.room_commands import RoomMade, RoomRefused
from rules.reading.load import load
from tests.console.conftest import Console, said
from tests.receiver.ear import DOWN, KUMA, RULES
from tests.receiver.test_announcing import PAGES

WITH_BOT = RULES.replace('url: "${env:SLACK}"', 'url: "${env:SLACK}", token: "${env:BOT}"').replace(
    "respond_within: 15m,", "respond_within: 15m, incident_channel: true,", 1
)


@pytest.fixture
def burning(console: Console) -> Console:
    """The console of a Tocsin with an incident, a bot and two status pages."""
    console.use(load({"rules.yaml": WITH_BOT + PAGES}, runbooks={"site-down": "# Down"}))
    console.post(KUMA, DOWN)
    console.works()
    return console


def page(console: Console, query: str = "") -> str:
    return said(console.get(f"/incidents/{console.incident().id}/publish{query}"))


def test_what_will_be_public_is_seen_first(burning: Console) -> None:
    """Word for word, with the pages it goes to; looking changes nothing, and a button publishes exactly that."""
    assert "Nothing of this incident." in page(burning)
    query = "?title=The+shop+is+down&status=identified&text=We+have+<b>found</b>+it.&component:checkout=major+outage"
    seen = page(burning, query)
    assert "This will be public, word for word The shop is down identified: We have <b>found</b> it." in seen
    assert "checkout: major outage On public, own." in seen
    assert burning.incident().response.public is None
    fields = {"title": "The shop is down", "status": "identified", "text": "We have <b>found</b> it."}
    path = f"/incidents/{burning.incident().id}/publish"
    assert burning.pressed(path, {**fields, "component:checkout": "major outage"}).startswith("Published.")
    public = burning.incident().response.public
    assert public is not None
    assert (public.said[0].text, public.said[0].components) == (
        "We have <b>found</b> it.",
        {"checkout": "major outage"},
    )
    assert "identified: We have <b>found</b> it." in page(burning)


def test_a_preview_says_what_is_missing(burning: Console) -> None:
    """A title for the first; nothing can be published from such a page."""
    seen = page(burning, "?text=We+look+into+it.")
    assert "The first publication needs a title" in seen
    assert "Publish it" not in seen


def test_the_incident_says_where_it_is_talked_about(burning: Console) -> None:
    """Its channel as it comes to be, and what the world reads; after the end, that it still believes in it."""
    incident = burning.incident().id
    assert "Its Slack channel is being made. The world knows nothing of it." in said(
        burning.get(f"/incidents/{incident}")
    )
    why = "its token lacks the scope channels:manage."
    burning.ledger.answer(incident, RoomRefused(chore=Chore.CREATE, why=why, vital=True))
    assert f"No Slack channel: {why}" in said(burning.get(f"/incidents/{incident}"))
    burning.ledger.answer(incident, RoomMade(id="C1", name="inc-2026-11-20-shop"))
    shown = burning.get(f"/incidents/{incident}").text
    assert "#inc-2026-11-20-shop" in shown
    assert '<a href="/demo/outbox">see what stands there</a>' in shown
    burning.press(f"/incidents/{incident}/publish", {"title": "Shop", "text": "We look into it."})
    burning.pressed(f"/incidents/{incident}/act", {"do": "resolve"})
    assert "It is over here, and the world still believes in it." in page(burning)
    assert "The world reads: investigating: We look into it." in said(burning.get(f"/incidents/{incident}"))
    assert "Archive its channel" in said(burning.get(f"/incidents/{incident}"))
    assert "archived in a moment" in burning.pressed(f"/incidents/{incident}/act", {"do": "archive-channel"})
