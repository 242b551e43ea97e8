"""The inbox: what came in can be found, seen as it came in, handed in again, and forgotten."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from router.hooks.discretion import REDACTED, WITHHELD
from router.sources.signatures import sign_hex
from tests.receiver.ear import BEARER, DOWN, KUMA, SECRET, Ear
from workers import keys
from workers.deliveries.inbox import Inbox, keep_trimming

ANY = "/hooks/anything"
PRIVATE = "/hooks/private"
SENTRY = "/hooks/shop-sentry"


def listed(ear: Ear, query: str = "") -> list[dict[str, Any]]:
    """What the API lists."""
    answer = ear.ask("GET", f"/api/deliveries{query}", headers=BEARER)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["deliveries"]
    return found


def sent(ear: Ear, path: str, body: object) -> str:
    """Deliver something a second later; returns its id."""
    ear.clock.at += 1
    answer = ear.post(path, body)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["delivery"])


def shown(ear: Ear, delivery: str) -> dict[str, Any]:
    """One delivery, whole."""
    answer = ear.ask("GET", f"/api/deliveries/{delivery}", headers=BEARER)
    assert answer.status_code == 200, answer.text
    whole: dict[str, Any] = answer.json()
    return whole


def test_what_came_in_is_listed_with_what_was_made_of_it(ear: Ear) -> None:
    """The newest first; each says what it was read as and which rule spoke."""
    first, second = sent(ear, KUMA, DOWN), sent(ear, ANY, {"id": "x", "title": "Odd", "status": "resolved"})
    newest, oldest = listed(ear)
    assert (newest["id"], oldest["id"]) == (second, first)
    assert (
        oldest["events"]
        == [
            {
                "kind": "uptimekuma.down",
                "action": "trigger",
                "summary": "Shop is down: timeout",
                "severity": "P1",
                "rule": "the site is down",
            }
        ]
        or oldest["events"][0]["rule"] == "the site is down"
    )
    assert newest["events"][0]["action"] == "resolve"
    assert newest["events"][0]["rule"] is None


def test_it_is_found_by_source_time_and_incident(ear: Ear) -> None:
    """Also what only counted: a repeat leaves no line in the history, and stands here."""
    first, again = sent(ear, KUMA, DOWN), sent(ear, KUMA, DOWN)
    other = sent(ear, ANY, {"id": "x", "title": "Odd"})
    ear.works()
    wanted = next(one for one in ear.store.incidents() if one.title != "Odd")
    assert [one["id"] for one in listed(ear, "?source=kuma")] == [again, first]
    assert [one["id"] for one in listed(ear, f"?incident={wanted.id[:6]}")] == [again, first]
    at = listed(ear, "?source=anything")[0]["received_at"]
    assert [one["id"] for one in listed(ear, f"?since={at}")] == [other]
    assert [one["id"] for one in listed(ear, f"?until={at - 0.5}&limit=1")] == [again]


def test_what_nobody_could_read_is_found_and_shown(ear: Ear) -> None:
    """Quarantined, with the body to look at, also when it is no text."""
    sent(ear, KUMA, DOWN)
    bad = ear.ask("POST", ANY, content=b"\xff\xfe", headers={"Content-Type": "application/json"}).json()["delivery"]
    assert [one["id"] for one in listed(ear, "?unreadable=true")] == [bad]
    whole = shown(ear, bad)
    assert (whole["body_base64"], bool(whole["unreadable"])) == ("//4=", True)


def test_one_delivery_is_shown_whole(ear: Ear) -> None:
    """Method, headers, body byte for byte, and every event with its decision."""
    delivery = sent(ear, KUMA, DOWN)
    whole = shown(ear, delivery.lower())
    assert whole["method"] == "POST"
    assert whole["headers"]["content-type"] == "application/json"
    assert '"monitorID":7' in whole["body"].replace(" ", "")
    assert whole["judged"][0]["decision"]["runbook"] == "site-down"


def test_a_delivery_handed_in_again_is_a_new_one(ear: Ear) -> None:
    """After a mistake in the rules was mended: read and judged by the rules of now; an incident comes of it."""
    delivery = sent(ear, ANY, {"id": "x", "title": "Odd"})
    ear.works()
    first = ear.incident()
    ear.ask("POST", f"/api/incidents/{first.id}/resolve", json={"by": "ana"}, headers=BEARER)
    ear.clock.at += 60
    told = ear.ask("POST", f"/api/deliveries/{delivery}/redeliver", headers=BEARER)
    assert (told.status_code, told.json()["redelivered"]) == (202, delivery)
    assert told.json()["delivery"] != delivery
    ear.works()
    assert [one.title for one in ear.store.incidents()] == ["Odd"]
    assert ear.store.incidents()[0].previous == first.id


def test_its_senders_own_id_does_not_keep_it_out(ear: Ear) -> None:
    """What a sender repeats is no news; what a person hands in again is."""
    body = b'{"action":"created","data":{"issue":{"id":"1","title":"Boom"}}}'
    headers = {"sentry-hook-signature": sign_hex(SECRET.encode(), body)}
    delivery = ear.ask("POST", SENTRY, content=body, headers=headers).json()["delivery"]
    ear.works()
    ear.ask("POST", f"/api/incidents/{ear.incident().id}/resolve", json={"by": "ana"}, headers=BEARER)
    ear.clock.at += 60
    ear.ask("POST", SENTRY, content=body, headers=headers)
    ear.works()
    assert ear.store.incidents() == []
    ear.ask("POST", f"/api/deliveries/{delivery}/redeliver", headers=BEARER)
    ear.works()
    assert len(ear.store.incidents()) == 1


def test_what_a_source_calls_private_is_not_kept(ear: Ear) -> None:
    """Judged with it, kept without it: neither in the body nor in any list of its places."""
    told = {"id": "x", "title": "Odd", "user": {"email": "eve@example.com"}, "cards": [{"no": "4"}, {"no": "5"}]}
    delivery = sent(ear, PRIVATE, told)
    whole = shown(ear, delivery)
    assert "eve@example.com" not in str(whole)
    assert whole["body"].count(REDACTED) == 3
    assert whole["events"][0]["summary"] == "Odd"
    kept = ear.kept(delivery)
    assert kept is not None
    assert b"eve@" not in b"".join(kept.values())


def test_a_body_that_cannot_be_searched_is_withheld(ear: Ear) -> None:
    """Redaction is asked for and the body is no JSON: better nothing than everything."""
    answer = ear.ask("POST", PRIVATE, content=b"eve@example.com", headers={"Content-Type": "application/json"})
    assert shown(ear, answer.json()["delivery"])["body"].encode() == WITHHELD


def test_deliveries_are_forgotten_for_good(ear: Ear) -> None:
    """One, all of a source, all before a moment; the incidents stay."""
    one, two, three = (sent(ear, ANY, {"id": str(number), "title": "t"}) for number in range(3))
    kuma = sent(ear, KUMA, DOWN)
    ear.works()

    def purge(**asked: object) -> Any:
        return ear.ask("POST", "/api/deliveries/purge", json=asked, headers=BEARER).json()

    assert purge(id=one) == {"purged": 1}
    assert ear.kept(one) is None
    at = next(each["received_at"] for each in listed(ear) if each["id"] == two)
    assert purge(source="anything", before=at) == {"purged": 1}
    assert {each["id"] for each in listed(ear)} == {three, kuma}
    assert purge(source="anything") == {"purged": 1}
    assert purge(before=ear.clock.at) == {"purged": 1}
    assert (listed(ear), Inbox(ear.redis).size(), len(ear.store.incidents())) == ([], 0, 4)


@pytest.mark.parametrize(
    ("asked", "status", "words"),
    [
        ({}, 422, "expected id, source, before"),
        ({"id": "NOPE"}, 404, "no delivery of this id"),
        ({"source": "kumma"}, 404, "did you mean kuma?"),
        ({"before": "yesterday"}, 422, "before"),
        ({"everything": True}, 422, "everything: not a field"),
    ],
)
def test_a_purge_that_says_nothing_sensible_forgets_nothing(
    ear: Ear, asked: dict[str, object], status: int, words: str
) -> None:
    """What cannot be undone must be asked for exactly."""
    sent(ear, KUMA, DOWN)
    answer = ear.ask("POST", "/api/deliveries/purge", json=asked, headers=BEARER)
    assert (answer.status_code, words in answer.json()["detail"]) == (status, True), answer.text
    assert len(listed(ear)) == 1


@pytest.mark.parametrize("query", ["?limit=0", "?since=yesterday", "?incident=NOPE"])
def test_a_question_that_makes_no_sense_is_told_so(ear: Ear, query: str) -> None:
    """422 or 404, never an empty list that looks like an answer."""
    assert ear.ask("GET", f"/api/deliveries{query}", headers=BEARER).status_code in (404, 422)


def test_a_source_that_is_gone_cannot_read_again(ear: Ear) -> None:
    """The rules know it no longer: 409 says so."""
    delivery = sent(ear, ANY, {"id": "x", "title": "Odd"})
    sources = dict(ear.in_force.sources)
    del sources["anything"]
    ear.in_force = replace(ear.in_force, sources=sources)
    answer = ear.ask("POST", f"/api/deliveries/{delivery}/redeliver", headers=BEARER)
    assert answer.status_code == 409
    assert ear.ask("POST", "/api/deliveries/NOPE/redeliver", headers=BEARER).status_code == 404


def test_what_is_too_old_is_let_go(ear: Ear) -> None:
    """Seven days by default; one worker at a time trims."""
    sent(ear, KUMA, DOWN)
    ear.clock.at += 3600
    young = sent(ear, KUMA, DOWN)
    later = ear.clock.at + 7 * keys.DAY - 10
    assert keep_trimming(ear.redis, lambda: later, 7 * keys.DAY, 1 << 30) == 1
    assert keep_trimming(ear.redis, lambda: later + 3600, 7 * keys.DAY, 1 << 30) == 0
    assert [one["id"] for one in listed(ear)] == [young]


def test_what_is_too_much_goes_the_oldest_first(ear: Ear) -> None:
    """The size is held, whatever comes in: half the limit keeps the younger half."""
    ids = [sent(ear, ANY, {"id": str(number), "title": "t" * 200}) for number in range(10)]
    inbox = Inbox(ear.redis)
    full = inbox.size()
    assert inbox.trim(ear.clock.at, 7 * keys.DAY, full) == 0
    gone = inbox.trim(ear.clock.at, 7 * keys.DAY, full // 2)
    assert gone == 5
    assert [one["id"] for one in listed(ear)] == ids[:4:-1]
    assert inbox.size() <= full // 2
    assert inbox.trim(ear.clock.at, 7 * keys.DAY, 0) == 5
    assert (inbox.size(), listed(ear)) == (0, [])
