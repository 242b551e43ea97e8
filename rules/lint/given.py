"""What the linter looks at, and the few words with which a finding is made of a place in the YAML."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from rules.lint.order import Order, order
from rules.lint.senders import Senders
from rules.oncall.schedule import Way
from rules.reading.config import Config
from rules.reading.document import Document, Path
from rules.reading.problem import Problem


@dataclass(frozen=True, kw_only=True)
class Given:
    """Rules that can be used, with their places, and what must be known beside them."""

    config: Config
    document: Document
    now: float
    """Unix seconds: from then on schedules are looked at."""
    kinds: Mapping[str, Collection[str]] | None = None
    """Every source type, with the kinds it makes where those can be counted."""
    ways: Mapping[str, Way] | None = None
    """Every channel type, with what it reaches."""

    def finding(self, path: Path, message: str, hint: str | None = None, *, key: bool = False) -> Problem:
        """A finding at the value (or the key) of `path`; the table of codes adds its code."""
        return Problem(*self.document.place(path, key=key), message, hint)

    @cached_property
    def senders(self) -> Senders:
        """Who may send what."""
        words = {word for rule in self.config.rules for word in _source_words(rule.when.model_dump())}
        return Senders({name: one.type for name, one in self.config.sources.items()}, self.kinds, words)

    @cached_property
    def order(self) -> Order:
        """What the rules leave for one another."""
        return order(self.config.rules, self.senders)


def _source_words(when: Mapping[str, object]) -> Iterator[str]:
    words, inner, without = when["source"], when["any_"], when["not_"]
    if isinstance(words, tuple):
        yield from words
    for each in (*(inner if isinstance(inner, tuple) else ()), *([without] if without else [])):
        if isinstance(each, dict):
            yield from _source_words(each)
