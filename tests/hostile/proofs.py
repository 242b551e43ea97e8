"""S7, S8, S11: forged proofs, how long a refusal takes, and addresses nobody may be sent to."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator, Mapping

from router.sources import TYPES
from router.sources.contract import Delivery, SourceType, Unauthentic
from router.sources.signatures import sign_hex, verify_hmac, verify_token
from tests.hostile.report import Row, Run, Scenario
from workers.channels.contract import HttpRequest, Undelivered
from workers.outward import Outward

NOW = 1_800_000_000.0
OLD, NEW, OTHER = b"whsec_MDEyMzQ1Njc4OWFiY2RlZg==", b"whsec_ZmVkY2JhOTg3NjU0MzIxMA==", b"whsec_bm90IHRoaXMgb25lIQ=="
BODY = b'{"id":"evt_1","type":"x","status":"down"}'
DATED = {"stripe"}
"""Those whose signature holds the time as they are set up here."""


def forged(run: Run) -> Row:
    """Each signing source: honest ones pass, whatever is changed in body, signature, secret or time does not."""
    wrong: list[str] = []
    done = 0
    chance = random.Random(run.seed)
    for name, source in TYPES.items():
        if source.verify is None or source.sign is None:
            continue
        honest = _headers(source, BODY, OLD, NOW)
        for what, expected, (body, headers, secrets) in _cases(source, honest, chance, max(100, run.cases // 100)):
            done += 1
            if _believed(source, body, headers, secrets) is not expected:
                wrong.append(f"{name}: {what}")
        if name in DATED:
            for ahead, expected in [(-299.0, True), (299.0, True), (-302.0, False), (302.0, False), (3e9, False)]:
                done += 1
                if _believed(source, BODY, _headers(source, BODY, OLD, NOW + ahead), [OLD]) is not expected:
                    wrong.append(f"{name}: signed {ahead} s away")
    return Row(
        "S7 forged, altered and rotated proofs",
        done,
        f"{len(wrong)} believed or refused wrongly",
        _few(wrong),
    )


def _few(wrong: list[str]) -> tuple[str, ...]:
    return tuple(wrong[:20])


def _headers(source: SourceType, body: bytes, secret: bytes, now: float) -> dict[str, str]:
    assert source.sign is not None
    return {name.lower(): value for name, value in source.sign(body, secret, now, source.options()).items()}


def _believed(source: SourceType, body: bytes, headers: Mapping[str, str], secrets: list[bytes]) -> bool:
    assert source.verify is not None
    try:
        source.verify(Delivery(received_at=NOW, headers=headers, body=body), secrets, NOW, source.options())
    except Unauthentic:
        return False
    return True


Case = tuple[str, bool, tuple[bytes, Mapping[str, str], list[bytes]]]


def _cases(source: SourceType, honest: dict[str, str], chance: random.Random, number: int) -> Iterator[Case]:
    yield "honest", True, (BODY, honest, [OLD])
    yield "rotated, old first", True, (BODY, honest, [OLD, NEW])
    yield "rotated, new first", True, (BODY, honest, [NEW, OLD])
    yield "wrong secret", False, (BODY, honest, [OTHER])
    yield "no secret", False, (BODY, honest, [])
    yield "empty secret", False, (BODY, _headers(source, BODY, b"", NOW), [b""])
    yield "no header", False, (BODY, {}, [OLD])
    yield "empty header", False, (BODY, dict.fromkeys(honest, ""), [OLD])
    yield "trailing newline", False, (BODY + b"\n", honest, [OLD])
    yield "empty body", False, (b"", honest, [OLD])
    for _ in range(number):
        place, bit = chance.randrange(len(BODY)), 1 << chance.randrange(8)
        body = BODY[:place] + bytes([BODY[place] ^ bit]) + BODY[place + 1 :]
        yield f"bit {bit} of byte {place} flipped", False, (body, honest, [OLD])
        strange = {name: "".join(map(chr, chance.choices(range(1, 0x2000), k=chance.randrange(80)))) for name in honest}
        yield f"{strange!r}", False, (BODY, strange, [OLD])


TRIALS = 20


def timing(run: Run) -> Row:
    """Does a refusal take longer when more of the proof was right? Early against late mismatches, secret by secret.

    A single secret tells nothing: on a busy machine two equal claims differ by a nanosecond or two. Welch's t is that
    of the differences found with many secrets.
    """
    samples = min(200_000, max(20_000, run.cases)) // TRIALS
    found: dict[str, list[float]] = {"signature": [], "token": []}
    for trial in range(TRIALS):
        secret = sign_hex(OLD, b"%d/%d" % (run.seed, trial)).encode()
        proof = sign_hex(secret, BODY)

        def signed(one: str, secret: bytes = secret) -> None:
            verify_hmac(BODY, [one], [secret])

        def tokened(one: str, secret: bytes = secret) -> None:
            verify_token(Delivery(received_at=NOW, token=one), [secret])

        found["signature"].append(_difference(signed, *_mismatches(proof), samples))
        found["token"].append(_difference(tokened, *_mismatches(secret.decode()), samples))
    ts = {what: statistics.fmean(d) / (statistics.stdev(d) / TRIALS**0.5) for what, d in found.items()}
    nanos = {what: statistics.fmean(d) for what, d in found.items()}
    wrong = tuple(f"{what}: t = {t:.1f}, {nanos[what]:.1f} ns" for what, t in ts.items() if abs(t) >= 4.5)
    worst = max(ts, key=lambda what: abs(ts[what]))
    shown = f"t = {ts[worst]:.1f} ({nanos[worst]:.1f} ns, {worst})"
    return Row("S8 time of a refusal, early against late mismatch", 4 * samples * TRIALS, shown, wrong)


def _mismatches(right: str) -> tuple[str, str]:
    return ("0" if right[0] != "0" else "1") + right[1:], right[:-1] + ("0" if right[-1] != "0" else "1")


def _difference(act: Callable[[str], None], one: str, other: str, samples: int) -> float:
    """Nanoseconds that one takes longer; without the slowest and fastest tenth of each, which are the scheduler's."""
    chance, given = random.Random(1), (one, other)
    took: tuple[list[int], list[int]] = ([], [])
    for _ in range(2 * samples):
        which = chance.randrange(2)
        claim = "".join(list(given[which]))  # a new object each time: where it lies in memory tells nothing
        began = time.perf_counter_ns()
        try:
            act(claim)
        except Unauthentic:
            ended = time.perf_counter_ns()
        took[which].append(ended - began)
    first, second = (statistics.fmean(sorted(each)[len(each) // 10 : -len(each) // 10]) for each in took)
    return first - second


INWARD = [
    "127.0.0.1", "127.1", "0", "0.0.0.0",  # noqa: S104 - a list of what is refused
    "2130706433", "0x7f000001", "0177.0.0.1", "localhost", "localhost.", "LOCALHOST",
    "169.254.169.254", "2852039166", "0xa9fea9fe", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "198.18.0.1",
    "192.0.0.1", "192.0.2.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "[::1]", "[::]", "[::ffff:127.0.0.1]",
    "[::ffff:a9fe:a9fe]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b::a9fe:a9fe]", "[2002:7f00:1::]", "[fe80::1]",
    "[fe80::1%25lo]", "[fc00::1]", "[fd00:ec2::254]", "[ff02::1]", "[2001:db8::1]", "[2001:0:7f00:1::]", "①②⑦.⓪.⓪.①",
    "127.0.0.1.", "user@127.0.0.1", "example.com@127.0.0.1", "127.0.0.1#@example.com", "127.0.0.1\\@example.com",
    "ⓛocalhost",
]  # fmt: skip
SCHEMES = ["http", "https"]
STRANGE = [
    "file:///etc/passwd",
    "gopher://127.0.0.1/x",
    "ftp://127.0.0.1",
    "unix:///tmp/x",
    "//127.0.0.1",
    "http://",
    "",
    "\x00",
]


def inward(run: Run) -> Row:
    """No request goes to an address of this machine, of a private network, or of a cloud's metadata."""
    way, wrong, worst = Outward((), timeout=2.0), [], 0.0
    addresses = [f"{scheme}://{host}{port}/x" for scheme in SCHEMES for host in INWARD for port in ("", ":6379")]
    for url in (*addresses, *STRANGE):
        began = time.monotonic()
        try:
            way.perform(HttpRequest(url=url, method="POST"))
            wrong.append(f"went to {url!r}")
        except Undelivered as refused:
            if "Connection refused" in refused.why or "connect" in refused.why.lower():
                wrong.append(f"tried {url!r}: {refused.why}")
        except Exception as found:  # noqa: BLE001 what is looked for
            wrong.append(f"{url!r}: {type(found).__name__}: {found}")
        worst = max(worst, time.monotonic() - began)
    return Row(
        "S11 addresses inside, spelt in many ways", len(addresses) + len(STRANGE), f"{worst * 1000:.0f} ms", _few(wrong)
    )


SCENARIOS: dict[str, Scenario] = {"S7 forged": forged, "S8": timing, "S11": inward}
