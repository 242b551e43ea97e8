"""`tocsin incidents publish` and `archive-channel` as a person types them."""

from __future__ import annotations

import json

import pytest

from tests.cli.pretended import INCIDENT, Tocsin, tell

SAID = {"title": "Payments fail", "status": "investigating", "text": "We look into it.", "by": "ana", "components": {}}
PUBLIC = {"said": [SAID], "pages": {"public": {"id": "p1"}}}


@pytest.fixture
def public(monkeypatch: pytest.MonkeyPatch) -> None:
    """Something has been published."""
    monkeypatch.setitem(INCIDENT, "response", {"public": PUBLIC, "room": {"name": "inc-2026-03-02-shop"}})


def posted(tocsin: Tocsin) -> list[tuple[str, object]]:
    return [(path.rpartition("/")[2], body) for method, path, body, _ in tocsin.asked if method == "POST"]


def test_the_words_go_out_as_they_are_typed(tocsin: Tocsin, public: None) -> None:
    """With their title, status, components and pages; the answer repeats what is public now."""
    words = ["--title", "Payments fail", "--component", "checkout=major-outage", "--page", "public", "--by", "ana"]
    said = tell("incidents", "publish", "7f3a", "We look into it.", *words)
    assert said.exit_code == 0, said.output
    ((what, body),) = posted(tocsin)
    assert what == "publish"
    assert body == {
        "by": "ana",
        "via": "command line",
        "text": "We look into it.",
        "title": "Payments fail",
        "components": {"checkout": "major outage"},
        "pages": ["public"],
    }
    assert "is public as “investigating: We look into it.” on public." in said.output


def test_a_preview_publishes_nothing(tocsin: Tocsin, public: None) -> None:
    """It shows what the world reads, and what it would read: what is not said stays as it was."""
    said = tell("incidents", "publish", "7f3a", "It works.", "--status", "resolved", "--preview")
    assert said.exit_code == 0
    assert not posted(tocsin)
    assert "The world reads now: investigating: We look into it." in said.output
    assert "This would become public, and was not published:\n  Payments fail\n  resolved: It works." in said.output


def test_without_words_those_that_are_ready_are_shown(tocsin: Tocsin) -> None:
    """One text for the status page, one for social media, one for customers; and for programs as JSON."""
    said = tell("incidents", "publish", "7f3a")
    assert said.exit_code == 0
    assert not posted(tocsin)
    for heading in ("--- Status page ---", "--- Social media ---", "--- Customers ---"):
        assert heading in said.output
    assert "The world knows nothing of it." in said.output
    assert "Shop is down" not in said.output
    found = json.loads(tell("incidents", "publish", "7f3a", "-o", "json").output)
    assert (found["published"], sorted(found["words"])) == (False, ["Customers", "Social media", "Status page"])


@pytest.mark.parametrize(
    ("state", "response", "says"),
    [
        ("triggered", {"broken": "card payments"}, "We are investigating a problem with card payments."),
        ("mitigated", {"public": PUBLIC, "broken": ""}, "We have found the cause and are working on it."),
        ("resolved", {"public": PUBLIC, "broken": "card payments"}, "The problem with card payments is solved."),
    ],
)
def test_the_words_fit_how_it_goes(
    tocsin: Tocsin, monkeypatch: pytest.MonkeyPatch, state: str, response: object, says: str
) -> None:
    """Opened, going on, over: a template each, filled in with what people said of the impact."""
    monkeypatch.setitem(INCIDENT, "state", state)
    monkeypatch.setitem(INCIDENT, "response", response)
    assert says in tell("incidents", "publish", "7f3a").output


@pytest.mark.parametrize("component", ["checkout", "checkout=broken", "=degraded"])
def test_a_component_has_a_state(tocsin: Tocsin, component: str) -> None:
    """Exit 2, with the states there are."""
    said = tell("incidents", "publish", "7f3a", "Text", "--component", component)
    assert said.exit_code == 2
    assert "operational, degraded, partial outage, major outage, maintenance" in " ".join(said.output.split())


def test_whoever_resolves_hears_what_the_world_still_believes(
    tocsin: Tocsin, public: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And how to tell it; once it knows, nothing is said."""
    said = " ".join(tell("incidents", "resolve", "7f3a").output.split())
    assert "The status page (public) still says “investigating: We look into it.”; tell the world:" in said
    assert "tocsin incidents publish 20260301-7f3a --status resolved TEXT" in said
    told = {**PUBLIC, "said": [{**SAID, "status": "resolved"}]}
    monkeypatch.setitem(INCIDENT, "response", {"public": told})
    assert "still says" not in tell("incidents", "resolve", "7f3a").output


def test_archiving_names_the_channel(tocsin: Tocsin, public: None) -> None:
    """What is done stands in the answer."""
    said = tell("incidents", "archive-channel", "7f3a", "--by", "ana")
    assert said.exit_code == 0
    assert posted(tocsin) == [("archive-channel", {"by": "ana", "via": "command line"})]
    assert "has its channel #inc-2026-03-02-shop archived" in said.output
