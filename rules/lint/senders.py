"""Who may send what: sources by name, type and family, and the kinds that come from each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from rules.match import FAMILIES


def overlap(one: str, other: str) -> bool:
    """May an event's kind fit both of these words (`x.y`, `x.*`)?"""
    if one.endswith("*") and other.endswith("*"):
        return one[:-1].startswith(other[:-1]) or other[:-1].startswith(one[:-1])
    return within(one, other) or within(other, one)


def within(one: str, other: str) -> bool:
    """Is every kind that fits `one` a kind that fits `other`?"""
    return one.removesuffix("*").startswith(other[:-1]) if other.endswith("*") else one == other


class Senders:
    """Every source that is configured, and one for each type that is not: it may come tomorrow.

    `kinds` has every type, with the kinds it makes where those can be counted; `words` are those that rules use.
    """

    def __init__(
        self, configured: Mapping[str, str], kinds: Mapping[str, Collection[str]] | None, words: Iterable[str] = ()
    ) -> None:
        self._kinds = kinds or {}
        self._types = dict(configured)
        known = {*configured, *configured.values(), *FAMILIES}
        for absent in sorted({*self._kinds, *words} - known):
            self._types[f"({absent})"] = absent  # No source can be called so.
        self.all = frozenset(self._types)

    def named(self, words: Iterable[str]) -> frozenset[str]:
        """The sources that a rule means by `words`: names, types, families."""
        asked = set(words)
        types = asked.union(*(FAMILIES.get(word, ()) for word in asked))
        return frozenset(name for name, kind in self._types.items() if name in asked or kind in types)

    def may_send(self, source: str, kind: str) -> bool:
        """May this source send a kind that fits the word? Of what begins with no type, anybody may."""
        own = self._types[source]
        known = own in self._kinds and any(overlap(kind, f"{each}.*") for each in self._kinds)
        return overlap(kind, f"{own}.*") if known else True

    def kinds_of(self, sources: Iterable[str]) -> tuple[str, ...] | None:
        """Words that together fit every kind of these sources; None when that is not known."""
        found: dict[str, None] = {}
        for own in {self._types[source] for source in sources}:
            if own not in self._kinds:
                return None
            found |= dict.fromkeys(sorted(self._kinds[own]) or [f"{own}.*"])
        return tuple(found)
