"""Why an incident is what it is, in sentences: which rule decided, what the others made of it, what stood between."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from router.console.coming import name_of
from rules.incident import Incident, TimelineEntry
from rules.reading.config import Config
from workers.plain import clock

_CHANGED = re.compile(r".* (raised|lowered) it from (P[1-4]) to (P[1-4])", re.DOTALL)
_BY_RULE = re.compile(r"(raised) from (P[1-4]) to (P[1-4]) by rule «", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Because:
    """`said` are sentences, `rules` what each rule made of the event: its name, whether it matched, why not."""

    said: tuple[str, ...]
    rules: tuple[tuple[str, bool, str], ...]
    left_out: int
    delivery: str
    """The delivery that opened it, when it is known."""


@dataclass(frozen=True, slots=True)
class Changed:
    """Who made it as bad as it is now, after a rule had decided. `at` is Unix seconds."""

    verb: str
    was: str
    to: str
    by: str
    at: float


def changed(incident: Incident, lines: Sequence[TimelineEntry], config: Config) -> Changed | None:
    """By the latest of these lines of its history that made it so; None where its first rule did."""
    for line in reversed(lines):
        found = (_CHANGED.fullmatch if line.by else _BY_RULE.match)(line.text) if line.kind == "severity" else None
        if found is not None and found[3] == incident.severity:
            by = name_of(config, line.by) if line.by else f"the rule «{incident.rule}»"
            return Changed(found[1].capitalize(), found[2], found[3], by, line.at)
    return None


def because(trace: Mapping[str, Any], now: float, then: Changed | None = None) -> Because:
    """What a trace of `router.api.tracing` says, as people read it, and who changed the severity `then`."""
    verdicts = trace.get("verdicts", ())
    return Because(
        said=tuple(_sentences(trace, now, then)),
        rules=tuple((str(one["name"]), bool(one["matched"]), str(one["why"])) for one in verdicts),
        left_out=int(trace.get("verdicts_left_out", 0)),
        delivery=str(trace.get("delivery", "")),
    )


def _sentences(trace: Mapping[str, Any], now: float, then: Changed | None) -> Iterator[str]:
    # Without the delivery the trace knows only how bad it is now.
    severity = then.was if then is not None and trace.get("lost") else trace["severity"]
    yield f"{severity} by the rule «{trace['rule']}»."
    for key, by in sorted(trace["set_by"].items()):
        if by != trace["rule"]:
            yield f"Its {key.replace('_', ' ')} was set by «{by}»."
    if then is not None:
        yield f"{then.verb} to {then.to} by {then.by}, {clock(then.at, now)}."
    yield from _edition(trace)
    gate = trace.get("gate")
    if gate:
        yield f"It was counted: it opens {gate['opens']}, and {gate['recovers_after_quiet']} of quiet end it."
    for one in trace.get("silences", ()):
        if one["active"]:
            yield f"It was silenced by «{one['name']}» until {clock(one['end'], now)}: {one['why']}."
    hours = trace.get("hours")
    if hours:
        state = "open then" if hours["open"] else f"closed until {clock(hours['opens_at'], now)}"
        yield f"People are told of it in the hours «{hours['name']}» ({hours['timezone']}), {state}."
    if trace.get("lost"):
        yield f"{trace['lost'][:1].upper()}{trace['lost'][1:]}."


def _edition(trace: Mapping[str, Any]) -> Iterator[str]:
    edition, again = trace["edition"], trace.get("by_these_rules")
    if edition["same"] or not edition["decided_by"]:
        return
    yield f"The rules {edition['decided_by']} decided; those in force now are {edition['explained_by']}."
    if again and (again["rule"], again["severity"]) != (trace["rule"], trace["severity"]):
        yield f"By these it would be {again['severity']} by «{again['rule']}»."
