"""Maintenance through the API: begun, listed with its words, prolonged, ended with what still burns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rules.reading.load import load
from tests.receiver.ear import BEARER, NOW, RULES, Ear
from tests.receiver.test_announcing import PAGES
from workers import maintenance

ASKED = {"by": "ana", "service": "shop", "reason": "new disks", "for": "1h", "labels": {"environment": "production"}}


def post(ear: Ear, path: str, body: object) -> Any:
    """The answer to a person."""
    return ear.ask("POST", path, json=body, headers=BEARER)


def listed(ear: Ear) -> list[dict[str, Any]]:
    """What the list has."""
    found: list[dict[str, Any]] = ear.ask("GET", "/api/maintenance", headers=BEARER).json()["maintenance"]
    return found


def test_it_is_begun_listed_and_ended(ear: Ear) -> None:
    """It holds back what it covers, says so, has words for others, and its end says what still burns."""
    made = post(ear, "/api/maintenance", {**ASKED, "name": "disks"})
    assert made.status_code == 201
    said = made.json()
    assert (said["from"], said["until"], said["remind_at"]) == (NOW, NOW + 3600, NOW + 3000)
    assert said["what"] == {"labels": {"environment": ["production"]}}
    assert set(said["words"]) == {"Status page", "Social media", "Customers"}
    assert "From 20 November 10:00 UTC to 20 November 11:00 UTC we are working on shop: new disks." in str(
        said["words"]
    )
    assert said["holds"] == []
    incident = ear.is_down()
    assert incident.hold is not None
    (one,) = listed(ear)
    assert ([each["id"] for each in one["holds"]], one["active"], one["by"]) == ([incident.id], True, "ana")
    (silence,) = ear.ask("GET", "/api/silences", headers=BEARER).json()["silences"]
    assert (silence["name"], silence["reason"]) == ("disks", "new disks: shop")
    ear.clock.at += 60
    ended = post(ear, "/api/maintenance/disks/end", {"by": "dan"})
    assert [each["id"] for each in ended.json()["burning"]] == [incident.id]
    assert ear.incident().steps[0].due_at == ear.clock.at
    (one,) = listed(ear)
    assert (one["over"], one["until"], one["holds"]) == (True, ear.clock.at, [])


def test_what_is_over_is_not_ended_again(ear: Ear) -> None:
    """That is no failure, and says since when; but words for the world that come too late are refused."""
    incident = ear.is_down()
    post(ear, "/api/maintenance", {**ASKED, "name": "disks"})
    ear.clock.at = over = NOW + 60
    first = post(ear, "/api/maintenance/disks/end", {"by": "dan"}).json()
    assert (first["changed"], first["until"], len(first["burning"])) == (True, over, 1)
    ear.clock.at += 60
    again = post(ear, "/api/maintenance/disks/end", {"by": "dan"})
    assert (again.status_code, again.json()["changed"], again.json()["until"]) == (200, False, over)
    assert again.json()["burning"] == []
    assert ear.incident().id == incident.id
    assert post(ear, "/api/maintenance/disks/end", {"by": "dan", "say": "They are in."}).status_code == 409


@pytest.mark.parametrize("at", [NOW + 0.0000006, NOW + 0.4, NOW + 0.9999998])
def test_what_begins_now_has_begun(ear: Ear, at: float) -> None:
    """Whatever part of a second it is: it is on at once, and so is a silence."""
    ear.clock.at = at
    made = post(ear, "/api/maintenance", {**ASKED, "name": "disks"}).json()
    assert (made["active"], made["from"], made["until"]) == (True, NOW, NOW + 3600)
    silence = {"by": "ana", "reason": "x", "when": {"labels": {"service": "api"}}, "for": "1h"}
    assert post(ear, "/api/silences", silence).json()["active"] is True


def test_a_service_that_nobody_has_named_is_said(ear: Ear) -> None:
    """It may be new, and is silenced all the same; it may be mistyped, and then the nearest is named."""
    ear.is_down()
    mistyped = post(
        ear, "/api/maintenance", {"by": "ana", "service": "x", "for": "1h", "labels": {"environment": "productoin"}}
    )
    assert mistyped.status_code == 201
    never = "So far no rule and no incident has the label environment=productoin"
    assert mistyped.json()["doubts"] == [f"{never}: did you mean production? It is silenced all the same."]
    assert post(ear, "/api/maintenance", ASKED).json()["doubts"] == []
    said = post(ear, "/api/silences", {"by": "ana", "reason": "x", "when": {"source": ["kumma"]}, "for": "1h"}).json()
    assert said["doubts"] == ["The rules have no source kumma: did you mean kuma? It is silenced all the same."]


def test_without_labels_the_service_says_what_is_silenced(ear: Ear) -> None:
    """The label `service`; or whole sources."""
    asked = {"by": "ana", "service": "shop", "for": "30m"}
    assert post(ear, "/api/maintenance", asked).json()["what"] == {"labels": {"service": ["shop"]}}
    assert post(ear, "/api/maintenance", {**asked, "sources": ["kuma"]}).json()["what"] == {"source": ["kuma"]}


def test_it_is_prolonged_from_the_end_it_has(ear: Ear) -> None:
    """The words have the new end; what is over cannot be prolonged."""
    post(ear, "/api/maintenance", {**ASKED, "name": "disks"})
    ear.clock.at += 1800
    longer = post(ear, "/api/maintenance/disks/prolong", {"by": "dan", "for": "30m"}).json()
    assert (longer["until"], longer["remind_at"], longer["prolonged"]) == (NOW + 5400, NOW + 4800, 1)
    assert "11:30 UTC" in longer["words"]["Status page"]
    assert ear.is_down().hold.until == NOW + 5400  # type: ignore[union-attr]
    ear.clock.at = NOW + 5400
    refused = post(ear, "/api/maintenance/disks/prolong", {"by": "dan", "for": "30m"})
    assert (refused.status_code, "start a new one" in refused.json()["detail"]) == (409, True)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"for": None}, "either an end"),
        ({"for": "soon"}, "for"),
        ({"for": None, "end": "2020-01-01T00:00:00Z"}, "A silence must end after it starts."),
        ({"for": None, "end": "2020-01-01T00:00:00Z", "start": "2019-01-01T00:00:00Z"}, "over already"),
        ({"service": ""}, "service"),
        ({"name": "a b"}, "name"),
        ({"severity": "P9"}, "severity"),
        ({"by": None}, "by"),
        ({"timezone": "Europe/Bukarest"}, "Europe/Bucharest"),
    ],
)
def test_what_makes_no_sense_is_422_and_says_why(ear: Ear, changes: dict[str, Any], said: str) -> None:
    """And nothing is silenced."""
    answer = post(ear, "/api/maintenance", {name: one for name, one in {**ASKED, **changes}.items() if one is not None})
    assert answer.status_code == 422
    assert said in answer.text
    assert listed(ear) == []
    assert ear.ask("GET", "/api/silences", headers=BEARER).json() == {"silences": []}


@pytest.mark.parametrize("what", ["prolong", "end"])
def test_one_that_there_is_none_of_is_404_with_the_nearest(ear: Ear, what: str) -> None:
    """A typing mistake ends nothing."""
    post(ear, "/api/maintenance", {**ASKED, "name": "disks"})
    body = {"by": "ana", **({"for": "30m"} if what == "prolong" else {})}
    refused = post(ear, f"/api/maintenance/disk/{what}", body)
    assert (refused.status_code, "did you mean disks?" in refused.json()["detail"]) == (404, True)


def test_a_duration_that_is_none_prolongs_nothing(ear: Ear) -> None:
    """It says what was expected."""
    post(ear, "/api/maintenance", {**ASKED, "name": "disks"})
    for lasts in ("soon", "5s", "400d"):
        assert post(ear, "/api/maintenance/disks/prolong", {"by": "ana", "for": lasts}).status_code == 422
    assert listed(ear)[0]["until"] == NOW + 3600


def test_the_words_are_the_operators_own(ear: Ear, tmp_path: Path) -> None:
    """From words/maintenance.md of the receiver's folder; a broken template hides nothing."""
    (tmp_path / "words").mkdir()
    template = tmp_path / "words" / "maintenance.md"
    template.write_text("## Chat\nbrb, {{ service }}: {{ minutes }} min\n")
    ear.settings = ear.settings.model_copy(update={"config": tmp_path})
    assert post(ear, "/api/maintenance", {**ASKED, "name": "a"}).json()["words"] == {"Chat": "brb, shop: 60 min"}
    template.write_text("## Chat\n{{ servce }}\n")
    made = post(ear, "/api/maintenance", {**ASKED, "name": "b"})
    assert made.status_code == 201
    assert "'servce' is undefined" in made.json()["words"]["No words"]


def test_of_two_who_prolong_it_at_once_one_hears_that(ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody's half hour is lost without a word, and what somebody has just ended stays over."""
    post(ear, "/api/maintenance", {**ASKED, "name": "disks"})
    stood = maintenance.every(ear.redis, ear.clock.at)
    post(ear, "/api/maintenance/disks/prolong", {"by": "dan", "for": "30m"})
    with monkeypatch.context() as patch:
        patch.setattr(maintenance, "every", lambda *_: stood)
        answer = post(ear, "/api/maintenance/disks/prolong", {"by": "ana", "for": "30m"})
    assert (answer.status_code, "somebody else is just changing" in answer.json()["detail"]) == (409, True)
    assert listed(ear)[0]["until"] == NOW + 5400


@pytest.fixture
def paged(ear: Ear) -> Ear:
    """An ear with a page that needs a person, and one that is told of every maintenance."""
    own = PAGES.replace('"${env:STATUS_SECRET}"', '"${env:STATUS_SECRET}", maintenance: true')
    ear.use(load({"rules.yaml": RULES + own}, runbooks={"site-down": "# Down"}))
    return ear


def test_the_world_is_told_by_a_person_or_as_the_yaml_says(paged: Ear) -> None:
    """`maintenance: true` says that there is one and nothing else; a person's words go to every page."""
    public = post(paged, "/api/maintenance", {**ASKED, "name": "disks"}).json()["public"]
    assert list(public["pages"]) == ["own"]
    text = "We work on our service from 2026-11-20 10:00 UTC to 2026-11-20 11:00 UTC. Short interruptions are possible."
    assert (public["said"]["title"], public["said"]["text"]) == ("Planned maintenance", text)
    words = {"by": "ana", "title": "Disks", "text": "We change disks.", "pages": ["public"]}
    public = post(paged, "/api/maintenance/disks/publish", words).json()["public"]
    assert list(public["pages"]) == ["own", "public"]
    assert (public["said"]["text"], public["pages"]["public"]["says"]) == ("We change disks.", None)
    longer = {"by": "dan", "for": "30m", "say": "Another disk is broken."}
    assert post(paged, "/api/maintenance/disks/prolong", longer).json()["public"]["said"]["text"] == longer["say"]
    ended = post(paged, "/api/maintenance/disks/end", {"by": "dan", "say": "They are in."}).json()
    assert ended["public"]["said"]["over"] == "They are in."


@pytest.mark.parametrize(
    ("what", "body", "status", "why"),
    [
        ("publish", {"text": "x"}, 422, "the first publication needs one"),
        ("publish", {"text": "x", "title": "T", "pages": ["pulbic"]}, 422, "no status page 'pulbic'; did you mean"),
        ("publish", {"text": "x", "title": "T", "components": ["x"]}, 422, "there is no component 'x'"),
        ("publish", {"text": "", "title": "T"}, 422, "text"),
        ("publish", {"text": "\0", "title": "T"}, 422, "text: expected words that can be read"),
        ("publish", {"text": "x" * 4001, "title": "T"}, 422, "text"),
        ("prolong", {"for": "30m", "say": "x"}, 409, "the world knows nothing of the maintenance disks. Tell it: "),
        ("end", {"say": "x"}, 409, "the world knows nothing of the maintenance disks. Tell it: "),
    ],
)
def test_what_cannot_be_public_changes_nothing(paged: Ear, what: str, body: Any, status: int, why: str) -> None:
    """The answer says what is wrong and what to do; the maintenance goes on as it was."""
    paged.use(load({"rules.yaml": RULES + PAGES}, runbooks={"site-down": "# Down"}))
    post(paged, "/api/maintenance", {**ASKED, "name": "disks"})
    answer = post(paged, f"/api/maintenance/disks/{what}", {"by": "ana", **body})
    assert (answer.status_code, why in answer.json()["detail"]) == (status, True), answer.json()
    (one,) = listed(paged)
    assert (one["until"], one["public"]["said"]) == (NOW + 3600, None)


def test_without_a_status_page_nothing_is_public(ear: Ear) -> None:
    """Nothing is said of it at all."""
    assert post(ear, "/api/maintenance", {**ASKED, "name": "disks"}).json()["public"] is None
    answer = post(ear, "/api/maintenance/disks/publish", {"by": "ana", "title": "T", "text": "x"})
    assert (answer.status_code, "The rules have no status page" in answer.json()["detail"]) == (409, True)
