"""The console's sources, the API and what is counted: who may speak, when each was last heard, how to set it up."""

from __future__ import annotations

from router.api.senders import address, proof
from router.sources import TYPES
from rules.reading.config import SourceConfig
from tests.receiver.browsing import dangers, home, page, words
from tests.receiver.ear import BEARER, DOWN, KUMA, NOW, SECRET, TOKEN, Ear
from tests.receiver.test_deliveries import ANY, sent
from workers import keys
from workers.deliveries import days
from workers.deliveries.inbox import Inbox

__all__ = ["home"]


def known(ear: Ear, name: str) -> dict[str, object]:
    """What the API says of one source."""
    answer = ear.ask("GET", f"/api/sources/{name}", headers=BEARER)
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()
    return found


def test_a_source_never_heard_says_so_and_how_to_begin(home: Ear) -> None:
    """It stands first, with the address to paste; its page waits, and has a link for whoever has no script."""
    sent(home, ANY, {"id": "x", "title": "Odd"})
    said = words(page(home, "/sources"))
    assert "Never heard" in said
    assert said.index("kuma") < said.index("anything")
    one = page(home, "/sources/kuma")
    assert "Waiting for its first event" in one
    assert '<a href="/sources/kuma">Look again</a>' in one
    assert 'data-live="/live?source=kuma"' in one
    assert "tocsin send kuma" in one


def test_the_first_event_shows_what_it_said(home: Ear) -> None:
    """The page that waited tells of it, and leads to it."""
    delivery = sent(home, KUMA, DOWN)
    home.works()
    text = page(home, "/sources/kuma")
    assert "ago: Shop is DOWN: timeout" in words(text)
    assert f"/deliveries/{delivery}" in text
    assert home.incident().id in text
    assert "Last heard" in words(page(home, "/sources"))


def test_secrets_stay_where_they_are(home: Ear) -> None:
    """The address names the token's reference and says where it stands; the token itself is on no page."""
    for path in ("/sources", "/sources/kuma", "/sources/shop-sentry"):
        text = page(home, path)
        assert TOKEN not in text
        assert SECRET not in text
    said = words(page(home, "/sources/kuma"))
    assert "https://tocsin.example.com/hooks/kuma/${env:KUMA}" in said
    assert "the environment variable KUMA of Tocsin's processes" in said
    assert known(home, "kuma")["url"] == "https://tocsin.example.com/hooks/kuma/${env:KUMA}"


def test_every_type_says_how_it_proves_itself() -> None:
    """Token, file, signature, nothing at all, and people."""
    base, kuma = "https://t.example", TYPES["uptimekuma"]
    token = SourceConfig(type="uptimekuma", token=["${file:/run/secrets/kuma}"])
    assert address(base, "kuma", kuma, token) == "https://t.example/hooks/kuma/${file:/run/secrets/kuma}"
    assert "the content of the file /run/secrets/kuma" in proof(kuma, token)
    signed = SourceConfig(type="sentry", secret=["${env:S}"])
    assert address(base, "s", TYPES["sentry"], signed) == "https://t.example/hooks/s"
    assert proof(TYPES["sentry"], signed).startswith("Sentry signs what it sends with a secret")
    assert "Nothing is checked" in proof(kuma, SourceConfig(type="uptimekuma", unsigned=True))
    people = SourceConfig(type="manual")
    assert address(base, "p", TYPES["manual"], people) == "https://t.example/api/incidents"
    assert "TOCSIN_API_TOKEN" in proof(TYPES["manual"], people)


def test_last_heard_outlives_the_inbox(home: Ear) -> None:
    """What is trimmed was heard all the same; what a spool hands over later does not turn the time back."""
    delivery = sent(home, KUMA, DOWN)
    at = home.clock.at
    Inbox(home.redis).forget(delivery)
    found = known(home, "kuma")
    assert (found["heard_at"], found["last"]) == (at, None)
    assert "kept no longer" in page(home, "/sources/kuma")
    home.clock.at -= 3600
    sent(home, KUMA, DOWN)
    assert known(home, "kuma")["heard_at"] == at


def test_the_first_day_of_all_begins_with_its_first_delivery(home: Ear) -> None:
    """Whoever has just set a source up sees it counted, although no auditor had looked before."""
    sent(home, KUMA, DOWN)
    home.clock.at += 20
    assert days.begin(home.redis, home.clock.at)
    assert "1 delivery in 1 day" in words(page(home, "/sources/kuma"))


def test_days_are_told_apart_without_a_word_from_the_receivers(home: Ear) -> None:
    """The auditor copies the counters as a day begins; before that, and without it, a day is not known."""
    assert days.begin(home.redis, NOW)
    assert not days.begin(home.redis, NOW + 60)
    sent(home, KUMA, DOWN)
    sent(home, KUMA, DOWN)
    home.ask("POST", "/hooks/kuma/wrong", json=DOWN)
    home.clock.at = NOW + keys.DAY
    days.begin(home.redis, home.clock.at)
    sent(home, KUMA, DOWN)
    home.ask("POST", KUMA, content=b"{", headers={"Content-Type": "application/json"})
    found = known(home, "kuma")["days"]
    assert isinstance(found, list)
    assert len(found) == 14
    assert [(one["heard"], one["unreadable"], one["forged"]) for one in found[-3:]] == [
        (None, None, None),
        (2, 0, 1),
        (2, 1, 0),
    ]
    said = words(page(home, "/sources/kuma"))
    assert "4 deliveries in 2 days" in said
    assert "Not proven 1" in said
    assert "could not be read" in words(page(home, "/sources"))


def test_a_source_that_is_none_is_told_with_the_nearest(home: Ear) -> None:
    """404 for people and programs."""
    assert "did you mean kuma?" in page(home, "/sources/kumma", 404)
    assert home.ask("GET", "/api/sources/kumma", headers=BEARER).status_code == 404


def test_every_source_is_set_up_step_by_step(home: Ear) -> None:
    """Each page has the steps of its type, with the address in them, and nothing that runs."""
    for name, source in home.in_force.sources.items():
        text = page(home, f"/sources/{name}")
        assert dangers(text) == []
        assert words(text).count("tocsin.example.com") >= 2
        assert len(source.type.setup.steps) == text[text.index('class="steps"') :].count("<li>")
    listed = home.ask("GET", "/api/sources", headers=BEARER).json()["sources"]
    assert [one["name"] for one in listed] == sorted(home.in_force.sources)
