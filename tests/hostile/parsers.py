"""S1, S2, S23: whatever a body holds, a parser gives events or says that it cannot read it."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

from router.sources import TYPES
from router.sources.contract import Delivery, SourceType
from router.sources.samples import samples
from tests.hostile.report import Row, Run, Scenario
from tests.sources.hearing import NOW, broken, deliveries, survives

CHUNK = 5_000
"""Cases of one seed: a failure is found again with its seed alone."""
AT_ONCE = 1.0
"""Seconds the worst body may take."""
LARGEST = 1024 * 1024


def _timed(act: Callable[[], Any]) -> float:
    began = time.process_time()
    act()
    return time.process_time() - began


class Tries:
    """A source under fire, and how long the slowest body took."""

    def __init__(self, source: SourceType) -> None:
        self.slowest = 0.0

        def one(strange: Delivery) -> None:
            self.slowest = max(self.slowest, _timed(lambda: survives(source, strange)))

        self.one = one


def generated(run: Run) -> Row:
    """Bytes, JSON, forms, queries, and samples with one value replaced: every source its share."""
    worst, wrong, done = 0.0, [], 0
    share = max(1, run.cases // len(TYPES))
    for name, source in TYPES.items():
        words = importlib.import_module(f"tests.sources.test_{name}").WORDS
        for number, first in enumerate(range(0, share, CHUNK)):
            count = min(CHUNK, share - first)
            tries = Tries(source)
            at = run.seed * 1_000_000 + number
            how = settings(
                max_examples=count, database=None, deadline=None, phases=[Phase.generate, Phase.shrink],
                suppress_health_check=list(HealthCheck),
            )  # fmt: skip
            try:
                seed(at)(how(given(deliveries(words) | broken(source))(tries.one)))()
            except Exception as found:  # noqa: BLE001 what is looked for
                wrong.append(f"{name}, seed {at}: {type(found).__name__}: {str(found)[:300]}")
            done += count
            worst = max(worst, tries.slowest)
    return Row("S1 bodies of every source, generated", done, f"{worst * 1000:.0f} ms", (*wrong, *_slow(worst)))


def _slow(worst: float, what: str = "") -> list[str]:
    return [f"a body took {worst:.2f} s {what}"] if worst > AT_ONCE else []


STRANGE = [
    b"NaN", b"1e999", b"-1e999", b"Infinity", b"1" * 1_000_000, b'"\\ud800"', b'"\\udfff\\ud800"', b'"\\u0000"',
    b'"' + b"a" * 1_000_000 + b'"', b'"\xff\xfe"', b"[" * 400 + b"]" * 400, b'{"id":1,"id":2}', b"null", b"true", b'""',
    b'"\\u202e\\u2028\\u001b]8;;x"', b"1e-999", b"0." + b"0" * 100_000 + b"1", b"18446744073709551616", b"-0",
]  # fmt: skip


def strange(run: Run) -> Row:
    """Each strange value in the place of each value of each JSON sample, byte by byte and not through a JSON writer."""
    return _all("S1 strange values in samples", _with_strange())


def _with_strange() -> Iterator[tuple[str, Delivery]]:
    for name in TYPES:
        for sample in samples(name):
            parts = sample.body.split(b":")
            for place in range(1, min(len(parts), 40)):
                before, after = b":".join(parts[:place]), b":".join(parts[place:])
                ends = min((at for at in (after.find(b","), after.find(b"}")) if at >= 0), default=len(after))
                for value in STRANGE:
                    body = before + b":" + value + after[ends:]
                    yield name, Delivery(received_at=NOW, headers=sample.headers, query=sample.query, body=body)


def deep(run: Run) -> Row:
    """Nesting from 10 to as deep as a body may be, open and closed, alone and below a sender's own words."""
    return _all("S2 nesting, 10 to 500,000 deep", _deep())


def _deep() -> Iterator[tuple[str, Delivery]]:
    kinds = [(b"[", b"]"), (b'{"a":', b"}"), (b'[{"alerts":', b"}]"), (b'{"data":', b"}"), (b'{"labels":', b"}")]
    for name in TYPES:
        for opens, closes in kinds:
            for depth in (10, 100, 253, 254, 255, 1000, 1024, 10_000, 100_000, 500_000):
                for closed in (True, False):
                    body = (opens * depth + b"1" + closes * depth * closed)[:LARGEST]
                    yield name, Delivery(received_at=NOW, headers={"content-type": "application/json"}, body=body)


def forms(run: Run) -> Row:
    """Forms, queries and multipart bodies of as many fields as a body may hold."""
    return _all("S23 forms with up to a million fields", _forms())


def _forms() -> Iterator[tuple[str, Delivery]]:
    form, part = "application/x-www-form-urlencoded", b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n'
    many = [b"a=1&" * 262_144, b"&" * LARGEST, b"=" * LARGEST, b"a" * LARGEST, b"%" * LARGEST, b"%41" * 349_525]
    multipart = [
        part * 20_000 + b"--b--",
        part * 20_000,
        b"--b\r\n" * 200_000,
        b"--b" * 349_000,
        part + b"\r\n" * 500_000,
    ]
    for name in TYPES:
        for body in many:
            yield name, Delivery(received_at=NOW, headers={"content-type": form}, body=body)
            yield name, Delivery(received_at=NOW, query=body[:16_000].decode())
        for body in multipart:
            for boundary in ("b", "", "b" * 5_000, '"b'):
                headers = {"content-type": f"multipart/form-data; boundary={boundary}"}
                yield name, Delivery(received_at=NOW, headers=headers, body=body[:LARGEST])


def _all(scenario: str, those: Iterator[tuple[str, Delivery]]) -> Row:
    worst, slowest, wrong, done = 0.0, "", [], 0
    for name, one in those:
        began = time.process_time()
        try:
            survives(TYPES[name], one)
        except Exception as found:  # noqa: BLE001 what is looked for
            wrong.append(f"{name}: {type(found).__name__}: {one.body[:60]!r}")
        took = time.process_time() - began
        if took > worst:
            worst, slowest = took, f"{name}: {one.body[:50]!r} of {len(one.body)} bytes"
        done += 1
    return Row(
        scenario, done, f"{worst * 1000:.0f} ms ({slowest.partition(':')[0]})", (*wrong[:20], *_slow(worst, slowest))
    )


SCENARIOS: dict[str, Scenario] = {"S1 generated": generated, "S1 strange": strange, "S2": deep, "S23": forms}
