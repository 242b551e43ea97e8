"""What a person may ask of the API about an incident's own channel and what the world reads."""

from __future__ import annotations

import pytest

from rules.announcing.room import Room
from rules.announcing.room_commands import RoomMade
from rules.incident import Incident
from rules.reading.load import load
from tests.receiver.ear import BEARER, DOWN, KUMA, RULES, Ear

PAGES = """
status_pages:
  public: {type: statuspage, page: kctbh9, token: "${env:STATUSPAGE}", components: {checkout: 8kbf7d}}
  own: {type: webhook, url: "${env:STATUS_URL}", secret: "${env:STATUS_SECRET}"}
"""
FIRST = {"by": "ana", "text": "We are looking into it.", "title": "The shop is down"}


@pytest.fixture
def burning(ear: Ear) -> Ear:
    """An ear with status pages, and an incident."""
    rules = RULES.replace('url: "${env:SLACK}"', 'url: "${env:SLACK}", token: "${env:BOT}"')
    rules = rules.replace("respond_within: 15m,", "respond_within: 15m, incident_channel: true,", 1)
    ear.use(load({"rules.yaml": rules + PAGES}, runbooks={"site-down": "# Down"}))
    ear.post(KUMA, DOWN)
    ear.works()
    return ear


def asks(ear: Ear, what: str, body: object) -> tuple[int, dict[str, object]]:
    answer = ear.post(f"/api/incidents/{ear.incident().id}/{what}", body, **BEARER)
    return answer.status_code, answer.json()


def of(ear: Ear) -> Incident:
    return ear.incident()


def test_the_world_is_told_by_a_person(burning: Ear) -> None:
    """In their words, on every page; the answer shows what stands there, the history whose words they are."""
    status, said = asks(burning, "publish", {**FIRST, "components": {"checkout": "major outage"}})
    assert status == 200
    public = of(burning).response.public
    assert public is not None
    assert (list(public.pages), public.said[0].by, public.said[0].status) == (["public", "own"], "ana", "investigating")
    assert said["response"]["public"]["said"][0]["components"] == {"checkout": "major outage"}  # type: ignore[index]


def test_one_page_may_be_meant(burning: Ear) -> None:
    """`pages` names those on which it is opened; what follows goes there and nowhere else."""
    asks(burning, "publish", {**FIRST, "pages": ["own"]})
    asks(burning, "publish", {"by": "ana", "text": "It works.", "status": "resolved", "pages": ["own"]})
    public = of(burning).response.public
    assert public is not None
    assert list(public.pages) == ["own"]


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({"by": "ana", "text": "We are looking."}, 409, "The first publication needs a title"),
        ({**FIRST, "pages": ["pubic"]}, 422, "pages: there is no status page 'pubic'; did you mean public?"),
        (
            {**FIRST, "components": {"chekout": "degraded"}},
            422,
            "there is no component 'chekout'; did you mean checkout?",
        ),
        ({**FIRST, "components": {"checkout": "broken"}}, 422, "components.checkout"),
        ({**FIRST, "status": "mitigating"}, 422, "status"),
        ({"by": "ana", "title": "x"}, 422, "text"),
        ({**FIRST, "text": "\0"}, 422, "text: expected words that can be read"),
    ],
)
def test_what_cannot_become_public(burning: Ear, body: object, status: int, says: str) -> None:
    """Each with what was expected; nothing is published."""
    found, said = asks(burning, "publish", body)
    assert found == status
    assert says in str(said)
    assert of(burning).response.public is None


def test_the_channel_is_archived_when_it_is_over(burning: Ear) -> None:
    """Refused without one, and while it is needed; then promised."""
    incident = of(burning)
    assert incident.response.room == Room(channel="slack", changed=1)
    status, said = asks(burning, "archive-channel", {"by": "ana"})
    assert (status, said["detail"]) == (409, "This incident has no channel of its own.")
    burning.ledger.answer(incident.id, RoomMade(id="C1", name="inc-2026-11-20-shop"))
    status, said = asks(burning, "archive-channel", {"by": "ana"})
    assert (status, said["detail"]) == (
        409,
        "#inc-2026-11-20-shop is still needed: the incident is triggered. Resolve it first.",
    )
    asks(burning, "resolve", {"by": "ana"})
    status, said = asks(burning, "archive-channel", {"by": "ana"})
    assert (status, said["changed"]) == (200, True)
    pending = burning.ask("GET", "/api/agenda", headers=BEARER).json()["items"]
    assert f"see to the channel of P1 incident {incident.id}" in [one["what"] for one in pending]
