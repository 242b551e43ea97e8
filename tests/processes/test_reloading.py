"""Rules edited under a running Tocsin of real processes: nothing is lost, and each event is judged by one edition."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.chaos.reloads import EDITIONS, edit
from tests.processes.tocsin import Running, a_tocsin, wait_for

pytestmark = pytest.mark.processes


def in_force(tocsin: Running) -> str:
    """The version the receiver judges by."""
    return str(tocsin.api("GET", "/rules")["here"])


def test_saved_files_and_a_signal_bring_new_rules_into_every_process(tmp_path: Path) -> None:
    """A save is taken up by itself, wrong rules are not, and SIGHUP ends nobody."""
    with a_tocsin(tmp_path) as tocsin:
        first = in_force(tocsin)
        pids = {name: tocsin.pid(name) for name in tocsin.children}
        edit(tocsin, EDITIONS[1])
        assert wait_for(lambda: in_force(tocsin) != first, 5)
        tocsin.post("one")
        assert wait_for(lambda: _severities(tocsin) == {"P3"}, 10)
        second = in_force(tocsin)
        edit(tocsin, "rules: [{name: broken")
        assert wait_for(lambda: tocsin.api("GET", "/rules")["refused"], 5)
        for name in tocsin.children:
            if name != "valkey":
                tocsin.signal(name, signal.SIGHUP)
        assert in_force(tocsin) == second
        tocsin.post("two")
        assert wait_for(lambda: len(tocsin.api("GET", "/incidents")["incidents"]) == 2, 10)
        assert {name: tocsin.pid(name) for name in tocsin.children} == pids


def test_a_receiver_that_dies_while_the_rules_are_broken_comes_back_with_those_in_force(tmp_path: Path) -> None:
    """An editor and a crash at the same time are no reason to hear nobody."""
    with a_tocsin(tmp_path) as tocsin:
        first = in_force(tocsin)
        edit(tocsin, "rules: [{name: broken")
        assert wait_for(lambda: tocsin.api("GET", "/rules")["refused"], 5)
        for name in ("receiver", "intake", "urgent"):
            tocsin.kill(name)
        assert wait_for(tocsin.ready, 30)
        assert in_force(tocsin) == first
        tocsin.post("one")
        assert wait_for(lambda: tocsin.sink.pages(), 20)


def _severities(tocsin: Running) -> set[str]:
    return {one["severity"] for one in tocsin.api("GET", "/incidents")["incidents"]}
