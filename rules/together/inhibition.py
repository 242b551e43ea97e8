"""Inhibition: while something is in trouble, nobody is told of what follows from it. Pure.

What is kept quiet becomes an incident all the same, a child of the other one, and is told when that one is over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Self

import orjson
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from rules.event import Event, Severity
from rules.holds.by_the_clock import timeless, turns
from rules.incident import Hold, Incident, Signal
from rules.match import Condition, Test, Words, asks_for, compile_condition, listed
from rules.reading.problem import Misplaced, nearest
from rules.together.remembered import as_event

LOOK_AFTER = 60.0
"""Seconds after which a child is looked at first, should word of its parent's end have been lost; then each time after
as long again. The auditor compares child and parent more often: this is the promise that stands if there is none."""
_SHARED = ("source", "source_type", "kind")
_OWN = "tocsin."
"""Kinds of what Tocsin says of itself begin so: no rule of the operator's hides that."""


def _shared(name: str) -> str:
    if name not in _SHARED and not (name.startswith("labels.") and name != "labels."):
        near = nearest(name, _SHARED)
        expected = f"expected {', '.join(_SHARED)} or labels.<name>"
        raise ValueError(f"incidents cannot have '{name}' in common; {expected}" + (f"; {near}" if near else ""))
    return name


class About(Condition):
    """Which incidents are meant. Of what fires in them, all that is written under the words of `when` must hold."""

    rule: Words = ()
    """Rules that opened them."""
    severity: Annotated[tuple[Severity, ...], BeforeValidator(listed)] = ()
    """How bad they are; here it is not the sender's word."""

    @model_validator(mode="after")
    def _no_word_of_the_sender(self) -> Self:
        for key, inner in (("not", [self.not_] if self.not_ else []), ("any", list(self.any_))):
            if any(asks_for(each, "severity") for each in inner):
                raise Misplaced(key, "within not and any, severity is the sender's word, which an incident forgets")
        return self


class InhibitConfig(BaseModel):
    """While an incident like `while` is in trouble, nobody is told of those like `quiet` that share `equal` with it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    while_: About = Field(alias="while")
    quiet: About
    equal: Annotated[list[Annotated[str, AfterValidator(_shared)]], BeforeValidator(listed)] = []
    """What both must have, and have alike; what neither has is not alike."""

    @model_validator(mode="after")
    def _something(self) -> Self:
        for key, about in (("while", self.while_), ("quiet", self.quiet)):
            if not about.model_fields_set:
                raise Misplaced(key, f"'{key}' says nothing, and would mean every incident")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """What one inhibition means to an incident; `why_not` is said where it could keep it quiet but for one thing."""

    name: str
    over: bool
    """While it is in trouble, others are kept quiet."""
    under: bool
    """It may be kept quiet by others."""
    equal: dict[str, str]
    """What those others have to have, too."""
    why_not: str = ""


class Inhibition:
    """One of them, ready to be asked."""

    def __init__(self, config: InhibitConfig) -> None:
        self.name = config.name
        self.config = config
        self._over, self._under = _test(config.while_), _test(config.quiet)
        self._ever_over = _test(timeless(config.while_))

    def over(self, signal: Signal, incident: Incident, now: float) -> str | None:
        """The key under which this signal of an incident keeps others quiet; None when it does not."""
        event = as_event(signal, incident.labels)
        return self._key(event) if _means(self.config.while_, incident) and self._over(event, now) else None

    def ever_over(self, signal: Signal, incident: Incident) -> str | None:
        """The key under which it does so at some hour: nobody writes into it that the hour has come."""
        event = as_event(signal, incident.labels)
        return self._key(event) if _means(self.config.while_, incident) and self._ever_over(event, 0.0) else None

    def stands(self, parent: Incident, key: str, now: float) -> bool:
        """Does it keep others quiet under this key, by these rules, now? Written in it is under which it ever may."""
        signals = [parent.signals.get(name) for name, keys in parent.inhibits.items() if key in keys]
        return any(each is not None and each.firing and self.over(each, parent, now) == key for each in signals)

    def under(self, signal: Signal, incident: Incident, now: float) -> str | None:
        """The key under which others keep this signal of an incident quiet; None when none may."""
        quiet = self.config.quiet
        if incident.severity is Severity.P1 and not quiet.severity:
            return None  # Whoever means the worst has to say so.
        return self.may(signal, incident.labels, now) if _means(quiet, incident) else None

    def may(self, signal: Signal, labels: dict[str, str], now: float) -> str | None:
        """The key under which others may keep this signal quiet, whatever becomes of its incident."""
        event = as_event(signal, labels)
        if event.kind.startswith(_OWN) or not self._under(event, now):
            return None
        return self._key(event)

    def why_not(self, event: Event, incident: Incident, now: float) -> str:
        """Why it does not keep an incident quiet that `quiet` means; "" where `quiet` means others."""
        if event.kind.startswith(_OWN) or not self._under(event, now) or not _means(self.config.quiet, incident):
            return ""
        lacks = [name for name in self.config.equal if not _value(name, event)]
        if lacks:
            return f"it has no {lacks[0]}"
        return "a P1 is kept quiet only where quiet says severity: P1" if incident.severity is Severity.P1 else ""

    def turns(self, now: float) -> float | None:
        """When the hours it speaks of may say something else; None: it speaks of none."""
        each = (turns(self.config.while_, now), turns(self.config.quiet, now))
        return min((at for at in each if at is not None), default=None)

    def _key(self, event: Event) -> str | None:
        values = [_value(name, event) for name in self.config.equal]
        return orjson.dumps([self.name, *values]).decode() if all(values) else None


class Inhibitions:
    """All of them. Built once for each version of the YAML, asked at every moment."""

    def __init__(self, each: Iterable[InhibitConfig] = ()) -> None:
        self.each = tuple(Inhibition(one) for one in each)

    def over(self, incident: Incident) -> dict[str, tuple[str, ...]]:
        """Signal -> the keys under which it keeps others quiet while it fires, at whatever hours."""
        found: dict[str, tuple[str, ...]] = {}
        # A storm's incident has thousands of signals: nobody looks at them where nothing can come of it.
        for one in [each for each in self.each if _means(each.config.while_, incident)]:
            for name, signal in incident.signals.items():
                if signal.firing and (key := one.ever_over(signal, incident)) is not None:
                    found[name] = (*found.get(name, ()), key)
        return found

    def may(self, signals: Sequence[Signal], labels: dict[str, str], now: float) -> list[str]:
        """The keys under which all these signals may be kept quiet: who stands there must be known to ask `hold`."""
        found: dict[str, None] = {}
        for one in self.each:
            keys: dict[str, None] = {}
            for signal in signals:
                key = one.may(signal, labels, now)
                if key is None:
                    break
                keys[key] = None
            else:
                found |= keys
        return list(found)

    def explain(self, incident: Incident, now: float) -> list[Related]:
        """What each means to an incident that has just opened; those that mean nothing to it are left out."""
        (signal,) = incident.signals.values()
        event = as_event(signal, incident.labels)
        said: list[Related] = []
        for one in self.each:
            over, under = one.over(signal, incident, now) is not None, one.under(signal, incident, now) is not None
            why_not = "" if under else one.why_not(event, incident, now)
            equal = {name: _value(name, event) for name in one.config.equal}
            if over or under or why_not:
                said.append(Related(name=one.name, over=over, under=under, equal=equal, why_not=why_not))
        return said

    def hold(self, incident: Incident, above: Mapping[str, tuple[Incident, ...]], now: float) -> Hold | None:
        """What keeps an incident quiet now; None: nothing does. `above`: key -> incidents that keep others quiet.

        One parent must be above everything that fires in it. Of several it stays with the one it has, else the oldest.
        """
        signals = [signal for signal in incident.signals.values() if signal.firing]
        for one in self.each if signals else ():
            parents = [parent for parent in _parents(one, signals, incident, above, now) if parent.id != incident.id]
            if parents:
                had = incident.hold
                known = had.parent if had is not None else None
                parent = min(parents, key=lambda each: (each.id != known, each.opened_at, each.id))
                since = had.since if had is not None and known == parent.id else now
                return _hold(one.name, parent, since, now, one.turns(now))
        return None


def inhibiting(incident: Incident) -> tuple[str, ...]:
    """Under which keys an incident keeps others quiet now. What is over does not, nor what is kept quiet itself."""
    # Whoever has answered is kept quiet by nothing any more, though what once did is still written down.
    if not incident.inhibits or not incident.is_open or incident.parent is not None:
        return ()
    firing = [
        keys for key, keys in incident.inhibits.items() if key in incident.signals and incident.signals[key].firing
    ]
    return tuple(dict.fromkeys(key for keys in firing for key in keys))


def _hold(name: str, parent: Incident, since: float, now: float, turns: float | None) -> Hold:
    """Looked at again when its hours change, and every now and then."""
    why = f"{parent.title} (incident {parent.id})"
    look = now + max(LOOK_AFTER, now - since)
    return Hold(silence=name, since=since, until=min(look, turns or look), why=why, parent=parent.id)


def _parents(
    one: Inhibition,
    signals: Sequence[Signal],
    incident: Incident,
    above: Mapping[str, tuple[Incident, ...]],
    now: float,
) -> list[Incident]:
    """Those above every one of the signals."""
    common: dict[str, Incident] | None = None
    for signal in signals:
        key = one.under(signal, incident, now)
        here = {each.id: each for each in above.get(key, ()) if one.stands(each, key, now)} if key is not None else {}
        common = here if common is None else {name: here[name] for name in common if name in here}
        if not common:
            break
    return list((common or {}).values())


def _means(about: About, incident: Incident) -> bool:
    return (not about.rule or incident.rule in about.rule) and (
        not about.severity or incident.severity in about.severity
    )


def _test(about: About) -> Test:
    """Of what fires in an incident: the words of `when`, without the severity, which is the incident's."""
    return compile_condition(about.model_copy(update={"severity": ()}))


def _value(field: str, event: Event) -> str:
    prefix, _, name = field.partition(".")
    return event.labels.get(name, "") if prefix == "labels" else str(getattr(event, field) or "")
