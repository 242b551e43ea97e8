"""What comes twice, at the same moment, or in the wrong order."""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from tests.chaos.oracle import Verdict, doubled, first_heard, incidents, until
from tests.chaos.stage import Length, a_stage
from tests.processes.tocsin import Running, wait_for
from workers import keys
from workers.agenda import Job, Lane

TWO_HOURS = 7200


def the_same_at_once(length: Length) -> Verdict:
    """R19: one alarm is delivered a hundred times at the same moment, through four receivers."""
    rounds, at_once = length.times(5, 20), 100
    verdict = Verdict()
    with a_stage(receivers=4) as tocsin:
        for number in range(rounds):
            statuses = _at_once(tocsin, f"host {number}", at_once)
            verdict.acked += statuses.count(202)
        verdict.checks["every delivery was answered with 202"] = verdict.acked == rounds * at_once
        alarms = {f"host {number}" for number in range(rounds)}
        wait_for(lambda: alarms <= first_heard(tocsin).keys(), 30)
        # A second page would follow at once: each bell is answered within half a second.
        until(lambda: not tocsin.redis.zcard(keys.agenda(Lane.INTAKE, Job.DEDUPLICATE)), 20)
        found = incidents(tocsin)
        verdict.lost = alarms - first_heard(tocsin).keys()
        verdict.checks["one incident for each"] = [*map(len, found.values())] == [1] * rounds
        verdict.duplicates = doubled(tocsin)
    return verdict


def _at_once(tocsin: Running, key: str, number: int) -> list[int]:
    start = threading.Barrier(number)

    def deliver(_: int) -> int:
        start.wait()
        return tocsin.post(key)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(deliver, range(number)))


def shuffled(length: Length) -> Verdict:
    """R20: events of two hours ago, in any order: what the sender said last holds, and nobody is told what is over."""
    dice, number = random.Random(3), length.times(40, 200)
    began = time.time() - TWO_HOURS
    lives = {f"host {n}": ["firing", "resolved", "firing"][: 2 + n % 2] for n in range(number)}
    said = [(key, at, action) for key, actions in lives.items() for at, action in enumerate(actions)]
    dice.shuffle(said)
    with a_stage() as tocsin:
        statuses = {tocsin.post(key, status=action, timestamp=began + 60 * at) for key, at, action in said}
        firing = {key for key, actions in lives.items() if actions[-1] == "firing"}
        settled = until(lambda: _firing(tocsin) == firing and firing <= first_heard(tocsin).keys(), 40)
        order = {key: [at for one, at, _ in said if one == key] for key in lives}
        over_before = {key for key in lives if key not in firing and order[key] == [1, 0]}
        again = sum(at == [0, 1, 2] for at in order.values())
        verdict = Verdict(acked=len(said), lost=firing - first_heard(tocsin).keys(), duplicates=doubled(tocsin))
        verdict.allowed = again
        verdict.checks = {
            "every delivery was answered with 202": statuses == {202},
            "what was said last holds": settled is not None,
            "nobody was told of what was over before": not over_before & first_heard(tocsin).keys(),
        }
        verdict.notes.append(
            f"{len(over_before)} of {number} ends came before their beginning; {again} fired again in order"
        )
    return verdict


def _firing(tocsin: Running) -> set[str]:
    return {
        key
        for key, there in incidents(tocsin).items()
        if any(signal.firing for one in there for signal in one.signals.values())
    }
