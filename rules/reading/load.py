"""The YAML, read whole: texts in, a `Ruleset` out, or every problem at once. Pure; the files are read by
`workers.rulebook.configuration`."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

import orjson
from pydantic import BaseModel

from rules import matrix
from rules.decide import Rules, Verdict, decide, explain
from rules.decision import Decision
from rules.event import Event
from rules.holds.silence import Silences
from rules.incident import Policy
from rules.links import SourceLinks
from rules.lint import Given, lint
from rules.oncall import schedule
from rules.oncall.override import MadeOverride, applied
from rules.oncall.roster import Roster
from rules.oncall.schedule import Way
from rules.reading import check, check_response, check_room, check_together, check_triage
from rules.reading.config import Config
from rules.reading.document import read
from rules.reading.problem import Problem, Wrong
from rules.reading.shape import TOLD_AT_MOST, fill
from rules.runbooks import runbook
from rules.together.grouping import Groups
from rules.together.inhibition import Inhibitions

__all__ = ["Problem", "Ruleset", "Verdict", "Way", "Wrong", "load"]

TESTS = ".test.yaml"
"""Files that end so hold cases to try the rules with, not rules."""


@dataclass(frozen=True)
class Ruleset:
    """One version of everything the operator wrote, ready to judge. Never changes; a reload makes another."""

    config: Config
    version: str
    """Short hash of the texts it was read from."""
    runbooks: Mapping[str, str]
    """Name -> Markdown."""
    policy: Policy
    """The plans of every severity, to be frozen into incidents."""
    rules: Rules = field(repr=False)
    silences: Silences = field(repr=False)
    """Those of the YAML."""
    groups: Groups = field(default_factory=Groups, repr=False)
    inhibitions: Inhibitions = field(default_factory=Inhibitions, repr=False)
    links: SourceLinks = field(default_factory=SourceLinks, repr=False)
    doubts: tuple[Problem, ...] = ()
    """What can be used and is hardly meant (`rules.lint`); empty unless it was asked for."""

    def decide(self, event: Event, now: float) -> Decision:
        """What a trigger means. `now` in Unix seconds."""
        return self.links.add(self.groups.join(decide(event, self.rules, now), event, now), event)

    def explain(self, event: Event, now: float) -> list[Verdict]:
        """What every rule, in order, makes of the event, and why one does not match."""
        return explain(event, self.rules, now)

    def roster(self, now: float, ways: Mapping[str, Way]) -> Roster:
        """Who every role is at `now`, which of the configured channels (`ways`) reach them, and what is silenced."""
        return schedule.roster(self.config, now, ways, self.silences, self.inhibitions)

    def overridden(self, made: Iterable[MadeOverride]) -> Ruleset:
        """The same edition with what people have made since laid over its schedules."""
        config = applied(self.config, made)
        return self if config is self.config else replace(self, config=config)


def load(
    texts: Mapping[str, str],
    *,
    source_options: Mapping[str, type[BaseModel]] | None = None,
    channel_options: Mapping[str, type[BaseModel]] | None = None,
    check_options: Mapping[str, type[BaseModel]] | None = None,
    source_kinds: Mapping[str, Collection[str]] | None = None,
    channel_ways: Mapping[str, Way] | None = None,
    runbooks: Mapping[str, str] | None = None,
    now: float | None = None,
) -> Ruleset:
    """Read file name -> text. Raises `Wrong` with every problem found, and nothing else.

    Options are the extra keys of each type of source, channel or check; None leaves them unchecked, as it does
    runbooks, kinds (what each type of source sends, where that can be counted) and ways (what a type of channel
    reaches).
    With `now` (Unix seconds) the rules are linted too; who only starts on them need not wait for that.
    """
    texts = {name: text for name, text in texts.items() if not name.endswith(TESTS)}
    document = read(texts)
    if not document.whole:
        raise Wrong(_told(document.problems))
    config = fill(Config, document)
    check.names(document, runbooks)
    check.rules(document)
    check.silences(document)
    check_together.check(document)
    document.problems.extend(runbook.wrong(runbooks or {}))
    check_response.check(document)
    check.sources(document, source_options)
    check.options(document, "sources", source_options)
    check.options(document, "channels", channel_options)
    check.options(document, "checks", check_options)
    check_triage.check(document)
    check.references(document, {"sources": source_options, "channels": channel_options, "checks": check_options})
    if config is not None:
        matrix.check(config, document)
        check_room.check(config, document)
    if config is None or document.problems:
        raise Wrong(_told(document.problems))
    version = _version(texts, runbooks or {})
    policy = matrix.policy(config, version)
    judging = Rules(config.rules, version)
    doubts: tuple[Problem, ...] = ()
    if now is not None:
        doubts = lint(Given(config=config, document=document, now=now, kinds=source_kinds, ways=channel_ways), texts)
    return Ruleset(
        config,
        version,
        dict(runbooks or {}),
        policy,
        judging,
        Silences(config.silences),
        Groups(config.groups),
        Inhibitions(config.inhibit),
        SourceLinks({name: source.links for name, source in config.sources.items()}),
        doubts,
    )


def _told(problems: list[Problem]) -> list[Problem]:
    """The first hundred, and how many more there are: nobody reads a thousand."""
    if len(problems) <= 2 * TOLD_AT_MOST:
        return problems
    ordered = sorted(problems, key=lambda problem: (problem.file, problem.line, problem.column))
    last = ordered[TOLD_AT_MOST]
    more = f"{len(problems) - TOLD_AT_MOST} more problems from here on; they are told when these are mended"
    return [*ordered[:TOLD_AT_MOST], Problem(last.file, last.line, last.column, more)]


def _version(texts: Mapping[str, str], runbooks: Mapping[str, str]) -> str:
    whole = orjson.dumps([texts, runbooks], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(whole).hexdigest()[:12]
