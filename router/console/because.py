"""Why an incident is what it is, in sentences: which rule decided, what the others made of it, what stood between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from workers.plain import clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Because:
    """`said` are sentences, `rules` what each rule made of the event: its name, whether it matched, why not."""

    said: tuple[str, ...]
    rules: tuple[tuple[str, bool, str], ...]
    left_out: int
    delivery: str
    """The delivery that opened it, when it is known."""


def because(trace: Mapping[str, Any], now: float) -> Because:
    """What a trace of `router.api.tracing` says, as people read it."""
    verdicts = trace.get("verdicts", ())
    return Because(
        said=tuple(_sentences(trace, now)),
        rules=tuple((str(one["name"]), bool(one["matched"]), str(one["why"])) for one in verdicts),
        left_out=int(trace.get("verdicts_left_out", 0)),
        delivery=str(trace.get("delivery", "")),
    )


def _sentences(trace: Mapping[str, Any], now: float) -> Iterator[str]:
    yield f"{trace['severity']} by the rule «{trace['rule']}»."
    for key, by in sorted(trace["set_by"].items()):
        if by != trace["rule"]:
            yield f"Its {key.replace('_', ' ')} was set by «{by}»."
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
