"""Hostile input in earnest: `python -m tests.hostile --cases 100000 --seed 1 [--only S1 S3]`, or `make hostile`.

Prints a table; exit code 1 when a scenario did not pass. The same seed gives the same cases.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time

from tests.hostile import folders, parsers, proofs, replays, sockets, texts
from tests.hostile.report import HEAD, Run, Scenario
from workers import log

SCENARIOS: dict[str, Scenario] = (
    parsers.SCENARIOS | proofs.SCENARIOS | replays.SCENARIOS | texts.SCENARIOS | sockets.SCENARIOS | folders.SCENARIOS
)


def main() -> int:
    """Run what was asked for."""
    asked = argparse.ArgumentParser(prog="hostile")
    asked.add_argument("--cases", type=int, default=100_000, help="generated bodies, over all sources")
    asked.add_argument("--seed", type=int, default=0)
    asked.add_argument("--only", nargs="*", default=[], help="names like S3; all by default")
    given = asked.parse_args()
    log.configure("json", level=logging.CRITICAL)
    run, failed = Run(given.cases, given.seed), 0
    print(HEAD)
    for name, scenario in sorted(SCENARIOS.items(), key=lambda one: int(one[0].split()[0][1:])):
        if given.only and name.split()[0] not in given.only:
            continue
        began = time.monotonic()
        row = scenario(run)
        failed += bool(row.wrong)
        print(row.line, flush=True)
        print(f"{name}: {time.monotonic() - began:.0f} s", *row.wrong, sep="\n  ", file=sys.stderr, flush=True)
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main())
