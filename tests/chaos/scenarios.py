"""Every scenario by its number in the plan: a title for the table, and what runs it."""

from __future__ import annotations

from collections.abc import Callable

from tests.chaos import (
    answers,
    crashes,
    kernel,
    power,
    race,
    redis_gone,
    releases,
    reloads,
    spoilt,
    surroundings,
    troubles,
)
from tests.chaos.oracle import Verdict
from tests.chaos.stage import Length

SCENARIOS: dict[str, tuple[str, Callable[[Length], Verdict]]] = {
    "R1": ("kill -9 of the worker while it sends", crashes.worker_dies_sending),
    "R2": ("kill -9 of the supervisor alone", crashes.supervisor_dies),
    "R3": ("kill -9 of all workers at once", crashes.all_workers_die),
    "R4": ("kill -9 of receivers under load", crashes.receiver_dies),
    "R5": ("rolling SIGTERM under load", crashes.rolling_restart),
    "R6": ("kill -9 of Redis, appendfsync always", redis_gone.killed_always),
    "R6b": ("kill -9 of Redis, appendfsync everysec", redis_gone.killed_everysec),
    "R7": ("power cut, appendfsync always", power.cut_always),
    "R7b": ("power cut, appendfsync everysec", power.cut_everysec),
    "R8": ("Redis hangs (SIGSTOP)", redis_gone.hangs),
    "R9": ("Redis away", redis_gone.away),
    "R10": ("Redis away, receiver killed", redis_gone.away_and_receiver_dies),
    "R11": ("Redis hangs, disk full", surroundings.disk_full),
    "R11b": ("Redis hangs, the disk fails", spoilt.disk_fails),
    "R12": ("Redis' memory is full", redis_gone.full),
    "R13": ("READONLY and SCRIPT FLUSH", redis_gone.read_only),
    "R13b": ("FLUSHALL", redis_gone.wiped),
    "R14": ("the network cut without a word", surroundings.half_open),
    "R14b": ("the kernel drops every packet", kernel.dropped),
    "R16": ("Slack hangs, 500, 429, reset, 301", surroundings.others_fail),
    "R17": ("death between the provider's yes and the commit", crashes.dies_after_the_provider_said_yes),
    "R18": ("hosts' clocks differ from Redis'", surroundings.clocks_differ),
    "R18b": ("Redis' own clock jumps an hour", spoilt.redis_clock_jumps),
    "R19": ("one delivery a hundred times at once", answers.the_same_at_once),
    "R20": ("shuffled and late", answers.shuffled),
    "R21": ("an answer races the next step", race.answered_at_the_last_moment),
    "R22": ("10,000 different alarms in a storm", troubles.storm_of_many),
    "R22b": ("one alarm in a storm", troubles.storm_of_one),
    "R23": ("the rules change again and again, some wrong", reloads.reloads),
    "R23b": ("kill -9 in the middle of reloads", reloads.struck),
    "R24": ("records of the release before", releases.upgraded),
    "R24b": ("a later release beside this one", releases.downgraded),
    "R25": ("poison", troubles.poison),
    "R26": ("soak", troubles.soak),
    "R27": ("damage by hand", troubles.damage),
}
