"""Running checks: at once, with one end for all, and whatever one of them does, the others are told in time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from redis import Redis

from rules.reading.load import load
from rules.responding.triage import Found
from tests.outside import Outside
from tests.rules.configuration import GOOD
from tests.world import START, settings
from workers import checks as table
from workers.channels.contract import Undelivered
from workers.checks import OPTIONS, TYPES
from workers.checks.contract import CannotRun, CheckOptions, CheckType, Means, Said
from workers.clock import DrivenClock
from workers.settings import Environment
from workers.triage import examining
from workers.triage.examining import Examiner

SECRET = "hunter2-hunter2"
RULES = (
    GOOD
    + """checks:
  one: {type: tcp, host: a, port: 1}
  two: {type: redis, url: "${env:CACHE_URL}"}
  last: {type: deployment}
"""
)
Look = Callable[[CheckOptions, Means], Said]


@contextmanager
def looking(monkeypatch: pytest.MonkeyPatch, **looks: Look) -> Iterator[None]:
    """Types of checks that do something else."""
    with monkeypatch.context() as patch:
        for name, look in looks.items():
            known = TYPES[name]
            changed = CheckType(name=name, title="x", options=known.options, look=look, setup="", named=known.named)
            patch.setitem(table.TYPES, name, changed)
        yield


def examiner(redis: Redis, **more: Any) -> Examiner:
    """One with these rules, which waits for as long as a busy machine needs."""
    ruleset = load({"rules.yaml": RULES}, check_options=OPTIONS)
    given = {"longest": 60.0, "outside": Outside(lambda: START), "environment": Environment({"CACHE_URL": SECRET})}
    return Examiner(
        redis=redis, rules=lambda: ruleset, settings=settings(), clock=DrivenClock(START), **{**given, **more}
    )


def ok(_: CheckOptions, __: Means) -> Said:
    """All is well."""
    return Said(found=Found.OK, text="healthy")


def test_one_that_hangs_is_left_behind_and_the_others_are_told(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a finding like any other. What is left of it ends when it ends."""
    free, hung = threading.Event(), threading.Event()

    def hang(_: CheckOptions, __: Means) -> Said:
        hung.set()
        free.wait(30)
        return Said(found=Found.OK, text="too late")

    with looking(monkeypatch, tcp=hang, redis=ok):
        found = examiner(redis, longest=3.0).examine(["one", "two", "last"])
        assert hung.is_set()
        free.set()
    assert [(one.outcome, one.text) for one in found] == [
        ("unknown", "one did not come to an end within 3s"),
        ("ok", "two healthy"),
        ("ok", "no deployment known"),
    ]


def test_they_are_run_at_once(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two that wait for each other both come to an end."""
    meet = threading.Barrier(2, timeout=10)

    def wait(_: CheckOptions, __: Means) -> Said:
        meet.wait()
        return Said(found=Found.OK, text="healthy")

    with looking(monkeypatch, tcp=wait, redis=wait):
        found = examiner(redis, longest=10.0).examine(["one", "two"])
    assert [one.outcome for one in found] == ["ok", "ok"]


@pytest.mark.parametrize(
    ("wrong", "outcome", "text"),
    [
        (Undelivered("tcp://a:1 takes no connection", permanent=False), "failed", "one takes no connection"),
        (Undelivered("the name a does not resolve", permanent=False), "failed", "one: the name a does not resolve"),
        (Undelivered("a leads to an address that is not public", permanent=True), "unknown",
         "one: a leads to an address that is not public"),
        (CannotRun("there is no folder /x here"), "unknown", "one: there is no folder /x here"),
        (ZeroDivisionError(SECRET), "unknown", "one could not be run (ZeroDivisionError)"),
        (MemoryError(), "unknown", "one could not be run (MemoryError)"),
        (RecursionError(), "unknown", "one could not be run (RecursionError)"),
    ],
)  # fmt: skip
def test_whatever_goes_wrong_is_a_finding(
    redis: Redis, monkeypatch: pytest.MonkeyPatch, wrong: Exception, outcome: str, text: str
) -> None:
    """What is not there has failed; what could not be looked at is unknown, and says what to do."""

    def fail(_: CheckOptions, __: Means) -> Said:
        raise wrong

    with looking(monkeypatch, tcp=fail):
        (found,) = examiner(redis).examine(["one"])
    assert (found.outcome, found.text) == (outcome, text)


def test_what_it_says_is_one_line_of_bounded_length_without_secrets(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A receiver may repeat what it was sent; nobody reads ten thousand characters in a page."""

    def tell(options: CheckOptions, __: Means) -> Said:
        secret = str(options.model_dump()["url"])
        return Said(found=Found.FAILED, text=f"says\n{secret}\x1b[31m" + "x" * 9000, detail=f"{secret}\n" + "y" * 9000)

    with looking(monkeypatch, redis=tell):
        (found,) = examiner(redis).examine(["two"])
    assert found.text.startswith("two says •••[31mxxx")
    assert (len(found.text), len(found.detail)) == (300, 2000)
    assert SECRET not in found.text + found.detail


def test_a_secret_that_is_not_set_is_named(redis: Redis) -> None:
    """By its variable."""
    (found,) = examiner(redis, environment=Environment()).examine(["two"])
    assert found.outcome == "unknown"
    assert "CACHE_URL is not set" in found.text


def test_what_was_found_just_now_is_found_again_unless_somebody_asks_anew(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A storm of incidents looks once; a schedule, and a person, look."""
    looks: list[int] = []

    def count(_: CheckOptions, __: Means) -> Said:
        looks.append(1)
        return Said(found=Found.OK, text="healthy")

    with looking(monkeypatch, tcp=count):
        one = examiner(redis)
        for _ in range(3):
            one.examine(["one"])
        assert len(looks) == 1
        one.examine(["one"], fresh=True)
        assert len(looks) == 2
        one._clock.at += examining.FRESH  # type: ignore[attr-defined]
        one.examine(["one"])
        assert len(looks) == 3


def test_those_that_hang_do_not_fill_up_the_process(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond so many no more are begun, and that is said; when they end there is room again."""
    free = threading.Event()

    def hang(_: CheckOptions, __: Means) -> Said:
        free.wait(30)
        return Said(found=Found.OK, text="healthy")

    monkeypatch.setattr(examining, "THREADS", 2)
    with looking(monkeypatch, tcp=hang):
        one = examiner(redis, longest=0.05)
        for _ in range(2):
            one.examine(["one"], fresh=True)
        (found,) = one.examine(["one"], fresh=True)
        assert found.text == "one was not run: 2 other checks hang"
        free.set()
        for _ in range(100):
            if one.examine(["one"], fresh=True)[0].outcome == "ok":
                break
            time.sleep(0.02)
        assert one.examine(["one"], fresh=True)[0].outcome == "ok"


def test_a_process_without_an_outside_says_so(redis: Redis) -> None:
    """No check that cannot look says that all is well."""
    for found in examiner(redis, outside=examining.Nowhere()).examine(["one"]):
        assert (found.outcome, found.text) == ("unknown", "one: this process calls nobody")
