"""How long 100,000 deliveries of one week take in a rehearsal, read by the real parsers: `python -m bench.rehearse`."""

from __future__ import annotations

import time
from itertools import cycle, islice

import orjson

from router.hooks.hearing import judge
from router.in_force import Source
from router.sources import TYPES
from router.sources.contract import Sample
from router.sources.samples import samples
from rules.reading.load import Ruleset
from rules.rehearsal.engine import Rehearsal
from rules.trial.read import START
from workers.channels import OPTIONS
from workers.house import ways
from workers.rulebook.configuration import packaged, read

DELIVERIES, WEEK = 100_000, 7 * 86400.0
KEYS = 2000
"""So many different things go wrong: the ids in the bodies."""


def week(ruleset: Ruleset) -> list[tuple[Source, Sample]]:
    """Every sample of every source in turn, each with another number in it."""
    found = []
    for name, one in ruleset.config.sources.items():
        kind = TYPES[one.type]
        source = Source(name=name, type=kind, options=kind.options.model_validate(one.options), labels=one.labels)
        found += [(source, sample) for sample in samples(one.type)]
    return list(islice(cycle(found), DELIVERIES))


def renamed(sample: Sample, number: int) -> bytes:
    """The same of another thing: every number of three digits and more in a text is another one."""
    try:
        body = orjson.loads(sample.body)
    except orjson.JSONDecodeError:
        return sample.body
    return orjson.dumps(_renamed(body, str(number % KEYS)))


def _renamed(value: object, number: str) -> object:
    if isinstance(value, dict):
        return {key: _renamed(inner, number) for key, inner in value.items()}
    if isinstance(value, list):
        return [_renamed(inner, number) for inner in value]
    ids = isinstance(value, str) and any(character.isdigit() for character in value) and ":" not in value
    return f"{value}{number}" if ids else value


def main() -> None:
    """Print what it took, reading and rehearsing apart."""
    ruleset = read(packaged(), channel_options=OPTIONS)
    deliveries = [(source, sample, renamed(sample, n)) for n, (source, sample) in enumerate(week(ruleset))]
    began = time.process_time()
    judged = []
    for number, (source, sample, body) in enumerate(deliveries):
        at = START + WEEK * number / DELIVERIES
        delivery = source.delivery(
            f"{number:012}", at, method=sample.method, query=sample.query, headers=sample.headers, body=body
        )
        judged.append((at, judge(delivery, source, ruleset)[0]))
    read_after = time.process_time()
    stage = Rehearsal(ruleset, ways(ruleset), START)
    for at, events in judged:
        stage.passes_to(at)
        stage.takes_in(events)
    stage.ends(START + 400 * 86400.0)
    took = time.process_time()
    print(
        f"{DELIVERIES:,} deliveries, in seconds of one core: {read_after - began:.1f} reading and judging them, ",
        end="",
    )
    print(f"{took - read_after:.1f} rehearsing")
    print(f"{len(stage.arrivals):,} events, {len(stage.incidents):,} incidents, {len(stage.notices):,} notifications")


if __name__ == "__main__":
    main()
