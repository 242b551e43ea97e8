"""Deployments, and PostgreSQL where its client is not installed."""

from __future__ import annotations

import builtins
import types
from typing import Any, Self

import pytest
from redis import Redis

from rules.responding.triage import Found
from tests.checks.means import NOW, deployment, looked
from workers.checks import deployment as of_deployment
from workers.checks import postgres
from workers.checks.contract import CannotRun
from workers.triage import deployments


@pytest.mark.parametrize(
    ("last", "options", "text"),
    [
        (None, {}, "no deployment known"),
        (None, {"service": "shop"}, "no deployment known of shop"),
        (deployment(), {}, "last deployment 12m ago (2.4.1)"),
        (deployment(by="ana", service="shop"), {}, "last deployment 12m ago (shop, 2.4.1 by ana)"),
        (deployment(by="ana", service="shop"), {"service": "shop"}, "last deployment 12m ago (2.4.1 by ana)"),
        (deployment(at=NOW - 30), {}, "last deployment 30s ago (2.4.1)"),
        (deployment(at=NOW + 30), {}, "last deployment 0s ago (2.4.1)"),
    ],
)
def test_the_last_deployment_is_told_and_is_no_fault(last: Any, options: dict[str, str], text: str) -> None:
    """Always well: it is the first thing to think of, not what is wrong."""
    said = looked(of_deployment.CHECK, means_deployed=lambda _: last, **options)
    assert (said.found, said.text) == (Found.OK, text)


def test_deployments_are_remembered_in_their_order(redis: Redis) -> None:
    """Told late is no later; the last two hundred, of any service or of one."""
    for number in range(deployments.KEPT + 5):
        deployments.add(redis, deployment(at=NOW + number, what=str(number), service="ab"[number % 2]))
    deployments.add(redis, deployment(at=NOW, what="late"))
    last = deployments.last(redis)
    assert last is not None
    assert last.what == str(deployments.KEPT + 4)
    of_b = deployments.last(redis, "b")
    assert of_b is not None
    assert of_b.what == str(deployments.KEPT + 3)
    assert len(deployments.lately(redis)) == deployments.KEPT
    assert deployments.last(redis, "c") is None


def test_without_its_client_the_finding_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """An extra that is not there is no fault of the database."""
    real = builtins.__import__

    def importing(name: str, *rest: Any) -> Any:
        if name.partition(".")[0] == "psycopg":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", importing)
    with pytest.raises(CannotRun, match=r"tocsin\[postgres\]"):
        looked(postgres.CHECK, url="${env:DATABASE_URL}")


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("FATAL: sorry, too many clients already", "has no connection left"),
        ("FATAL: password authentication failed for user hunter2", "refuses the password"),
        ("connection to server at 10.0.0.1 failed: Connection refused", "takes no connection"),
        ("connection timeout expired", "did not answer in time"),
        ("something with hunter2 in it", "takes no connection"),
    ],
)
def test_why_a_database_does_not_answer_is_said_in_words_of_ours(message: str, text: str) -> None:
    """Its own hold addresses and names of users."""
    assert postgres._refused(message) == text


class Pretended(types.SimpleNamespace):
    """A client that answers so, or fails so."""


@pytest.mark.parametrize(
    ("used", "found", "text"),
    [(34, Found.OK, "answers in 0.3 s, 34 of 100 connections in use"),
     (90, Found.FAILED, "has 90 of 100 connections in use")],
)  # fmt: skip
def test_a_database_that_fills_up_has_failed_before_it_is_full(used: int, found: Found, text: str) -> None:
    """Counted as the server counts; the address that was checked is the one that is called, the name stays for TLS."""
    said: dict[str, Any] = {}

    class Connection:
        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            """Closed."""

        def execute(self, _query: str) -> Any:
            return types.SimpleNamespace(fetchone=lambda: (used, 100))

    def connect(**given: Any) -> Connection:
        said.update(given)
        return Connection()

    parts = {"host": "db.internal", "user": "look", "password": "hunter2"}
    client = types.ModuleType("psycopg")
    conninfo = types.ModuleType("psycopg.conninfo")
    errors = {name: type(name, (Exception,), {}) for name in ("Error", "OperationalError", "ProgrammingError")}
    client.__dict__.update(connect=connect, conninfo=conninfo, **errors)
    conninfo.__dict__.update(conninfo_to_dict=lambda _: dict(parts))

    class Home:
        def addresses(self, *_: Any) -> list[str]:
            return ["10.0.0.7"]

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(__import__("sys").modules, "psycopg", client)
        patch.setitem(__import__("sys").modules, "psycopg.conninfo", conninfo)
        done = looked(postgres.CHECK, Home(), url="${env:DATABASE_URL}")
    assert (done.found, done.text) == (found, text)
    assert (said["host"], said["hostaddr"], said["autocommit"]) == ("db.internal", "10.0.0.7", True)
