"""S7: a signed delivery that somebody has caught is sent again, a thousand times, for days: nothing comes of it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from router.in_force import in_force
from router.sources import TYPES
from router.sources.contract import Sample
from router.sources.samples import samples
from rules.commands import Resolve
from rules.reading.load import load
from rules.record import encode
from tests.hostile.report import Row, Run, Scenario
from tests.receiver.ear import NOW, Ear
from workers import embedded, keys
from workers.settings import Environment
from workers.store import connect

SECRET = "whsec_a-secret-of-all-three-senders"
CAUGHT = {"stripe": "charge_failed", "sentry": "issue_created", "pagerduty": "v3_triggered"}
"""What is sent again, by type of source: the beginning of an alarm."""
DATED = {"stripe"}
"""Those who sign the time."""
WINDOW = 300.0
MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
MOMENTS = [
    *(MINUTE * n for n in (0.1, 1, 2, 3, 4, 4.9, 5.1, 6, 10, 30)),
    *(HOUR * n for n in (1, 2, 6, 12, 23)),
    *(DAY * n for n in (1, 2, 4, 6, 6.99)),
]
AT_ONCE = 50
RULES = """
severities:
  P1: {means: bad, respond_within: 15m, channels: [slack], first_responder: lead}
  P2: {means: bad, respond_within: 15m, channels: [slack], first_responder: lead}
  P3: {means: bad, respond_within: 15m, channels: [slack], first_responder: lead}
  P4: {means: bad, respond_within: 15m, channels: [slack], first_responder: lead}
roles: {lead: {person: maria}}
people: {maria: {slack: U03MARIA}}
channels: {slack: {type: slack, url: "${env:SLACK}"}}
sources:
  s-stripe: {type: stripe, secret: "${env:SECRET}"}
  s-sentry: {type: sentry, secret: "${env:SECRET}"}
  s-pagerduty: {type: pagerduty, secret: "${env:SECRET}"}
rules: [{name: everything, then: {severity: P1}}]
"""


def again(run: Run) -> Row:
    """Each sender's delivery, at twenty moments of seven days, fifty times each; after four days it is over besides."""
    wrong: list[str] = []
    done = 0
    for name in CAUGHT:
        with _an_ear() as ear:
            done += _sent_again(ear, name, wrong)
    return Row(
        "S7 signed deliveries sent again for seven days", done, f"{len(wrong)} that changed anything", tuple(wrong[:20])
    )


def _sent_again(ear: Ear, name: str, wrong: list[str]) -> int:
    caught = _signed(name)
    if _posted(ear, name, caught, 1) != {202}:
        wrong.append(f"{name}: the first was not taken")
    ear.works()
    before = _state(ear)
    if not before["incidents"]:
        wrong.append(f"{name}: the first opened nothing")
    for after in MOMENTS:
        ear.clock.at = NOW + after
        if after == 4 * DAY:
            ear.ledger.answer(ear.incident().id, Resolve(by="maria", via="hostile"))
            before = _state(ear)
        expected = 401 if name in DATED and after > WINDOW else 202
        said = _posted(ear, name, caught, AT_ONCE)
        ear.works()
        if said != {expected}:
            wrong.append(f"{name}, {after:.0f} s after: answered {said}")
        if _state(ear) != before:
            wrong.append(f"{name}, {after:.0f} s after: something changed")
    remembered = [ear.redis.ttl(key) for key in ear.redis.scan_iter(match="tocsin:heard:*")]
    if not remembered or min(remembered) < keys.KEEP_HEARD - HOUR:
        wrong.append(f"{name}: it is remembered for {remembered} s")
    return 1 + len(MOMENTS) * AT_ONCE


def _signed(name: str) -> Sample:
    source = TYPES[name]
    (sample,) = (one for one in samples(name) if one.name == CAUGHT[name])
    assert source.sign is not None
    # A sample has the id that senders give to a test of theirs, of which everyone is meant.
    body = sample.body.replace(b"evt_00000000000000", b"evt_1Caught").replace(b'"' + b"0" * 26 + b'"', b'"01CAUGHT"')
    proof = source.sign(body, SECRET.encode(), NOW, source.options())
    return Sample(name=sample.name, body=body, headers={**sample.headers, **proof})


def _posted(ear: Ear, name: str, sample: Sample, times: int) -> set[int]:
    """What is answered to so many of it, one after the other."""

    async def talk(client: httpx.AsyncClient) -> set[int]:
        path, headers = f"/hooks/s-{name}", dict(sample.headers)
        return {(await client.post(path, content=sample.body, headers=headers)).status_code for _ in range(times)}

    said: set[int] = ear.converse(talk)
    return said


def _state(ear: Ear) -> dict[str, Any]:
    """Everything that a delivery could change: incidents, their histories, what is promised."""
    incidents = ear.store.incidents(open_only=False)
    promised = ear.redis.keys(keys.entry("*"))
    return {
        "incidents": {one.id: encode(one) for one in incidents},
        "histories": {one.id: encode(ear.store.timeline(one.id)) for one in incidents},
        "promises": sorted(promised),
    }


@contextmanager
def _an_ear() -> Iterator[Ear]:
    folder = tempfile.TemporaryDirectory(prefix="hostile-")
    with folder as name, embedded.borrowed(Path(name)) as url, connect(url, 10) as redis:
        ear = Ear(url, redis)
        ear.ruleset = load({"rules.yaml": RULES})
        secrets = Environment({"SECRET": SECRET, "SLACK": "https://hooks.slack.example/x"})
        ear.in_force = in_force(ear.ruleset, TYPES, secrets.reveal)
        yield ear


SCENARIOS: dict[str, Scenario] = {"S7 replays": again}
