"""What could be done about a noisy key, as YAML to put into the rules. Sender text in it is quoted and matched as text.

A person reads it before it is used: nothing here changes a rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile
from typing import Any

import re2
import yaml

from rules.event import Severity
from rules.numbers.course import Heard
from rules.numbers.noise import Noise
from rules.reading.config import Config, Then

ENOUGH = 3
"""Incidents that are over before their shares mean something."""
_WORDS = 120
"""Characters of a summary that a suggestion looks for."""


@dataclass(frozen=True, slots=True)
class Advice:
    """Why, in a sentence, and the YAML; `where` says how it is put in."""

    why: str
    yaml: str
    where: str


def advice(noise: Noise, config: Config, now: float) -> Advice | None:
    """What would quiet this key: a silence, a lower severity, or a gate.

    None where its source is no longer configured, where too little is known, or where everything was needed.
    `now` (Unix seconds) is when a suggested silence would begin.
    """
    heard = noise.last
    if heard is None or heard.source not in config.sources or noise.over < ENOUGH:
        return None
    if 2 * noise.false_positives >= noise.over:
        return _silence(noise, heard, now)
    if 2 * noise.nobody_acted < noise.over:
        return None
    milder = [one for one in config.severities if noise.severity.worse_than(one)]
    if noise.usual > 1:
        return _gate(noise, heard, config)
    return _lower(noise, heard, min(milder)) if milder else None


def _silence(noise: Noise, heard: Heard, now: float) -> Advice:
    said = f"{noise.false_positives} of {noise.over} were false positives"
    written = {
        "name": f"false positives of {_name(heard)}",
        "when": _when(heard),
        "start": f"{datetime.fromtimestamp(now, UTC):%Y-%m-%dT%H:%M:%SZ}",
        "for": "2w",
        "reason": f"{said}; its check is being mended",
    }
    text = f"{said}: a silence for two weeks while the check is mended at its sender."
    return Advice(text, _yaml("silences", written), "Add it to `silences`.")


def _gate(noise: Noise, heard: Heard, config: Config) -> Advice:
    """A gate ends the search: what the present rule says besides is repeated."""
    known = next((one.then for one in config.rules if one.name == noise.rule), Then())
    then = {"severity": noise.severity.value, "runbook": known.runbook, "team": known.team, "channels": known.channels}
    written = {
        "name": f"many of {_name(heard)}",
        "when": _when(heard),
        "more_than": {"count": noise.usual, "within": "1h"},
        "then": {name: value for name, value in then.items() if value is not None},
    }
    text = f"{_nobody(noise)}; half had {noise.usual} events or fewer: a gate opens above {noise.usual} within 1h."
    return Advice(text, _yaml("rules", written), f"Put it before the rule “{noise.rule}”.")


def _lower(noise: Noise, heard: Heard, to: Severity) -> Advice:
    written = {
        "name": f"{to} is enough for {_name(heard)}",
        "when": _when(heard),
        "then": {"severity": to.value},
        "continue": True,
    }
    text = f"{_nobody(noise)}: as {to} it would call more gently than as {noise.severity}."
    return Advice(text, _yaml("rules", written), f"Put it before the rule “{noise.rule}”, which says the rest.")


def _nobody(noise: Noise) -> str:
    return f"Nobody acted on {noise.nobody_acted} of {noise.over}"


def _when(heard: Heard) -> dict[str, Any]:
    """The events of this key, as nearly as a rule can name them."""
    when: dict[str, Any] = {"source": heard.source}
    # There a star would stand for anything, and `${` for a secret.
    if heard.kind.isprintable() and "*" not in heard.kind and "${" not in heard.kind:
        when["kind"] = heard.kind
    words = takewhile(str.isprintable, heard.summary[:_WORDS])
    if first := "".join(words):
        when["summary"] = "^" + str(re2.escape(first))
    return when


def _name(heard: Heard) -> str:
    """For people: one line, without what cannot be seen."""
    shown = "".join(char if char.isprintable() else " " for char in heard.summary or heard.key)
    return " ".join(shown.replace("${", "$ {").split())[:60].strip() or heard.source


def _yaml(section: str, written: dict[str, Any]) -> str:
    """The library quotes what needs it; lines stay whole, so that they are easy to read and to copy."""
    return yaml.dump({section: [written]}, Dumper=_Indented, sort_keys=False, width=100_000)


class _Indented(yaml.SafeDumper):
    """Lists stand two spaces in, as in the rules that are shipped."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, False)
