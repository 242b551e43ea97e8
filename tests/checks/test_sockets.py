"""Looking at ports and at Redis: over real sockets, and through the guard of everything that leaves the house."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from typing import Any

import pytest
from redis import Redis

from rules.responding.triage import Found
from tests.checks.means import looked
from workers.channels.contract import HttpRequest, Undelivered
from workers.checks import redis as of_redis
from workers.checks import tcp
from workers.checks.contract import CannotRun, Said
from workers.outward import Outward

HOME = Outward((ip_network("127.0.0.0/8"),))


@contextmanager
def listening(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A port on which somebody answers so; its number."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                line, _ = server.accept()
            except OSError:
                return
            with line:
                answer(line)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)


def at_port(port: int, **given: Any) -> Said:
    """One look at a port of ours."""
    return looked(tcp.CHECK, HOME, host="127.0.0.1", port=port, means_timer=time.monotonic, **given)


def test_a_port_that_takes_connections_is_well() -> None:
    """Nothing is sent, and it is closed at once."""
    with listening(lambda _: None) as port:
        said = at_port(port)
    assert said.found is Found.OK
    assert said.text.startswith("takes connections in ")
    with pytest.raises(Undelivered, match="takes no connection"):
        at_port(port)


def test_a_private_port_needs_the_operators_word() -> None:
    """The same guard as for everything that leaves: the metadata address of a cloud is no exception."""
    with pytest.raises(Undelivered, match="TOCSIN_ALLOW_NET") as refused:
        looked(tcp.CHECK, Outward(), host="169.254.169.254", port=80)
    assert refused.value.permanent


def speaking(*answers: bytes) -> Callable[[socket.socket], None]:
    """Somebody who answers so to each command."""

    def answer(line: socket.socket) -> None:
        for one in answers:
            line.recv(4096)
            line.sendall(one)

    return answer


def asked(port: int, password: str = "", **given: Any) -> Said:
    """One PING."""
    at = f"redis://{password}{'@' if password else ''}127.0.0.1:{port}/0"
    options = of_redis.RedisOptions.model_construct(url=at)
    return of_redis.look(options, _means(**given))


def _means(**given: Any) -> Any:
    class _Means:
        outside = HOME
        within = given.get("within", 3.0)
        timer = staticmethod(time.monotonic)

    return _Means()


@pytest.mark.parametrize(
    ("answers", "password", "found", "text"),
    [
        ([b"+PONG\r\n"], "", Found.OK, "answers in "),
        ([b"+OK\r\n", b"+PONG\r\n"], ":hunter2", Found.OK, "answers in "),
        ([b"-NOAUTH Authentication required.\r\n"], "", Found.FAILED, "answers NOAUTH"),
        ([b"-WRONGPASS hunter2 is wrong\r\n"], ":hunter2", Found.FAILED, "refuses the password (WRONGPASS)"),
        ([b"-LOADING Redis is loading\r\n"], "", Found.FAILED, "answers LOADING"),
        ([b"x" * 100_000], "", Found.FAILED, "answers xxxxx"),
        ([b"\r\n"], "", Found.FAILED, "answers nothing"),
    ],
)
def test_what_a_redis_answers(answers: list[bytes], password: str, found: Found, text: str) -> None:
    """PONG is well; of an error only its kind is told, since it may repeat what it was sent."""
    with listening(speaking(*answers)) as port:
        said = asked(port, password)
    assert said.found is found
    assert said.text.startswith(text)
    assert "hunter2" not in said.text
    assert len(said.text) < 80


def test_a_real_one_answers(redis: Redis, tmp_path: Any) -> None:
    """The Valkey of the tests, over TCP: what is spoken by hand is what it understands."""
    import subprocess

    from workers import embedded

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = embedded.command(tmp_path)[0]
    process = subprocess.Popen(
        [server, "--port", str(port), "--requirepass", "hunter2", "--save", "", "--dir", str(tmp_path)],
        stdout=subprocess.DEVNULL,
    )
    try:
        for _ in range(100):
            try:
                assert asked(port, ":hunter2").found is Found.OK
                break
            except Undelivered:
                time.sleep(0.05)
        assert asked(port, "default:hunter2").found is Found.OK
        assert asked(port, "").text == "answers NOAUTH"
        assert asked(port, ":wrong").text == "refuses the password (WRONGPASS)"
    finally:
        process.terminate()
        process.wait(10)


def test_one_that_says_nothing_is_left_after_its_time() -> None:
    """However it drips: the line is cut."""

    def drips(line: socket.socket) -> None:
        try:
            for _ in range(200):
                line.sendall(b"+")
                time.sleep(0.05)
        except OSError:
            return

    with listening(drips) as port, pytest.raises(Undelivered, match=r"did not answer within 0\.5s"):
        asked(port, within=0.5)


@pytest.mark.parametrize("url", ["http://a/", "redis://", "redis://a:99999/", "unix:///tmp/x"])
def test_an_address_that_is_none_is_unknown(url: str) -> None:
    """It is a secret, so it is not repeated."""
    with pytest.raises(CannotRun, match="no redis:// or rediss:// address"):
        of_redis.look(of_redis.RedisOptions.model_construct(url=url), _means())


def test_a_page_is_asked_for_through_the_guard_and_a_redirect_is_an_answer() -> None:
    """`probe` follows nothing, cuts after its own time, and refuses what is not public."""

    def moved(line: socket.socket) -> None:
        line.recv(4096)
        line.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n")

    with listening(moved) as port:
        reply = HOME.probe(HttpRequest(url=f"http://127.0.0.1:{port}/", method="GET"), 3.0, 1)
        assert reply.status == 302
        with pytest.raises(Undelivered, match="TOCSIN_ALLOW_NET"):
            Outward().probe(HttpRequest(url=f"http://127.0.0.1:{port}/", method="GET"), 3.0, 1)
    with listening(lambda _: time.sleep(1)) as port, pytest.raises(Undelivered, match=r"within 0\.4s"):
        HOME.probe(HttpRequest(url=f"http://127.0.0.1:{port}/", method="GET"), 0.4, 1)
