"""The judge: compares what senders were promised with the incidents and with what the outside world heard."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from rules.incident import Incident
from rules.record import decode
from rules.transitions.routing import Place
from tests.chaos.load import Book
from tests.processes.tocsin import Running
from workers import keys
from workers.store import Store

SETTLES = 40.0
"""Seconds after the last delivery within which everything must be reflected."""


@dataclass
class Verdict:
    """One row of the table. `checks` are further conditions by name; `skipped` says why nothing was tried."""

    acked: int = 0
    lost: set[str] = field(default_factory=set)
    duplicates: int = 0
    allowed: int = 0
    latest: float = 0.0
    checks: dict[str, bool] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    skipped: str | None = None

    @property
    def passed(self) -> bool:
        """Did it hold?"""
        return not self.lost and self.duplicates <= self.allowed and all(self.checks.values())

    @property
    def failed(self) -> list[str]:
        """What did not hold."""
        wrong = [name for name, held in self.checks.items() if not held]
        wrong += [f"lost {sorted(self.lost)[:5]}"] if self.lost else []
        return wrong + ([f"{self.duplicates} duplicates, {self.allowed} allowed"] * (self.duplicates > self.allowed))


def until(what: Callable[[], object], seconds: float) -> float | None:
    """After how many seconds has it become true? Looks twice a second, for looks that cost something. None: never."""
    began = time.monotonic()
    while not what():
        if time.monotonic() - began > seconds:
            return None
        time.sleep(0.5)
    return time.monotonic() - began


def key_of(title: str) -> str:
    """The alarm a title or a page's summary speaks of."""
    return title.split(" · ")[-1].removesuffix(" is down")


def first_heard(tocsin: Running) -> dict[str, float]:
    """When each alarm's page was first taken by PagerDuty."""
    heard: dict[str, float] = {}
    for at, said in list(tocsin.sink.heard):
        if said["event_action"] == "trigger":
            heard.setdefault(key_of(said["payload"]["summary"]), at)
    return heard


def incidents(tocsin: Running) -> dict[str, list[Incident]]:
    """All incidents there have been, by the alarm that opened them."""
    found: dict[str, list[Incident]] = {}
    for incident in Store(tocsin.redis).incidents(open_only=False, limit=100_000):
        found.setdefault(key_of(incident.title), []).append(incident)
    return found


def doubled(tocsin: Running) -> int:
    """How many pages came more often than once."""
    return sum(number - 1 for number in Counter(tocsin.sink.pages()).values())


def judge(
    tocsin: Running, books: Iterable[Book], *, allowed: int = 0, within: float = 30.0, settles: float = SETTLES
) -> Verdict:
    """Wait until all is reflected, or the time is over, and say what is not.

    `allowed`: sends that were on their way when something was killed. `within`: how late a page may be, in seconds.
    """
    books = list(books)
    until(lambda: not _missing(tocsin, books), settles)
    acked = {key: at for book in books for key, at in book.acked.items()}
    heard, found = first_heard(tocsin), incidents(tocsin)
    latest = max((heard[key] - at for key, at in acked.items() if key in heard), default=0.0)
    tried = sum(book.number for book in books)
    verdict = Verdict(
        acked=len(acked),
        lost=_missing(tocsin, books),
        duplicates=doubled(tocsin),
        allowed=allowed,
        latest=latest,
    )
    verdict.checks = {
        f"no page is more than {within:.0f} s late": latest <= within,
        "one incident for each alarm": all(len(found.get(key, ())) <= 1 for key in acked),
        "something was acknowledged": len(acked) > tried * 0.5,
    }
    return verdict


def _missing(tocsin: Running, books: list[Book]) -> set[str]:
    """What was acknowledged and is not reflected: no incident, no page, or still firing after its end."""
    heard, found = first_heard(tocsin), incidents(tocsin)
    store = Store(tocsin.redis)
    missing: set[str] = set()
    for book in books:
        for key in book.acked:
            if key not in found and key in book.resolved and _overtaken(tocsin, key):
                continue
            if key not in found or (key not in heard and not _excused(store, found[key])):
                missing.add(key)
        for key in book.resolved:
            if any(signal.firing for one in found.get(key, ()) for signal in one.signals.values()):
                missing.add(f"the end of {key}")
    return missing


def _overtaken(tocsin: Running, key: str) -> bool:
    """Was it over before its beginning was worked on? Then nobody is called: its end left a tombstone that says so."""
    stored = tocsin.redis.get(keys.signal(f"monitor/generic {key}"))
    return stored is not None and decode(Place, stored).resolved is not None  # type: ignore[arg-type]


def _excused(store: Store, there: list[Incident]) -> bool:
    """Was the page not sent because the alarm was over before? The history says so."""
    return any(line.text.startswith("not sent, the incident is") for one in there for line in store.timeline(one.id))
