"""The rules change again and again under load, some of the changes wrong."""

from __future__ import annotations

import random
import signal
from collections import Counter

from rules.reading.load import load
from tests.chaos.load import Load
from tests.chaos.oracle import Verdict, incidents, judge
from tests.chaos.stage import Length, a_stage, strike
from tests.processes.tocsin import Running, wait_for

EDITIONS = (
    "rules:\n  - {name: everything is a complete outage, then: {severity: P1}}\n",
    "rules:\n  - {name: everything is small, then: {severity: P3}}\n",
)
"""What the last lines of the rules may say."""
WRONG = (
    "rules: [{name: broken\n",
    "rules:\n  - {name: everything, then: {severty: P1}}\n",
    "rules:\n  - {name: everything, then: {severity: P1, team: nobody at all}}\n",
    "\ttabs: no\n",
)


def edit(tocsin: Running, rules: str) -> None:
    """Save the rules: all but its list of rules stays. As an editor does it: a new file takes the old one's place."""
    path = tocsin.folder / "rules" / "rules.yaml"
    before, _, _ = path.read_text().partition("rules:\n  - ")
    whole = before if before.rstrip().endswith("}") else path.with_suffix(".first").read_text()
    path.with_suffix(".first").write_text(whole)
    new = path.with_suffix(".new")
    new.write_text(whole + rules)
    new.replace(path)


def reloads(length: Length) -> Verdict:
    """R23: a hundred reloads under load, a third of them wrong; each incident names one edition that was right."""
    times, choice = length.times(40, 100), random.Random(23)
    with a_stage(receivers=2) as tocsin:
        first = (tocsin.folder / "rules" / "rules.yaml").read_text()
        versions = {load({"rules.yaml": first}).version}
        seen: Counter[str] = Counter()
        with Load(tocsin.port, rate=20) as load_:
            for number in range(times):
                wrong = choice.random() < 0.3
                text = choice.choice(WRONG) if wrong else _right(number)
                edit(tocsin, text)
                if not wrong:
                    versions.add(load({"rules.yaml": (tocsin.folder / "rules" / "rules.yaml").read_text()}).version)
                for name in ("receiver", "receiver 2", "intake", "urgent"):
                    tocsin.signal(name, signal.SIGHUP)
                load_.run_for(length.seconds(0.5))
                seen["wrong" if wrong else "right"] += 1
            edit(tocsin, _right(times))
            last = load({"rules.yaml": (tocsin.folder / "rules" / "rules.yaml").read_text()}).version
            versions.add(last)
            settled = wait_for(lambda: _agree(tocsin, last), 5)
        verdict = judge(tocsin, [load_.book])
        judged = {one.rules_version for each in incidents(tocsin).values() for one in each}
    verdict.checks |= {
        "no incident was judged by rules that were never right": judged <= versions,
        "several editions have judged": len(judged) > 2,
        "in the end all have the last": settled,
        "nobody was refused": not load_.book.given_up,
    }
    verdict.notes.append(f"{seen['right']} right and {seen['wrong']} wrong editions, {len(judged)} of them have judged")
    return verdict


STRUCK = ("receiver", "receiver 2", "intake", "urgent", "calm")


def struck(length: Length) -> Verdict:
    """R23b: in each of many reloads a process is killed, between the save and the new rules being in force."""
    times, choice = length.times(20, 60), random.Random(24)
    with a_stage(receivers=2) as tocsin:
        versions, killed, allowed = {_version(tocsin)}, 0, 0
        with Load(tocsin.port, rate=20) as load_:
            for number in range(times):
                edit(tocsin, _right(number))
                versions.add(_version(tocsin))
                load_.run_for(choice.uniform(0.0, 1.2))
                doubtful = strike(tocsin, choice.choice(STRUCK))
                killed += doubtful >= 0
                allowed += max(0, doubtful)
                load_.run_for(length.seconds(1.0))
            edit(tocsin, _right(times))
            last = _version(tocsin)
            versions.add(last)
            settled = wait_for(lambda: tocsin.ready() and _agree(tocsin, last), 30)
        verdict = judge(tocsin, [load_.book], allowed=allowed)
        judged = {one.rules_version for each in incidents(tocsin).values() for one in each}
    verdict.checks |= {
        "no incident was judged by rules that were never saved": judged <= versions,
        "several editions have judged": len(judged) > 2,
        "every process came back, and all have the last": settled,
    }
    verdict.notes.append(f"{times + 1} editions, {killed} processes killed, {len(judged)} editions have judged")
    return verdict


def _version(tocsin: Running) -> str:
    """Of what stands in the folder."""
    return load({"rules.yaml": (tocsin.folder / "rules" / "rules.yaml").read_text()}).version


def _right(number: int) -> str:
    """Each is another: pages stay pages, so that the oracle knows what to wait for."""
    return f"rules:\n  - {{name: edition {number}, then: {{severity: P2}}}}\n"


def _agree(tocsin: Running, version: str) -> bool:
    said = [tocsin.api("GET", "/rules") for _ in range(6)]
    return {one["here"] for one in said} == {one["version"] for one in said} == {version}
