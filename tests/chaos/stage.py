"""What every scenario stands on: a fresh Tocsin with rules for chaos, and one place where it is struck."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.processes.tocsin import Running, a_tocsin
from workers import embedded

RULES = """
severities:
  P1: {{means: Complete outage, respond_within: 15m, channels: [pager]}}
  P2: {{means: Major degradation, respond_within: 1h, channels: [pager]}}
  P3: {{means: Minor issues, respond_within: 4h, channels: [room], first_responder: on-call engineer}}
  P4: {{means: Low priority, respond_within: 24h, channels: [room], first_responder: on-call engineer}}
escalation:
  - {{severity: P1, responder: on-call engineer, after: {lead}, escalate_to: engineering lead}}
  - {{severity: P1, responder: engineering lead, after: {ceo}, escalate_to: ceo}}
  - {{severity: P2, responder: on-call engineer, after: 12h, escalate_to: engineering lead}}
roles:
  on-call engineer: {{person: ana}}
  engineering lead: {{person: maria}}
  ceo: {{person: victor}}
people:
  ana: {{pagerduty: "${{env:PD_ANA}}"}}
  maria: {{pagerduty: "${{env:PD_MARIA}}"}}
  victor: {{pagerduty: "${{env:PD_VICTOR}}"}}
channels:
  pager: {{type: pagerduty, url: "http://127.0.0.1:{sink}/v2/enqueue"}}
  room: {{type: slack, url: "${{env:SINK_ROOM}}"}}
sources:
  monitor: {{type: generic, token: "${{env:MONITOR_TOKEN}}"}}
  storm: {{type: sentry, secret: "${{env:STORM_SECRET}}"}}
rules:
  - {{name: with a ladder, when: {{summary: "^ladder"}}, then: {{severity: P1}}}}
  - {{name: a storm, when: {{source: storm}}, then: {{severity: P3}}}}
  - {{name: small, when: {{summary: "^small"}}, then: {{severity: P3}}}}
  - {{name: everything else, then: {{severity: P2}}}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    """How long a scenario takes: `long` as the plan has it, else as short as shows something."""

    long: bool = False
    scale: float = 1.0
    """Below one in the suite of every day."""
    minutes: float = 3.0
    """Of the soak."""

    def seconds(self, short: float, long: float | None = None) -> float:
        """So many seconds."""
        return (long if self.long and long is not None else short) * self.scale

    def times(self, short: int, long: int | None = None) -> int:
        """So many times, and once at least."""
        return max(1, round(self.seconds(short, long)))


@contextmanager
def a_stage(folder: Path | None = None, **options: Any) -> Iterator[Running]:
    """A Tocsin in a folder of its own, or in this one; `options` are those of `a_tocsin`, and a `wire` to its Redis."""
    with tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True) as name:
        folder = folder or Path(name)
        env = {"STORM_SECRET": "bench-secret-000000000000000000"} | options.pop("env", {})
        if (wire := options.pop("wire", None)) is not None:
            wire.target = embedded.socket_path(folder / "d")
            env["REDIS_URL"] = wire.url
        with a_tocsin(folder, env=env, **({"rules": RULES, "lead": "1h", "ceo": "2h"} | options)) as tocsin:
            yield tocsin


def strike(tocsin: Running, name: str) -> int:
    """SIGKILL a process; returns how many sends were on their way, or -1 when it was not running."""
    before = tocsin.sink.unsure()
    return max(before, tocsin.sink.unsure()) if tocsin.kill(name) else -1
