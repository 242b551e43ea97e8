"""What is kept of a request: enough to read the delivery again, and nothing that proves a sender."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs

import pytest

from router.hooks.discretion import MASK
from router.hooks.hearing import hear
from router.in_force import Source
from router.sources import TYPES
from router.sources.contract import Delivery
from router.sources.samples import samples
from tests.receiver.ear import DOWN, KUMA, TOKEN, Ear
from tests.sources.hearing import delivery

PROOFS = ["X-Auth", "X-Access-Key", "X-Signature", "X-Tocsin-Token", "Cookie", "Proxy-Authorization", "X-Made-Up"]


def test_of_the_headers_only_those_that_matter_are_kept(ear: Ear) -> None:
    """Whatever a sender or a proxy calls its key: it is not in the list, so it is not in Redis."""
    hidden = {name: f"proof-{number}" for number, name in enumerate(PROOFS)}
    answer = ear.ask("POST", KUMA, json=DOWN, headers={**hidden, "User-Agent": "kuma/2"})
    stored = ear.kept(answer.json()["delivery"])
    assert stored is not None
    assert b"kuma/2" in stored["headers"]
    assert b"application/json" in stored["headers"]
    assert b"proof-" not in b"".join(stored.values())


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("msg=a%20b&token=abc", "msg=a%20b&token=***"),
        ("api_key=1&apiKey=2&X-Api-Key=3&accessKey=4", "api_key=***&apiKey=***&X-Api-Key=***&accessKey=***"),
        ("Passwd=1&auth=2&sig=3&session%49d=4", "Passwd=***&auth=***&sig=***&session%49d=***"),
        (f"k={TOKEN}&also=Bearer+{TOKEN}&{TOKEN}", "k=***&also=***&***"),
        ("k=kuma%2Dtoken%2D1", "k=***"),
        ("key=door-1&author=ana&monitorID=7&=&&x", "key=door-1&author=ana&monitorID=7&=&&x"),
        ("", ""),
    ],
)
def test_a_query_is_kept_without_its_secrets(ear: Ear, query: str, kept: str) -> None:
    """By name or by value; everything else stands as it was sent, byte for byte."""
    source = ear.in_force.sources["kuma"]
    received = hear(Delivery(received_at=1.0, method="GET", query=query), source, ear.ruleset)
    assert received.query == kept


def test_no_proof_of_a_source_reaches_redis(ear: Ear) -> None:
    """Sent in the query as well, by a sender that does everything twice."""
    answer = ear.ask("GET", KUMA, params={"msg": "[Shop] [🔴 Down] timeout", "k": TOKEN})
    assert answer.status_code == 202
    stored = ear.kept(answer.json()["delivery"])
    assert stored is not None
    assert TOKEN.encode() not in b"".join(stored.values())
    assert parse_qs(stored["query"].decode())["k"] == [MASK]


@pytest.mark.parametrize("name", sorted(TYPES))
def test_what_is_kept_reads_as_what_arrived(ear: Ear, name: str) -> None:
    """Of every sample of every sender: a delivery can be read again from what is kept, to the same events."""
    source = Source(name="s", type=TYPES[name], options=TYPES[name].options(), tokens=[TOKEN.encode()])
    for sample in samples(name):
        arrived = delivery(sample)
        received = hear(arrived, source, ear.ruleset)
        again = replace(arrived, query=received.query, headers=received.headers, body=received.body)
        assert source.type.parse(again, source.options) == source.type.parse(arrived, source.options)
