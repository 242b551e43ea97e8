"""What a sender experiences at /hooks."""

from __future__ import annotations

import json
import resource
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from router.sources.signatures import sign_hex
from rules.decision import Judged
from tests.receiver.ear import DOWN, ENVIRONMENT, KUMA, NOW, SECRET, TOKEN, Ear
from workers.agenda import Agenda, Job, Lane
from workers.counters import read
from workers.deliveries.became import Outcome
from workers.deliveries.intake import judged_of
from workers.deliveries.leafing import Leafing, Sought
from workers.deliveries.spool import Spool
from workers.store import connect

PROBLEM = "application/problem+json"
SENTRY = {
    "action": "created",
    "data": {"issue": {"id": "42", "title": "Boom", "level": "error", "project": {"slug": "shop"}}},
}


def promised(ear: Ear) -> list[Judged]:
    """What the workers have been promised."""
    entries = Agenda(ear.redis).claim(Lane.INTAKE, Job.DEDUPLICATE, NOW + 1)
    return [one for entry in entries for one in judged_of(entry)]


def test_a_202_names_the_delivery_and_what_was_understood(ear: Ear) -> None:
    """The sender reads back how its words were taken, and by which rule."""
    answer = ear.post(KUMA, DOWN)
    assert answer.status_code == 202
    said = answer.json()
    assert said["read_as"] == [
        {
            "kind": "uptimekuma.down",
            "action": "trigger",
            "dedup_key": "uptimekuma monitor 7",
            "summary": "Shop is DOWN: timeout",
        }
    ]
    assert (said["rule"], said["severity"]) == ("the site is down", "P1")
    assert ear.kept(said["delivery"]) is not None


def test_a_202_is_a_promise_to_the_workers_and_rings_the_bell(ear: Ear) -> None:
    """What was accepted waits on the agenda with its decision, under the source's name and labels."""
    delivery = ear.post(KUMA, DOWN).json()["delivery"]
    (one,) = promised(ear)
    assert ear.rung == 1
    assert one.event.source == "kuma"
    assert one.event.source_type == "uptimekuma"
    assert one.event.delivery == delivery
    assert one.event.received_at == NOW
    assert one.decision is not None
    assert one.decision.rule == "the site is down"


def test_the_sources_labels_lie_under_the_events_own(ear: Ear) -> None:
    """What the operator wrote fills in, what the sender said wins."""
    ear.post(KUMA, DOWN)
    (one,) = promised(ear)
    assert one.event.labels["environment"] == "production"
    assert one.event.labels["monitor"] == "Shop"


def test_a_resolve_is_not_judged(ear: Ear) -> None:
    """Only triggers meet the rules; everything else finds its incident by its key."""
    up = {**DOWN, "heartbeat": {**DOWN["heartbeat"], "status": 1}}
    assert ear.post(KUMA, up).json()["rule"] is None
    (one,) = promised(ear)
    assert one.decision is None


@pytest.mark.parametrize("secret", ["an-older-secret", SECRET])
def test_any_of_the_secrets_proves_a_sender(ear: Ear, secret: str) -> None:
    """While a secret is exchanged, both are good."""
    body = json.dumps(SENTRY).encode()
    headers = {
        "Sentry-Hook-Signature": sign_hex(secret.encode(), body),
        "Sentry-Hook-Resource": "issue",
        "Sentry-Hook-Timestamp": str(int(NOW)),
    }
    assert ear.ask("POST", "/hooks/shop-sentry", content=body, headers=headers).status_code == 202


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/hooks/shop-sentry", {}),
        ("/hooks/shop-sentry", {"Sentry-Hook-Signature": sign_hex(b"wrong", b"{}")}),
        ("/hooks/shop-sentry", {"Sentry-Hook-Signature": "not hex"}),
        ("/hooks/kuma", {}),
        ("/hooks/kuma/wrong", {}),
        ("/hooks/kuma", {"Authorization": "Bearer wrong"}),
    ],
)
def test_a_forgery_is_refused_and_not_stored(ear: Ear, path: str, headers: dict[str, str]) -> None:
    """401 says what to compare, nothing of the body is kept, and the refusal is counted."""
    answer = ear.ask("POST", path, content=b"{}", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == PROBLEM
    assert "secret" in answer.json()["detail"]
    assert promised(ear) == []
    assert ear.redis.keys("tocsin:delivery:*") == []
    assert read(ear.redis, "deliveries")[path.split("/")[2], "unauthentic"] == 1


@pytest.mark.parametrize(
    "headers",
    [{"Authorization": f"Bearer {TOKEN}"}, {"X-Tocsin-Token": TOKEN}, {"Authorization": "Basic dTprdW1hLXRva2VuLTE="}],
)
def test_a_token_may_come_in_a_header(ear: Ear, headers: dict[str, str]) -> None:
    """Whichever way the sender can be taught; and no header that proves something is kept."""
    answer = ear.ask("POST", "/hooks/kuma", json=DOWN, headers=headers)
    assert answer.status_code == 202
    stored = ear.kept(answer.json()["delivery"])
    assert stored is not None
    assert TOKEN.encode() not in b"".join(stored.values())
    assert b"authorization" not in stored["headers"]


def test_an_unknown_source_is_404_whatever_it_brings(ear: Ear) -> None:
    """The name is counted as unknown: a stranger cannot fill the metrics with names."""
    for path in ("/hooks/nobody", f"/hooks/nobody/{TOKEN}", f"{KUMA}/more", "/hooks/"):
        answer = ear.post(path, DOWN)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == PROBLEM
    assert read(ear.redis, "deliveries") == {("unknown", "unknown"): 4}


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/hooks/shop-sentry", "POST"),
        ("HEAD", "/hooks/shop-sentry", "POST"),
        ("OPTIONS", "/hooks/shop-sentry", "POST"),
        ("DELETE", KUMA, "GET, POST"),
        ("HEAD", KUMA, "GET, POST"),
    ],
)
def test_a_method_the_sender_does_not_use_is_405(ear: Ear, method: str, path: str, allowed: str) -> None:
    """Allow names those that are used."""
    answer = ear.ask(method, path)
    assert answer.status_code == 405
    assert answer.headers["allow"] == allowed


def test_a_sender_that_uses_get_is_heard(ear: Ear) -> None:
    """Uptime Kuma may put everything into the query."""
    answer = ear.ask("GET", KUMA, params={"msg": "[Shop] [🔴 Down] timeout"})
    assert answer.status_code == 202
    assert answer.json()["read_as"][0]["kind"] == "uptimekuma.down"


@pytest.mark.parametrize(
    "body",
    [b"", b"not json", b'{"a":' * 100_000, b"[" * 100_000, b'{"monitor": NaN}', b"\xff\xfe\x00", b"1" * 100_000],
    ids=["empty", "words", "deep objects", "deep lists", "NaN", "bytes", "digits"],
)
def test_an_authentic_body_nobody_can_read_is_kept_and_raised(ear: Ear, body: bytes) -> None:
    """It is never answered 4xx: it is stored, quarantined, and becomes a P3 of its own."""
    answer = ear.ask("POST", KUMA, content=body)
    assert answer.status_code == 202
    assert answer.json()["unreadable"]
    assert answer.json()["severity"] == "P3"
    found = Leafing(ear.redis).leaf(Sought(outcome=Outcome.QUARANTINED), 50).found
    assert [one.id for one, _ in found] == [answer.json()["delivery"]]
    (one,) = promised(ear)
    assert one.event.kind == "tocsin.unreadable"
    assert one.event.summary.startswith("A delivery from kuma could not be read: ")
    assert one.decision is not None
    assert one.decision.rule == "unreadable delivery"


def test_a_wrong_content_type_is_no_reason_to_refuse(ear: Ear) -> None:
    """An alarm that calls itself a picture is still an alarm."""
    headers = {"Content-Type": "image/png"}
    assert ear.ask("POST", KUMA, content=json.dumps(DOWN), headers=headers).status_code == 202


def test_a_compressed_body_is_415_with_a_hint(ear: Ear) -> None:
    """No parser could ever read it."""
    answer = ear.ask("POST", KUMA, content=b"\x1f\x8b", headers={"Content-Encoding": "gzip"})
    assert answer.status_code == 415
    assert "compress" in answer.json()["detail"]


def test_a_body_beyond_the_cap_is_413_before_it_is_in_memory(ear: Ear) -> None:
    """50 MB without a Content-Length: refused at the cap, and the process does not grow by them."""

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(800):
            yield bytes(64 * 1024)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer = ear.ask("POST", KUMA, content=endless())
    assert answer.status_code == 413
    assert answer.headers["content-type"] == PROBLEM
    assert "TOCSIN_BODY_LIMIT" in answer.json()["detail"]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 10 * 1024


@pytest.mark.parametrize("declared", ["1048577", "9" * 40])
def test_a_declared_length_beyond_the_cap_is_413_at_once(ear: Ear, declared: str) -> None:
    """Not a byte of the body is read."""
    assert ear.ask("POST", KUMA, content=b"", headers={"Content-Length": declared}).status_code == 413


def test_a_length_that_lies_is_no_way_around_the_cap(valkey: str, ear: Ear) -> None:
    """What counts is what arrives."""
    small = Ear(valkey, ear.redis, {"TOCSIN_BODY_LIMIT": "1024"})
    headers = {"Content-Length": "10"}
    assert small.ask("POST", KUMA, content=b"x" * 2000, headers=headers).status_code == 413


def test_deliveries_of_the_same_moment_share_a_transaction(ear: Ear) -> None:
    """The first waits for nobody; those that come while it is written go together."""
    answers = ear.together([(KUMA, DOWN)] * 5)
    assert [one.status_code for one in answers] == [202] * 5
    assert len({one.json()["delivery"] for one in answers}) == 5
    assert sum(ear.commits) == 5
    assert len(ear.commits) < 5
    assert len(promised(ear)) == 5


def test_without_redis_and_without_a_disk_the_sender_keeps_it(tmp_path: Path) -> None:
    """503, when to come back, and no word that anything was stored."""
    (tmp_path / "file").touch()
    away = Ear(ENVIRONMENT["REDIS_URL"], connect(ENVIRONMENT["REDIS_URL"]))
    away.spool = Spool(tmp_path / "file")
    answer = away.post(KUMA, DOWN)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert answer.headers["content-type"] == PROBLEM
    assert "Nothing has been stored" in answer.json()["detail"]


def test_every_answer_carries_the_security_headers(ear: Ear) -> None:
    """Whatever path was taken."""
    for path in (KUMA, "/hooks/nobody", "/healthz", "/nowhere", "/api/incidents"):
        headers = ear.ask("GET", path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]


def test_an_address_that_is_none_is_a_problem_too(ear: Ear) -> None:
    """404 and 405 are told in the same form as everything else."""
    assert ear.ask("GET", "/nowhere").json()["status"] == 404
    wrong = ear.ask("DELETE", "/healthz")
    assert wrong.json()["status"] == 405
    assert "GET" in wrong.headers["allow"]
    assert wrong.headers["content-type"] == PROBLEM
