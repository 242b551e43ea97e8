"""What somebody silences that nobody has ever named: new, or mistyped. It is said, and silenced all the same. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from rules.incident import Incident
from rules.match import FAMILIES, Condition
from rules.reading.config import Config
from rules.reading.problem import nearest


def unheard(when: Condition, config: Config, incidents: Iterable[Incident]) -> list[str]:
    """A sentence for each source and label of `when` that neither the rules nor these incidents have.

    A service may be new, and its first alert must not wake anybody either: so this stops nothing.
    """
    sources = set(config.sources) | {one.type for one in config.sources.values()} | set(FAMILIES)
    found = [
        _said(f"The rules have no source {word}", nearest(word, sorted(sources)))
        for word in when.source
        if word not in sources
    ]
    labels = _known(config, incidents)
    for name, values in when.labels.items():
        for value in values:
            if value not in labels[name]:
                never = f"So far no rule and no incident has the label {name}={value}"
                found.append(_said(never, nearest(value, sorted(labels[name])) or _another(name, labels)))
    return found


def _said(what: str, hint: str | None) -> str:
    return f"{what}{f': {hint}' if hint else '.'} It is silenced all the same."


def _another(name: str, labels: Mapping[str, set[str]]) -> str | None:
    """The label's own name may be mistyped."""
    return None if labels[name] else nearest(name, sorted(one for one, values in labels.items() if values))


def _known(config: Config, incidents: Iterable[Incident]) -> defaultdict[str, set[str]]:
    """Label -> the values that rules ask for or set, and that incidents have had."""
    known: defaultdict[str, set[str]] = defaultdict(set)
    for name, value in _written(config.model_dump()):
        known[name].add(value)
    for one in incidents:
        for labels in (one.labels, *(signal.labels or {} for signal in one.signals.values())):
            for name, value in labels.items():
                known[name].add(value)
    return known


def _written(part: object) -> Iterator[tuple[str, str]]:
    """Every label of the YAML, wherever one is asked for or set."""
    if isinstance(part, dict):
        for name, inner in part.items():
            if name == "labels" and isinstance(inner, dict):
                yield from ((label, value) for label, values in inner.items() for value in _each(values))
            else:
                yield from _written(inner)
    elif isinstance(part, list | tuple):
        for inner in part:
            yield from _written(inner)


def _each(values: object) -> Iterable[str]:
    return [values] if isinstance(values, str) else [str(one) for one in values] if isinstance(values, tuple) else []
