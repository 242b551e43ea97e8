"""S3, S4, S5, S6, S13: a receiver of a process of its own, attacked byte by byte while an honest sender goes on."""

from __future__ import annotations

import contextlib
import gzip
import socket
import time
import zlib
from collections.abc import Callable, Iterator

from tests.hostile.report import Row, Run, Scenario
from tests.hostile.stage import PATH, TOKEN, Honest, Stage, a_stage, leaks, request, status

GROWS_AT_MOST = 40.0
"""MiB: what many connections at once cost, each within its caps."""
SLOW = 0.25
"""Seconds an honest delivery may take meanwhile, at the 99th percentile."""
MIB = 1024 * 1024


def _attacked(scenario: str, attack: Callable[[Stage, list[str]], tuple[int, str]]) -> Row:
    """Attack, and look at memory, honest deliveries, and whether anything of a secret came to light."""
    wrong: list[str] = []
    with a_stage() as stage:
        for _ in range(20):
            stage.honest()
        before = stage.rss()
        honest = Honest(stage)
        honest.start()
        cases, seen = attack(stage, wrong)
        grown = stage.rss() - before
        slowest, failed = honest.ends()
        wrong += failed[:5] + leaks(stage)
        stage.hang_up()
    if grown > GROWS_AT_MOST:
        wrong.append(f"memory grew by {grown:.0f} MiB")
    if slowest > SLOW:
        wrong.append(f"an honest delivery took {slowest * 1000:.0f} ms (p99)")
    return Row(scenario, cases, f"{seen}, +{grown:.0f} MiB, honest p99 {slowest * 1000:.0f} ms", tuple(wrong))


def _sent(connection: socket.socket, parts: Iterator[bytes] | list[bytes]) -> int:
    """Status after sending all of it, or as much as is taken."""
    try:
        for part in parts:
            connection.sendall(part)
    except OSError:
        pass
    return status(connection)


def _chunks(size: int) -> Iterator[bytes]:
    yield request(b"", "Transfer-Encoding: chunked")
    chunk = b"10000\r\n" + b"a" * 0x10000 + b"\r\n"
    yield from (chunk for _ in range(size // 0x10000))
    yield b"0\r\n\r\n"


def bodies(run: Run) -> Row:
    """Too large, lying about the length, smuggled, pipelined by the thousand."""

    def attack(stage: Stage, wrong: list[str]) -> tuple[int, str]:
        slowest = 0.0
        fixed: list[tuple[str, list[bytes], set[int]]] = [
            ("length of a terabyte", [request(b"x", "Content-Length: 1099511627776")], {413}),
            ("length below zero", [request(b"x", "Content-Length: -1")], {400}),
            ("length of 10^30", [request(b"x", f"Content-Length: {10**30}")], {400}),
            ("length in words", [request(b"x", "Content-Length: 1,1")], {400}),
            ("length twice", [request(b"{}", "Content-Length: 2", "Content-Length: 3")], {400}),
            ("CL and TE", [request(b"0\r\n\r\n", "Content-Length: 5", "Transfer-Encoding: chunked")], {400}),
            ("TE twice", [request(b"0\r\n\r\n", "Transfer-Encoding: chunked, identity")], {400, 501}),
            ("TE unknown", [request(b"0\r\n\r\n", "Transfer-Encoding: xchunked")], {400, 501}),
            # Nobody knows its size before it comes: closed like any body that does not.
            ("chunk of 16 EiB", [request(b"ffffffffffffffff\r\nx", "Transfer-Encoding: chunked")], {400, 413, 0}),
            ("chunk of nonsense", [request(b"zz\r\n", "Transfer-Encoding: chunked")], {400}),
            ("chunk extensions", [request(b"1;" + b"e" * 400_000, "Transfer-Encoding: chunked")], {400, 413, 431}),
            ("two MiB", [request(b"a" * 2 * MIB, f"Content-Length: {2 * MIB}")], {413}),
        ]
        for what, parts, expected in fixed * 5:
            began = time.monotonic()
            if said := _sent(stage.connect(), parts):
                slowest = max(slowest, time.monotonic() - began)
            if said not in expected:
                wrong.append(f"{what}: {said}")
        for _ in range(10):
            began = time.monotonic()
            if (said := _sent(stage.connect(), _chunks(300 * MIB))) not in (413, 0):
                wrong.append(f"300 MiB in chunks: {said}")
            slowest = max(slowest, time.monotonic() - began)
        pipelined = [request(b"{}", "Content-Length: 2", path="/hooks/none") * 10_000]
        for _ in range(10):
            _sent(stage.connect(), pipelined)
        if slowest > 1.5:
            wrong.append(f"an answer took {slowest:.1f} s")
        return len(fixed) * 5 + 20, f"answer after {slowest * 1000:.0f} ms"

    return _attacked("S3 bodies that lie, swell or smuggle", attack)


def bombs(run: Run) -> Row:
    """A gigabyte in a megabyte, layers, cut off, rubbish behind; to a source that takes gzip and one that does not."""

    def attack(stage: Stage, wrong: list[str]) -> tuple[int, str]:
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        gigabyte = b"".join(packer.compress(bytes(MIB)) for _ in range(1024)) + packer.flush()
        small = gzip.compress(b'{"id":"x","status":"down"}')
        cases = {
            "bomb": (gigabyte, {413}),
            "layers": (gzip.compress(gzip.compress(bytes(900_000))), {202, 400, 413, 415}),
            "cut off": (small[:-9], {400, 202}),
            "rubbish behind": (small + b"x" * 1000, {400, 202}),
            "many members": (small * 20_000, {400, 413, 202}),
            "no gzip": (b"\x1f\x8b" + b"\xff" * 1000, {400, 202}),
        }
        slowest = 0.0
        for what, (body, expected) in cases.items():
            for source in ("packed", "monitor"):
                for _ in range(5):
                    began = time.monotonic()
                    head = ["Content-Encoding: gzip", f"Content-Length: {len(body)}"]
                    said = _sent(stage.connect(), [request(body, *head, path=f"/hooks/{source}/{TOKEN}")])
                    slowest = max(slowest, time.monotonic() - began)
                    if said not in (expected if source == "packed" else {415, 413, 400}):
                        wrong.append(f"{what} to {source}: {said}")
        if slowest > 1.0:
            wrong.append(f"an answer took {slowest:.1f} s")
        return len(cases) * 10, f"answer after {slowest * 1000:.0f} ms"

    return _attacked("S4 compressed bombs", attack)


def slow(run: Run) -> Row:
    """Two thousand connections of eleven addresses: silent, half a head, or a byte of a body now and then."""

    def attack(stage: Stage, wrong: list[str]) -> tuple[int, str]:
        began = time.monotonic()
        sayings = [b"", b"POST /hooks/x HTTP/1.1\r\nHost: x\r\nX: ", request(b"{", "Content-Length: 1000")]
        held: list[socket.socket] = []
        for number in range(2_000):
            try:
                one = stage.connect(f"127.0.0.{2 + number % 11}")
                one.sendall(sayings[number % 3])
            except OSError:
                continue
            one.setblocking(False)
            held.append(one)
        dripping, longest = held[::7], 0.0
        while held and time.monotonic() - began < 40:
            for one in dripping:
                _drips(one)
            held = [one for one in held if not _closed(one)]
            longest = time.monotonic() - began
            time.sleep(0.2)
        if held:
            wrong.append(f"{len(held)} connections are still open after 40 s")
        return 2_000, f"the last closed after {longest:.0f} s"

    return _attacked("S5 slow and silent connections", attack)


def _drips(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.send(b"d")


def _closed(one: socket.socket) -> bool:
    try:
        return one.recv(4096) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def heads(run: Run) -> Row:
    """Long lines, many headers, endless ones, controls and folded lines; 600 at a time."""

    def attack(stage: Stage, wrong: list[str]) -> tuple[int, str]:
        floods: list[tuple[bytes, set[int]]] = [
            (b"POST /" + b"z" * MIB, {431, 0}),
            (request(b"", *(f"X-{number}: {'y' * 90}" for number in range(10_000))), {431, 0}),
            (request(b"", "X: " + "y" * MIB), {431, 0}),
            (b"POST / HTTP/1.1\r\nHost: x\r\n" + b"a" * MIB, {431, 400, 0}),
            (request(b"", "X: a\r\n b"), {400}),
            (request(b"", "X\x00: a"), {400}),
            (request(b"", "X : a"), {400}),
            (request(b"", "X: a\rY: b"), {400}),
            (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 100, {400}),
            (b"POST " + PATH.encode() + b" HTTP/9.9\r\nHost: x\r\n\r\n", {400, 505}),
            (b"\r\n" * 100_000, {400, 431, 408, 0}),
        ]
        number = 0
        for _ in range(6):
            waiting = []
            for flood, expected in floods * 10:
                one = stage.connect(f"127.0.0.{2 + number % 11}")
                number += 1
                with contextlib.suppress(OSError):
                    one.sendall(flood)
                waiting.append((one, flood, expected))
            for one, flood, expected in waiting:
                if (said := status(one)) not in expected:
                    wrong.append(f"{flood[:40]!r}: {said}")
                one.close()
        wrong[20:] = []
        return number, f"{number} refused"

    return _attacked("S6 floods and tricks in heads", attack)


SCENARIOS: dict[str, Scenario] = {"S3": bodies, "S4": bombs, "S5": slow, "S6": heads}
