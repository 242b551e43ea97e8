"""Compressed bodies: taken from a source that says so, signed as they were sent, and never grown beyond the cap."""

from __future__ import annotations

import gzip
import json
import os
import resource
import zlib

import httpx
import pytest

from router.hooks.gzipped import HARMLESS, MEMBERS, Bomb, Broken, inflate
from router.sources.signatures import sign_hex
from tests.receiver.ear import DOWN, KUMA, SECRET, Ear
from workers.counters import read
from workers.deliveries.packing import unpack

ALARM = {"id": "door-1", "title": "Door open", "status": "firing"}
LIMIT = 1024 * 1024


def send(ear: Ear, body: bytes, encoding: str = "gzip", signed: bytes | None = None) -> httpx.Response:
    """A body to the source that takes gzip, signed as it is sent."""
    proof = sign_hex(SECRET.encode(), body if signed is None else signed)
    headers = {"X-Tocsin-Signature": f"sha256={proof}", "Content-Encoding": encoding}
    return ear.ask("POST", "/hooks/packed", content=body, headers=headers)


@pytest.mark.parametrize("encoding", ["gzip", "X-GZIP"])
def test_a_compressed_alarm_is_an_alarm(ear: Ear, encoding: str) -> None:
    """It is read, and kept as it was before it was compressed."""
    answer = send(ear, gzip.compress(json.dumps(ALARM).encode()), encoding)
    assert answer.status_code == 202
    assert answer.json()["read_as"][0]["dedup_key"] == "generic door-1"
    stored = ear.kept(answer.json()["delivery"])
    assert stored is not None
    assert json.loads(unpack(stored["body"])) == ALARM
    assert b"content-encoding" not in stored["headers"]


def test_what_is_signed_is_what_is_sent(ear: Ear) -> None:
    """A signature of the body before it was compressed proves nothing, and a stranger's bytes are not even opened."""
    plain = json.dumps(ALARM).encode()
    assert send(ear, gzip.compress(plain), signed=plain).status_code == 401
    assert send(ear, b"\x1f\x8b of a stranger", signed=b"").status_code == 401


def test_the_source_still_takes_plain_bodies(ear: Ear) -> None:
    """It may compress, and need not."""
    assert send(ear, json.dumps(ALARM).encode(), "identity").status_code == 202


def test_elsewhere_and_otherwise_compressed_is_415(ear: Ear) -> None:
    """A source without `gzip: true`; an encoding nobody knows; gzip in gzip. The answer says what is taken."""
    packed = gzip.compress(json.dumps(DOWN).encode())
    refused = ear.ask("POST", KUMA, content=packed, headers={"Content-Encoding": "gzip"})
    assert refused.status_code == 415
    assert refused.headers["accept-encoding"] == "identity"
    for encoding in ("br", "deflate", "gzip, gzip"):
        otherwise = send(ear, packed, encoding)
        assert otherwise.status_code == 415
        assert otherwise.headers["accept-encoding"] == "gzip, identity"


def test_a_bomb_is_413_and_fills_no_memory(ear: Ear) -> None:
    """A gigabyte of zeros in a megabyte: it is opened to the cap and no further, and the refusal is counted."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(bytes(LIMIT)) for _ in range(1000)) + packer.flush()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer = send(ear, bomb)
    assert answer.status_code == 413
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 16 * 1024
    assert read(ear.redis, "deliveries")["packed", "too large"] == 1
    assert ear.redis.keys("tocsin:delivery:*") == []


@pytest.mark.parametrize("broken", [b"\x1f\x8b", b"{}", gzip.compress(os.urandom(100))[:-9]])
def test_an_authentic_body_that_is_no_gzip_is_kept_and_raised(ear: Ear, broken: bytes) -> None:
    """As every authentic body that nobody can read."""
    answer = send(ear, broken)
    assert answer.status_code == 202
    assert "gzip" in answer.json()["unreadable"]
    stored = ear.kept(answer.json()["delivery"])
    assert stored is not None
    assert unpack(stored["body"]) == broken
    assert b"gzip" in stored["headers"]


def test_it_grows_to_the_cap_and_no_byte_further() -> None:
    """Of what does not shrink much; what shrinks to less than a hundredth is no text, unless it is short."""
    noise = os.urandom(LIMIT)
    assert inflate(gzip.compress(noise, 1), LIMIT) == noise
    with pytest.raises(Bomb):
        inflate(gzip.compress(noise + b"x", 1), LIMIT)
    assert inflate(gzip.compress(bytes(HARMLESS)), LIMIT) == bytes(HARMLESS)
    with pytest.raises(Bomb):
        inflate(gzip.compress(bytes(LIMIT // 2)), LIMIT)


def test_several_parts_are_one_body_but_not_thousands() -> None:
    """Each costs an inflater: a body of nothing but empty parts would keep the receiver busy."""
    assert inflate(gzip.compress(b"a") + gzip.compress(b"b") + bytes(5), LIMIT) == b"ab"
    assert inflate(b"", LIMIT) == b""
    with pytest.raises(Broken):
        inflate(gzip.compress(b"") * (MEMBERS + 1), LIMIT)
