"""What was published of an incident goes to its status pages, one publication at a time and in their order.

An answer that was lost is looked for before anything is said again (`StatusPageType.look`): the world reads no
sentence twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from redis.exceptions import RedisError

from rules.announcing.public_commands import PageRefused, PageTold
from rules.announcing.status_pages import StatusPageConfig
from rules.commands import Command
from rules.incident import Incident
from rules.reading.load import Ruleset
from workers import log as logging
from workers.agenda import Entry
from workers.announcing import trying
from workers.channels.contract import Undelivered
from workers.clock import Clock
from workers.ledger import Ledger
from workers.settings import Environment, MissingReference
from workers.status_pages import TYPES
from workers.status_pages.contract import StatusPageType, Telling, Told
from workers.store import Store
from workers.telling import masking
from workers.telling.attempting import Perform
from workers.telling.sending import START_WITHIN

AGAIN = 300.0
"""Seconds after which what a page refused is tried again: somebody may have mended it."""
GIVEN_UP = 86400.0
"""Seconds after a publication in which it is tried: nobody wants to read yesterday's trouble as today's."""

log = logging.get("publishing")


@dataclass(frozen=True, slots=True)
class _Job:
    """One claimed promise: which page is to say what."""

    entry: Entry
    page: str
    telling: Telling
    claimed_at: float


class Publishing:
    """Sees to the claimed entries of status pages. Thread-safe: it holds nothing that changes."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        store: Store,
        clock: Clock,
        rules: Callable[[], Ruleset],
        environment: Environment,
        perform: Perform,
    ) -> None:
        self._ledger = ledger
        self._store = store
        self._clock = clock
        self._rules = rules
        self._environment = environment
        self._perform = perform

    def see_to(self, entry: Entry, claimed_at: float) -> None:
        """Let one page say what it does not say yet, or see that it says everything."""
        now, page = self._clock.now(), str(entry.body["page"])
        incident = self._store.incident(entry.incident or "")
        telling = _telling(incident, page, now) if incident is not None else None
        if now - claimed_at > START_WITHIN:
            self._ledger.wait([entry], now)
        elif telling is None:
            self._ledger.stepped(entry, None, lambda one: now if _telling(one, page, now) is not None else None)
        else:
            self._try(_Job(entry, page, telling, claimed_at))

    def _try(self, job: _Job) -> None:
        try:
            kind, config = self.page(job.page)
            told = self._told_before(job, kind, config)
            if told is None and self._clock.now() - job.claimed_at > START_WITHIN:
                self._ledger.wait([job.entry], self._clock.now())
                return
            told = told or kind.told(self._perform(kind.tell(job.telling, config)))
        except Undelivered as failure:
            self._failed(job, failure)
            return
        except RedisError:
            raise  # Not its fault: the lease brings it back.
        except Exception as wrong:
            log.exception("publication could not be made", incident=job.entry.incident, page=job.page)
            self._failed(job, Undelivered(f"it could not be made ({type(wrong).__name__})", permanent=True))
            return
        now = self._clock.now()
        number = job.telling.publication.number
        command = PageTold(page=job.page, number=number, id=told.id, url=told.url)
        # Its answer was of no help to find out: it is said, and what follows goes to the same incident all the same.
        self._ledger.stepped(job.entry, command, lambda one: now if _telling(one, job.page, now) else None)

    def _told_before(self, job: _Job, kind: StatusPageType, config: StatusPageConfig) -> Told | None:
        """An earlier try may have got through although nobody heard so."""
        if kind.look is None or not (job.entry.lost or job.entry.failures):
            return None
        return kind.found(job.telling, self._perform(kind.look(job.telling, config)))

    def page(self, page: str) -> tuple[StatusPageType, StatusPageConfig]:
        """The page as the rules have it, its secrets revealed. Raises Undelivered."""
        config = self._rules().config.status_pages.get(page)
        if config is None:
            raise Undelivered("the rules have no such status page any more", permanent=True)
        try:
            return TYPES[config.type], self._environment.reveal_options(config)
        except MissingReference as missing:
            raise Undelivered(str(missing), permanent=True) from None

    def _failed(self, job: _Job, failure: Undelivered) -> None:
        """In passing: again later. What lasts is told, and still tried for a day; what was said after it goes on."""
        why = masking.said(failure.why, self._environment.revealed)
        log.warning("page failed", incident=job.entry.incident, page=job.page, why=why, permanent=failure.permanent)
        now = self._clock.now()
        publication = job.telling.publication
        is_old = now >= publication.at + GIVEN_UP
        lasts = is_old or trying.lasts(job.entry, failure)
        command = PageRefused(page=job.page, why=why, number=publication.number) if lasts else None
        pause = trying.pause(job.entry, failure, AGAIN)

        def again(one: Incident) -> float | None:
            following = _telling(one, job.page, now)
            if (failure.permanent or is_old) and following and following.publication.number > publication.number:
                return now
            return None if is_old else now + pause

        self._ledger.stepped(job.entry, command, again, why)

    def given_up(self, entry: Entry, why: str) -> Command | None:
        """What its incident is told when the promise is put away: what is published after that goes without it."""
        page, incident = str(entry.body["page"]), self._store.incident(entry.incident or "")
        telling = _telling(incident, page, self._clock.now()) if incident is not None else None
        if telling is None:
            return None
        how = (
            f"{why}. Publish something else, which goes without it; or try it again: tocsin pending --retry {entry.id}"
        )
        return PageRefused(page=page, why=how, number=telling.publication.number)


def _telling(incident: Incident, page: str, now: float) -> Telling | None:
    """What a page has to say next of an incident; None: it says everything."""
    public = incident.response.public
    following = public.following(page) if public is not None else None
    if public is None or following is None:
        return None
    return Telling(
        incident=incident.id,
        opened_at=incident.opened_at,
        publication=following,
        id=public.pages[page].id,
        now=now,
        begins=public.pages[page].told == public.pages[page].since,
    )
