"""The receiver's clock is Redis': measured when nothing is in the way, and good enough for workers a little behind."""

from __future__ import annotations

import asyncio
import json
import time

from redis import Redis

from router.redis_time import RedisTime
from rules.decision import Judged
from rules.event import Action, Event
from tests.receiver.ear import Ear
from tests.receiver.test_errand import read_answer
from tests.receiver.wire import Connect, request
from workers.agenda import Agenda, Job, Lane
from workers.deliveries.intake import Received, queue_commands


class Busy:
    """A Redis whose first answer is slow to be read, as while a process starts."""

    def __init__(self) -> None:
        self.asked = 0

    async def time(self) -> tuple[int, int]:
        """An hour ahead of this host, by its own word."""
        self.asked += 1
        at = time.time() + 3600
        if self.asked == 1:
            await asyncio.sleep(0.2)
        return int(at), int(at % 1 * 1e6)


def test_one_slow_answer_does_not_set_the_clock() -> None:
    """Of several questions the one answered fastest counts; the slow one alone would be a tenth of a second off."""
    clock = RedisTime(Busy())
    asyncio.run(clock.measure())
    assert abs(clock.now() - (time.time() + 3600)) < 0.09


def test_an_event_is_due_for_a_worker_whose_clock_is_behind(redis: Redis) -> None:
    """The bell wakes it at once, and what it rings for must not lie in its future."""
    event = Event(kind="k", action=Action.INFO, dedup_key="web", summary="s", delivery="d", received_at=100.0)
    received = Received(id="d", source="s", source_type="generic", received_at=100.0, judged=(Judged(event=event),))
    with redis.pipeline(transaction=True) as pipe:
        queue_commands(pipe, [received], 100.0)
        pipe.execute()
    assert len(Agenda(redis).claim(Lane.INTAKE, Job.DEDUPLICATE, 99.5)) == 1


def test_what_is_said_later_stays_later_though_the_clock_be_put_back(connect: Connect, ear: Ear) -> None:
    """Redis' clock goes back an hour between the beginning of an alarm and its end: it is over all the same."""
    sender = connect()
    for status, back in (("firing", 0.0), ("resolved", 3600.0)):
        ear.clock.at -= back
        body = json.dumps({"id": "web", "title": "web is down", "status": status}).encode()
        sender.sendall(request(body, f"Content-Length: {len(body)}", path="/hooks/anything"))
        assert read_answer(sender).status_code == 202
        ear.works()
    assert not any(signal.firing for signal in ear.incident().signals.values())
