"""S10, S12, S17, S21: what a sender's text does to patterns, to the log, to Slack, and to Redis."""

from __future__ import annotations

import io
import json
import logging
import pickle
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from redis import Redis
from rq import SimpleWorker
from rq.serializers import JSONSerializer

from rules.event import Action, Event
from rules.reading.load import load
from tests.channels import test_slack
from tests.channels.notifications import hostile
from tests.hostile.report import Row, Run, Scenario
from tests.world import RULES, a_world
from workers import embedded, log, queue
from workers.agenda import Lane
from workers.channels import OPTIONS
from workers.store import connect

LONG = "a" * 30_000 + "!"
PATTERNS = [
    "(a+)+$",
    "(a|a)*$",
    "(a|aa)+$",
    "([a-zA-Z]+)*$",
    "(.*a){25}",
    "^(([a-z])+.)+[A-Z]([a-z])+$",
    "(a*)*b",
    "(?:a?){50}a{50}",
]


def patterns(run: Run) -> Row:
    """Expressions that take other engines for ever, and ten thousand rules, over titles of 30 KB."""
    rules = [f"  - {{name: r{n}, when: {{summary: '{p}Q$'}}, then: {{severity: P4}}}}" for n, p in enumerate(PATTERNS)]
    rules += [
        f"  - {{name: n{n}, when: {{labels: {{service: 'x{n}'}}}}, then: {{severity: P2}}}}" for n in range(10_000)
    ]
    ruleset = load(
        {"rules.yaml": RULES.replace("rules:\n", "rules:\n" + "\n".join(rules) + "\n")}, channel_options=OPTIONS
    )
    worst, wrong, cases = 0.0, [], 200
    for number in range(cases):
        summary = (LONG, LONG[:-1], "b" + LONG, "aA" * 15_000)[number % 4]
        event = Event(
            kind="x.y",
            action=Action.TRIGGER,
            dedup_key="k",
            summary=summary,
            source="uptime",
            labels={"service": "none"},
        )
        began = time.process_time()
        ruleset.decide(event, 0.0)
        worst = max(worst, time.process_time() - began)
    if worst > 0.25:
        wrong.append(f"an event took {worst * 1000:.0f} ms")
    return Row(
        "S10 patterns made to hang, 10,000 rules, titles of 30 KB", cases, f"{worst * 1000:.1f} ms", tuple(wrong)
    )


def _tries(run: Run, number: int, strategy: Any, act: Any) -> list[str]:
    how = settings(
        max_examples=number, database=None, deadline=None, phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    try:
        seed(run.seed)(how(given(strategy)(act)))()
    except Exception as found:  # noqa: BLE001 what is looked for
        return [f"seed {run.seed}: {type(found).__name__}: {str(found)[:300]}"]
    return []


NASTY = st.text(
    st.characters(codec=None) | st.sampled_from("\n\r\x1b\x07\x9b\u2028\u2029\u202e\x00\x85\ud800"), max_size=60
)


def lines(run: Run) -> Row:
    """Any text in a word of the log: one line of JSON, and no control character that a terminal would obey."""
    number = max(500, run.cases // 20)

    def one(text: str) -> None:
        said = io.StringIO()
        with redirect_stderr(said):
            log.configure("json", logging.INFO)
            log.get("hostile").info("heard", what=text, nested={text: [text]})
            logging.getLogger("rq").warning("a line of another library: %s", text)
        written = said.getvalue()
        assert written.count("\n") == 2, written
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]", written), repr(written)
        for line in written.splitlines():
            json.loads(line)

    wrong = _tries(run, number, NASTY, one)
    log.configure("json", logging.CRITICAL)
    return Row("S12 lines of the log", 2 * number, f"{len(wrong)} that were no single clean line", tuple(wrong))


def mentions(run: Run) -> Row:
    """Mentions, links and markup of a sender's in every field of a message to Slack."""
    number = max(500, run.cases // 50)
    inner = test_slack.test_no_sender_can_mention_link_or_break_the_message.hypothesis.inner_test  # type: ignore[attr-defined]
    wrong = _tries(run, number, hostile, inner)
    return Row("S17 mentions and links in a sender's words", number, f"{len(wrong)} that came through", tuple(wrong))


class Planted:
    """What a pickle of it does when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (open, (str(self.path), "w"))


@contextmanager
def a_valkey() -> Iterator[tuple[Redis, str]]:
    """A Valkey of this scenario's own."""
    with (
        tempfile.TemporaryDirectory(prefix="hostile-") as folder,
        embedded.borrowed(Path(folder)) as url,
        connect(url) as redis,
    ):
        yield redis, url


def in_redis(run: Run) -> Row:
    """Keys stay of our alphabet whatever senders say, and a pickle planted in the queue is not read."""
    wrong: list[str] = []
    number = max(100, min(5_000, run.cases // 200))
    with a_valkey() as (redis, url), tempfile.TemporaryDirectory() as folder:
        with a_world(redis) as world:

            def one(text: str) -> None:
                world.hears("grouped", key=text or "x", labels={"service": text}, sender_id=text or None)

            wrong += _tries(run, number, NASTY, one)
            world.outside.heard.clear()
        strange = [key for key in redis.scan_iter() if not re.fullmatch(rb"(tocsin|rq):[A-Za-z0-9:_-]+", key)]
        wrong += [f"key {key!r}" for key in strange[:5]]
        wrong += _planted(url, redis, Path(folder) / "was read")
    return Row("S21 keys from senders' words, a pickle in the queue", number + 1, f"{len(wrong)} strange", tuple(wrong))


def _planted(url: str, redis: Redis, trace: Path) -> list[str]:
    lane = queue.queue(redis, Lane.CALM)
    redis.hset(
        "rq:job:planted",
        mapping={"data": pickle.dumps(Planted(trace)), "created_at": "2026-01-01T00:00:00.000000Z", "origin": "calm"},
    )
    redis.rpush(lane.key, "planted")
    with redirect_stderr(io.StringIO()):
        worker = SimpleWorker([lane], connection=Redis.from_url(url), serializer=JSONSerializer)
        try:
            worker.work(burst=True, logging_level="CRITICAL")
        except Exception as found:  # noqa: BLE001
            print(f"the worker ended by {type(found).__name__}: {found}", file=sys.stdout)
    return ["a planted pickle was read"] if trace.exists() else []


SCENARIOS: dict[str, Scenario] = {"S10": patterns, "S12": lines, "S17": mentions, "S21": in_redis}
