"""Runs scenarios one after the other and prints what came of them as a Markdown table: exit code 1 when one failed."""

from __future__ import annotations

import argparse
import os
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from tests.chaos.oracle import Verdict
from tests.chaos.scenarios import SCENARIOS
from tests.chaos.stage import Length

HEAD = "| scenario | acked | lost | duplicates | latest s | pass |\n|---|---|---|---|---|---|"
ARTEFACTS = Path(__file__).parents[2] / "artefacts"


def row(name: str, title: str, verdict: Verdict) -> str:
    """One line of the table."""
    said = "skipped" if verdict.skipped else "yes" if verdict.passed else "**NO**"
    notes = "; ".join([*([verdict.skipped] if verdict.skipped else []), *verdict.failed, *verdict.notes])
    doubles = f"{verdict.duplicates} of {verdict.allowed} allowed" if verdict.allowed else str(verdict.duplicates)
    cells = (f"{name} {title}", verdict.acked, len(verdict.lost), doubles, f"{verdict.latest:.1f}", f"{said}: {notes}")
    return "| " + " | ".join(str(cell).replace("|", "/") for cell in cells) + " |"


def tried(scenario: Callable[[Length], Verdict], length: Length) -> Verdict:
    """Run one; what it stumbles over is a failure of it, and the others are run all the same."""
    try:
        return scenario(length)
    except Exception as wrong:  # noqa: BLE001
        traceback.print_exc()
        return Verdict(checks={f"it ran ({type(wrong).__name__}: {wrong})": False})


def main() -> int:
    """`[--long] [--minutes N] [scenario …]`; all of them when none is named."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=main.__doc__)
    parser.add_argument("scenario", nargs="*", help=", ".join(SCENARIOS))
    parser.add_argument("--long", action="store_true", help="as long as the plan has it, not as short as shows it")
    parser.add_argument("--minutes", type=float, default=3.0, help="of the soak")
    given = parser.parse_args()
    unknown = set(given.scenario) - SCENARIOS.keys()
    if unknown:
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}; there are {', '.join(SCENARIOS)}")
    length = Length(long=given.long, minutes=given.minutes)
    ARTEFACTS.mkdir(exist_ok=True)
    table = _quietly()
    lines, worst, untried = [HEAD], 0, []
    print(HEAD, file=table)
    for name in given.scenario or SCENARIOS:
        title, scenario = SCENARIOS[name]
        began = time.monotonic()
        verdict = tried(scenario, length)
        verdict.notes.append(f"took {time.monotonic() - began:.0f} s")
        worst = max(worst, not (verdict.passed or verdict.skipped))
        untried += [name] if verdict.skipped else []
        lines.append(row(name, title, verdict))
        print(lines[-1], file=table, flush=True)
        (ARTEFACTS / "chaos.md").write_text("\n".join(lines) + "\n")
    if untried:
        print(f"\n{len(untried)} of {len(lines) - 1} NOT TRIED here: {', '.join(untried)}", file=table)
    return worst


def _quietly() -> TextIO:
    """What the many processes say goes to a file; the table to where we were told."""
    table = os.fdopen(os.dup(1), "w")
    with (ARTEFACTS / "chaos.log").open("ab") as log:
        sys.stdout.flush()
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    return table


if __name__ == "__main__":
    sys.exit(main())
