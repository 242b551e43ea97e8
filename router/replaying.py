"""Kept deliveries heard once more: read by the real parsers, judged and played by two editions of the rules at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from router.hooks.discretion import REDACTED, WITHHELD
from router.hooks.hearing import judge_read, read
from router.in_force import Source
from router.sources import TYPES
from router.sources.contract import Delivery
from rules.decision import Judged
from rules.event import Event
from rules.holds.quiet import SilenceConfig
from rules.oncall.override import MadeOverride
from rules.oncall.schedule import Way
from rules.reading.load import Ruleset
from rules.rehearsal.engine import Rehearsal
from rules.replay.account import Account
from rules.replay.answers import Answer, ask_again
from rules.replay.compare import Comparison, IsNight, Pairs, compare
from workers.deliveries.inbox import Again

_MARK = f'"{REDACTED}"'.encode()
Said = list[Event] | str
"""What was read of a delivery, or why it could not be."""


@dataclass(slots=True)
class Side:
    """One edition of the rules, and what it made of all that came."""

    ruleset: Ruleset
    account: Account
    sources: Mapping[str, Source]
    lacking: Counter[str] = field(default_factory=Counter)
    """Deliveries of sources it does not have, by source."""
    unreadable: int = 0
    unanswered: int = 0
    """Answers of people that found no open incident."""


def side(
    ruleset: Ruleset,
    ways: Mapping[str, Way],
    since: float,
    quiet: Iterable[SilenceConfig] = (),
    made: Iterable[MadeOverride] = (),
) -> Side:
    """Ready to hear. `quiet` are the silences and `made` the overrides of people: they hold beside the rules' own."""
    ruleset = replace(ruleset.overridden(made), silences=ruleset.silences.beside(quiet))
    return Side(ruleset, Account(Rehearsal(ruleset, ways, since)), sources_of(ruleset))


def sources_of(ruleset: Ruleset) -> dict[str, Source]:
    """Without their secrets: what is in the inbox was believed when it came."""
    found = {}
    for name, one in ruleset.config.sources.items():
        kind = TYPES[one.type]
        found[name] = Source(name=name, type=kind, options=kind.options.model_validate(one.options), labels=one.labels)
    if not any(one.type.name == "manual" for one in found.values()):
        # Where people's reports come in without a source of their own (`InForce.reporting`).
        found.setdefault("report", Source(name="report", type=TYPES["manual"]))
    return found


class Replay:
    """The same time for two editions of the rules. Hand it what came, page by page, the oldest first; then `end` it."""

    def __init__(self, before: Side, now: Side, answers: Sequence[Answer] = ()) -> None:
        self.before = before
        self.now = now
        self.deliveries = 0
        self.redacted = 0
        self.answers = len(answers)
        self._answers = sorted(answers, key=lambda one: one.at, reverse=True)
        self._pairs = Pairs()

    def hears(self, page: Iterable[Again]) -> None:
        """Some deliveries, and what people did between them."""
        for kept in page:
            self._answers_until(kept.received_at)
            self._hears(kept)
        self._follows()

    def end(self, until: float) -> None:
        """Time goes by until then, without another delivery."""
        self._answers_until(until)
        for one in (self.before, self.now):
            one.account.stage.passes_to(until)
        self._follows()
        for one in (self.before, self.now):
            one.account.ends()

    def compared(self, is_night: tuple[IsNight, IsNight]) -> Comparison:
        """What is different."""
        return compare(self.before.account, self.now.account, self._pairs, is_night)

    def _hears(self, kept: Again) -> None:
        self.deliveries += 1
        redacted = _MARK in kept.body or kept.body == WITHHELD
        self.redacted += redacted
        heard: tuple[Source, Said] | None = None
        for one in (self.before, self.now):
            source = one.sources.get(kept.source)
            if source is None:
                one.lacking[kept.source] += 1
                continue
            delivery = _delivery(kept, source)
            if heard is None or not _reads_alike(heard[0], source):
                heard = source, _as_read_then(kept) if redacted else read(delivery, source)
            judged, why = judge_read(heard[1], delivery, source, one.ruleset)
            one.unreadable += why is not None
            self._takes_in(one, kept.received_at, judged)

    def _takes_in(self, one: Side, at: float, judged: Sequence[Judged]) -> None:
        one.account.stage.passes_to(at)
        one.account.stage.takes_in(judged)

    def _answers_until(self, moment: float) -> None:
        while self._answers and self._answers[-1].at <= moment:
            said = self._answers.pop()
            for one in (self.before, self.now):
                one.account.stage.passes_to(said.at)
                one.unanswered += not ask_again(said, one.account.stage)

    def _follows(self) -> None:
        for one in (self.before, self.now):
            one.account.stage.works()
        self._pairs.went(self.before.account.follows(), self.now.account.follows())
        self._pairs.settle()


def _delivery(kept: Again, source: Source) -> Delivery:
    """As the receiver had it. What a person has handed in again was read without the sender's own id."""
    again = bool(kept.written) and all(one["event"].get("sender_id") is None for one in kept.written)
    return source.delivery(
        kept.id,
        kept.received_at,
        method=kept.method,
        query=kept.query,
        headers=kept.headers,
        body=kept.body,
        again=again,
    )


def _reads_alike(one: Source, other: Source) -> bool:
    return one.type is other.type and one.options == other.options and one.labels == other.labels


def _as_read_then(kept: Again) -> Said:
    """What a body said before something of it was taken out."""
    if kept.unreadable is not None:
        return kept.unreadable
    return [one.event for one in kept.judged]


Told = Callable[[int], None]
"""Told how many deliveries have been heard since it was last told."""


def replay(pages: Iterable[Sequence[Again]], both: Replay, until: float, told: Told) -> None:
    """Hear all of it."""
    for page in pages:
        both.hears(page)
        told(len(page))
    both.end(until)
