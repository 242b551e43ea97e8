"""The short way of a delivery on the wire: the same answers as the long way, and its connection goes on."""

from __future__ import annotations

import json
import socket

import httpx
import pytest

from router.hooks import edge, errand
from router.sources.signatures import sign_hex
from tests.receiver.ear import DOWN, KUMA, SECRET, Ear
from tests.receiver.wire import ALIVE, Connect, answer, is_served, request

BODY = json.dumps(DOWN).encode()
LENGTH = f"Content-Length: {len(BODY)}"
CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)


def read_answer(connection: socket.socket) -> httpx.Response:
    """One answer of a connection that goes on."""
    said = b""
    while b"\r\n\r\n" not in said:
        part = connection.recv(65536)
        assert part, said
        said += part
    head, _, body = said.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    while len(body) < int(headers["content-length"]):
        body += connection.recv(65536)
    return httpx.Response(int(first.split()[1]), headers=headers, content=body)


def took(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which requests take the short way from now on, by path."""
    seen: list[str] = []
    real = errand.Errand.run

    def noted(self: errand.Errand) -> None:
        seen.append(self._asked.path)
        real(self)

    monkeypatch.setattr(errand.Errand, "run", noted)
    return seen


ASKED = {
    "kept": request(BODY, LENGTH),
    "no such source": request(BODY, LENGTH, path="/hooks/nobody"),
    "wrong token": request(BODY, LENGTH, path="/hooks/kuma/wrong"),
    "too many parts": request(BODY, LENGTH, path=KUMA + "/more"),
    "method": request(BODY, LENGTH).replace(b"POST", b"PATCH", 1),
    "encoding": request(BODY, LENGTH, "Content-Encoding: br"),
    "unreadable": request(b"{", "Content-Length: 1", path="/hooks/anything"),
    "query": request(BODY, LENGTH, path=KUMA + "?a=1&b=%20"),
}


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED.keys())
def test_both_ways_answer_alike(connect: Connect, monkeypatch: pytest.MonkeyPatch, asked: bytes) -> None:
    """Status, headers and body, but for the id; chunked bodies take the long way."""
    short = took(monkeypatch)
    head, _, body = asked.partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.startswith(b"Content-Length")]
    long = b"\r\n".join([*lines, b"Transfer-Encoding: chunked", b"", b""]) + b"%x\r\n%s\r\n0\r\n\r\n" % (
        len(body),
        body,
    )
    connection = connect()
    answers = []
    for one in (asked, long):
        connection.sendall(one)
        answers.append(read_answer(connection))
    assert len(short) == 1
    first, second = answers
    assert first.status_code == second.status_code
    assert {**first.headers, "content-length": ""} == {**second.headers, "content-length": ""}
    assert telling(first) == telling(second)
    assert is_served(connection)


def telling(one: httpx.Response) -> object:
    """What an answer says, without what is new each time."""
    said = one.json()
    said.pop("delivery", None)
    for event in said.get("read_as", ()):
        event.pop("dedup_key")
    return said


def test_a_body_in_pieces_is_heard_whole(connect: Connect, ear: Ear) -> None:
    """Head and body come as the network brings them."""
    connection = connect()
    asked = request(BODY, LENGTH)
    for start in range(0, len(asked), 40):
        connection.sendall(asked[start : start + 40])
    heard = read_answer(connection)
    assert heard.status_code == 202
    assert ear.kept(heard.json()["delivery"]) is not None


def test_a_signature_is_checked_on_the_short_way(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """The right one is heard, a wrong one is not."""
    short = took(monkeypatch)
    body = json.dumps({"action": "created", "data": {"issue": {"id": "1", "title": "Boom"}}}).encode()
    length, resource = f"Content-Length: {len(body)}", "Sentry-Hook-Resource: issue"
    connection = connect()
    for proof, status in ((sign_hex(SECRET.encode(), body), 202), ("0" * 64, 401)):
        signed = request(body, length, resource, f"Sentry-Hook-Signature: {proof}", path="/hooks/shop-sentry")
        connection.sendall(signed)
        assert read_answer(connection).status_code == status
    assert short == ["/hooks/shop-sentry"] * 2


@pytest.mark.parametrize(
    "asked",
    [
        request(BODY, LENGTH, "Connection: close"),
        request(BODY, LENGTH).replace(b"HTTP/1.1", b"HTTP/1.0"),
    ],
    ids=["asked to", "HTTP/1.0"],
)
def test_a_connection_that_is_to_end_ends(connect: Connect, asked: bytes) -> None:
    """And its answer says so."""
    connection = connect()
    connection.sendall(asked)
    status, said = answer(connection)
    assert status == 202
    assert b"\r\nconnection: close\r\n" in said


@pytest.mark.parametrize(
    "asked",
    [
        request(CHUNKED, "Transfer-Encoding: chunked"),
        request(BODY, LENGTH, path=KUMA.replace("kuma", "%6buma", 1)),
        request(BODY, LENGTH, "Connection: Upgrade", "Upgrade: h2c"),
    ],
    ids=["chunked", "escaped", "upgrade"],
)
def test_what_is_unusual_takes_the_long_way(connect: Connect, monkeypatch: pytest.MonkeyPatch, asked: bytes) -> None:
    """And is heard there."""
    short = took(monkeypatch)
    connection = connect()
    connection.sendall(asked)
    assert read_answer(connection).status_code == 202
    assert short == []


def test_who_asks_first_whether_to_send_is_told_to(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """`Expect: 100-continue` is for uvicorn."""
    short = took(monkeypatch)
    connection = connect()
    connection.sendall(request(b"", LENGTH, "Expect: 100-continue"))
    assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    connection.sendall(BODY)
    assert read_answer(connection).status_code == 202
    assert short == []


def test_a_body_that_is_announced_too_large_is_refused_before_it_comes(connect: Connect) -> None:
    """413 by the head alone, whether the number is large or absurd."""
    for length in ("99999999", "9" * 400):
        connection = connect()
        connection.sendall(request(b"", f"Content-Length: {length}"))
        assert answer(connection)[0] in (400, 413)


def test_requests_behind_a_delivery_are_answered_in_turn(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first takes the short way, those that wait behind it the long one."""
    short = took(monkeypatch)
    connection = connect()
    connection.sendall(request(BODY, LENGTH) + ALIVE + request(BODY, LENGTH))
    first = connection.recv(1)
    said = first
    while said.count(b"HTTP/1.1 ") < 3 or not said.endswith(b"}"):
        said += connection.recv(65536)
    assert [part[:3] for part in said.split(b"HTTP/1.1 ")[1:]] == [b"202", b"200", b"202"]
    assert len(short) == 1


def test_a_sender_that_hangs_up_before_the_answer_harms_nobody(connect: Connect, ear: Ear) -> None:
    """Its delivery is kept, and others are heard."""
    connection = connect()
    connection.sendall(request(BODY, LENGTH))
    connection.close()
    other = connect()
    other.sendall(request(BODY, LENGTH))
    assert read_answer(other).status_code == 202
    assert ear.store is not None


def test_a_failure_inside_is_told_as_one(connect: Connect, ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    """500 and nothing of it but that; the connection goes on."""
    connection = connect()
    with monkeypatch.context() as broken:
        broken.setattr("router.hooks.receiver._check_form", lambda *_: 1 / 0)
        connection.sendall(request(BODY, LENGTH))
        wrong = read_answer(connection)
    assert wrong.status_code == 500
    assert "ZeroDivisionError" not in wrong.text
    assert is_served(connection)


def test_a_connection_that_rests_too_long_is_closed(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the sweep, without a word."""
    connection = connect()
    connection.sendall(request(BODY, LENGTH))
    assert read_answer(connection).status_code == 202
    monkeypatch.setattr(edge, "KEEP_ALIVE", 0.0)
    assert connection.recv(1) == b""
