"""The way out: which addresses are refused, that the checked one is called, and that nothing stretches the deadline."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from workers.addresses import permitted
from workers.channels.contract import HttpRequest, Undelivered
from workers.outward import Outward, call

LOOPBACK = (ip_network("127.0.0.0/8"),)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nRetry-After: 7\r\nX-Other: y\r\n\r\nok"

REFUSED = [
    "127.0.0.1", "127.1.2.3", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "0.0.0.0", "224.0.0.1",  # noqa: S104
    "240.0.0.1", "255.255.255.255", "192.0.2.1", "::", "::1", "fe80::1", "fc00::1", "fec0::1", "ff02::1",
    "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "2002:7f00:1::", "2002:a00:1::", "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2001:0:4136:e378:8000:63bf:80ff:fffe", "2001:db8::1", "100::1",
]  # fmt: skip
PUBLIC = ["1.1.1.1", "93.184.215.14", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::"]


@pytest.mark.parametrize("address", REFUSED)
def test_inner_addresses_are_refused(address: str) -> None:
    """Private, local, reserved and multicast ones, and those carried inside an IPv6 address."""
    assert not permitted(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_called(address: str) -> None:
    """The guard does not stand in the way of the internet, nor of networks that have only NAT64."""
    assert permitted(ip_address(address))


@pytest.mark.parametrize("address", ["127.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"])
def test_what_the_operator_lists_is_called(address: str) -> None:
    """A listed network counts in every disguise of its addresses."""
    assert permitted(ip_address(address), LOOPBACK)
    assert not permitted(ip_address("10.0.0.1"), LOOPBACK)


def test_a_listed_network_opens_no_other_half_of_a_teredo_address() -> None:
    """Server and client must both be allowed."""
    assert not permitted(ip_address("2001:0:7f00:1:8000:63bf:f5ff:fffe"), LOOPBACK)


def refusal(url: str, outward: Outward | None = None) -> Undelivered:
    with pytest.raises(Undelivered) as refused:
        (outward or Outward()).perform(HttpRequest(url=url))
    return refused.value


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.1", "0x7f.1", "2130706433", "0", "[::1]", "[::ffff:127.0.0.1]", "localhost", "localhost."],
)
def test_no_spelling_of_loopback_is_called(host: str) -> None:
    """However the host is written, it is judged by the address it becomes; the advice says what to do."""
    refused = refusal(f"http://{host}:9/T0/secret-token")
    assert refused.permanent
    assert "TOCSIN_ALLOW_NET" in refused.why
    assert "secret-token" not in refused.why


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://a.example/secret-token",
        "ftp://a.example/secret-token",
        "//a.example/secret-token",
        "secret-token",
        "",
        "http://user:secret-token@a.example/",
        "http://a.example@127.0.0.1/secret-token",
        "http://@a.example/",
        "http://a.example\\@b.example/secret-token",
        "http://a.example/a b?secret-token",
        "http://a.example/\r\nx: secret-token",
        "http://a.example:99999/secret-token",
        "http://[fe80::1%25eth0]/secret-token",
        "http:///secret-token",
        "http://0177.0.0.1/secret-token",
        "http://①②⑦.⓪.⓪.①/secret-token",
        "http://" + "a" * 300 + ".example/secret-token",
    ],
)
def test_strange_addresses_fail_for_good_before_anything_is_resolved(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other schemes, names and passwords, and whatever parsers disagree about; the address stays out of the message."""
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("resolved"))
    refused = refusal(url)
    assert refused.permanent
    assert "secret-token" not in refused.why


def answers(*addresses: str) -> Callable[..., list[Any]]:
    return lambda _host, port, **_: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in addresses]


def test_a_name_with_one_inner_address_is_refused_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """A public address beside a private one does not help."""
    monkeypatch.setattr(socket, "getaddrinfo", answers("1.1.1.1", "10.0.0.7"))
    assert refusal("https://hooks.example.com/x").permanent


def test_an_international_name_is_resolved_in_its_ascii_form(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is checked is what TLS and DNS will see."""
    asked: list[str] = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *_, **__: asked.append(host) or [])
    assert refusal("https://bücher.example./x").why == "the name xn--bcher-kva.example does not resolve"
    assert asked == ["xn--bcher-kva.example"]


def test_a_name_that_does_not_resolve_may_resolve_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """DNS failures pass."""

    def fail(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_AGAIN, "try again")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    assert not refusal("https://hooks.example.com/x").permanent


def test_a_resolver_that_hangs_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """The deadline counts from before the name is resolved."""
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait(30) and [])
    refused = refusal("https://hooks.example.com/x", Outward(timeout=0.2))
    over.set()
    assert (refused.permanent, refused.why) == (False, "the name hooks.example.com did not resolve in time")


def _request(line: socket.socket) -> bytes:
    """Head and body of one HTTP request; of anything else, what came first."""
    heard = line.recv(65536)
    while heard.startswith(b"POST"):
        head, end, body = heard.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r")[0] or 0)
        if end and len(body) >= length:
            break
        heard += line.recv(65536)
    return heard


@contextmanager
def serving(talk: Callable[[socket.socket], None]) -> Iterator[tuple[int, list[bytes]]]:
    """A loopback server for one connection: reads one request (or, for mail, greets first) and lets `talk` answer."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            with line:
                heard.append(_request(line))
                try:
                    talk(line)
                except OSError:
                    return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1], heard
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(10)
        assert not thread.is_alive()


def test_the_checked_address_is_called_even_if_the_name_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rebinding: the name is asked once; a second answer never matters, and the receiver sees the name."""
    real = socket.getaddrinfo
    asked: list[str] = []

    def once(host: str, port: Any, *rest: Any, **named: Any) -> Any:
        if host == "hooks.example.com":
            asked.append(host)
            return answers("127.0.0.1" if len(asked) == 1 else "10.0.0.1")(host, port)
        return real(host, port, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", once)
    with serving(lambda line: line.sendall(OK)) as (port, heard):
        reply = Outward(LOOPBACK).perform(HttpRequest(url=f"http://hooks.example.com:{port}/T/B?q=1", body=b"hello"))
    assert (reply.status, reply.body, reply.headers) == (200, b"ok", {"retry-after": "7"})
    assert asked == ["hooks.example.com"]
    assert heard[0].startswith(b"POST /T/B?q=1 HTTP/1.1\r\n")
    assert f"host: hooks.example.com:{port}".encode() in heard[0].lower()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_a_failure_that_names_the_status(status: int) -> None:
    """Following one would undo the check; the operator is told what came."""
    answer = f"HTTP/1.1 {status} Moved\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n".encode()
    with serving(lambda line: line.sendall(answer)) as (port, _):
        refused = refusal(f"http://127.0.0.1:{port}/secret-token", Outward(LOOPBACK))
    assert refused.permanent
    assert refused.why == f"http://127.0.0.1:{port} answered {status}, a redirect; those are never followed"


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would connect to whatever it likes."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with serving(lambda line: line.sendall(OK)) as (port, _):
        assert Outward(LOOPBACK).perform(HttpRequest(url=f"http://127.0.0.1:{port}/")).status == 200


def drip(beginning: bytes) -> Callable[[socket.socket], None]:
    def talk(line: socket.socket) -> None:
        line.sendall(beginning)
        while True:
            line.sendall(b"x")
            if threading.Event().wait(0.02):
                return

    return talk


@pytest.mark.parametrize(
    "beginning",
    [b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n", b"HTTP/1.1 200 OK\r\nX-Long: "],
    ids=["body", "head"],
)
def test_a_receiver_that_drips_is_cut_off(beginning: bytes) -> None:
    """Byte by byte in the body or in the head: the attempt ends at its deadline and may be tried again."""
    with serving(drip(beginning)) as (port, _):
        refused = refusal(f"http://127.0.0.1:{port}/secret-token", Outward(LOOPBACK, timeout=0.3))
    assert (refused.permanent, refused.why) == (False, f"http://127.0.0.1:{port} did not answer within 0.3s")


def test_a_receiver_that_says_nothing_is_cut_off() -> None:
    """A hanging receiver is a timeout."""
    over = threading.Event()
    with serving(lambda _: over.wait(10) and None) as (port, _):
        refused = refusal(f"http://127.0.0.1:{port}/", Outward(LOOPBACK, timeout=0.2))
        over.set()
    assert (refused.permanent, refused.why) == (False, f"http://127.0.0.1:{port} did not answer within 0.2s")


def test_two_kibibytes_of_an_answer_are_kept() -> None:
    """The rest is not even read: an endless answer ends the request."""
    endless = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + b"y" * 100_000
    with serving(lambda line: line.sendall(endless)) as (port, _):
        reply = Outward(LOOPBACK).perform(HttpRequest(url=f"http://127.0.0.1:{port}/"))
    assert (reply.status, reply.body) == (200, b"y" * 2048)


def test_a_connection_broken_off_may_be_tried_again() -> None:
    """A reset in the middle is a failure that passes, told without the address."""
    with serving(lambda line: line.sendall(b"HTTP/1.1 2")) as (port, _):
        refused = refusal(f"http://127.0.0.1:{port}/secret-token", Outward(LOOPBACK))
    assert (refused.permanent, refused.why) == (False, f"http://127.0.0.1:{port} broke off the connection")


def test_tls_with_somebody_who_does_not_speak_it_may_be_tried_again() -> None:
    """A receiver in the middle of its own trouble is not given up."""
    with serving(lambda line: line.sendall(b"HTTP/1.1 400 Bad\r\n\r\n")) as (port, _):
        refused = refusal(f"https://127.0.0.1:{port}/secret-token", Outward(LOOPBACK))
    assert (refused.permanent, refused.why) == (False, f"https://127.0.0.1:{port} does not speak TLS with us")


def test_nobody_listening_may_be_tried_again() -> None:
    """A closed port is a receiver that is being restarted."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    refused = refusal(f"http://127.0.0.1:{port}/", Outward(LOOPBACK))
    assert (refused.permanent, refused.why) == (False, f"http://127.0.0.1:{port} takes no connection")


def test_the_command_line_reaches_loopback() -> None:
    """`call` speaks to the operator's own Tocsin, with its headers and JSON, and reads a long answer whole."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b"z" * 5000
    with serving(lambda line: line.sendall(answer)) as (port, heard):
        reply = call("POST", f"http://127.0.0.1:{port}/api", json={"a": 1}, headers={"authorization": "Bearer t"})
    assert (reply.status, len(reply.body)) == (200, 5000)
    assert heard[0].endswith(b'{"a":1}')
    assert b"authorization: Bearer t" in heard[0]
