"""Redis hangs, dies, and the receiver dies with it: what was answered 2xx reaches somebody all the same."""

from __future__ import annotations

import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.processes.tocsin import Running, a_tocsin, wait_for
from workers import counters, keys
from workers.agenda import Job, Lane

pytestmark = pytest.mark.processes


def told(tocsin: Running) -> Counter[str]:
    """How often each host's page reached PagerDuty."""
    pages = (said["payload"]["summary"] for _, said in tocsin.sink.heard if said["event_action"] == "trigger")
    return Counter(page.split(" · ")[-1].removesuffix(" is down") for page in pages)


def lost(tocsin: Running) -> set[str]:
    """What was answered 2xx and reached nobody, half a minute after everything is well again."""
    wait_for(lambda: set(tocsin.posted) <= set(told(tocsin)), 30)
    return set(tocsin.posted) - set(told(tocsin))


def hang(tocsin: Running) -> signal.Signals:
    """Stop the Valkey where it is, without ending its connections; returns what wakes it."""
    process = tocsin.children["valkey"].process
    assert process is not None
    process.send_signal(signal.SIGSTOP)
    return signal.SIGCONT


def test_a_redis_that_hangs_costs_no_delivery_and_no_second_page(tmp_path: Path) -> None:
    """Stopped for seconds under load: every answer is 202, every page arrives once, every delivery counts once."""
    with a_tocsin(tmp_path, lead="1h", ceo="2h") as tocsin:
        statuses = [tocsin.post(f"before {number}") for number in range(5)]
        # A send whose outcome cannot be written down is repeated: let these be done with before Redis stops.
        notify = keys.agenda(Lane.URGENT, Job.NOTIFY)
        assert wait_for(lambda: len(told(tocsin)) == 5 and not tocsin.redis.zcard(notify), 20)
        wakes = hang(tocsin)
        statuses += [tocsin.post(f"during {number}") for number in range(40)]
        time.sleep(2)
        process = tocsin.children["valkey"].process
        assert process is not None
        process.send_signal(wakes)
        statuses += [tocsin.post(f"after {number}") for number in range(5)]
        assert set(statuses) == {202}
        assert lost(tocsin) == set()
        assert set(told(tocsin).values()) == {1}
        # What was on its way when Redis stopped it has taken after all, and the spool as well: it counts once.
        assert counters.read(tocsin.redis, "deliveries")["monitor", "accepted"] == len(tocsin.posted)


def test_redis_and_receiver_die_and_nothing_that_was_answered_is_lost(tmp_path: Path) -> None:
    """Redis hangs, the receiver spools and is killed, then Redis is killed too: every 2xx becomes a page."""
    with a_tocsin(tmp_path, lead="1h", ceo="2h") as tocsin:
        hang(tocsin)
        assert {tocsin.post(f"host {number}") for number in range(20)} == {202}
        tocsin.kill("receiver")
        tocsin.kill("valkey")
        assert lost(tocsin) == set()


def test_the_receiver_itself_says_that_redis_is_gone(tmp_path: Path) -> None:
    """No worker can page while Redis hangs: the receiver calls whoever is on call, and says when it is over."""
    with a_tocsin(tmp_path, lead="1h", ceo="2h") as tocsin:
        wakes = hang(tocsin)
        assert tocsin.post("web") == 202
        assert wait_for(lambda: any("cannot reach its Redis" in page for page in told(tocsin)), 15)
        process = tocsin.children["valkey"].process
        assert process is not None
        process.send_signal(wakes)
        assert wait_for(lambda: "resolve" in [said["event_action"] for _, said in tocsin.sink.heard], 15)
        assert lost(tocsin) == set()
        assert sum("cannot reach its Redis" in page for page in told(tocsin).elements()) == 1
