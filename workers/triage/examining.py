"""Running checks: several at once, each in a thread of its own, and one end for all of them.

Whatever a check does (hang, flood, fail, run on) comes back as a finding; nothing of it reaches whoever asked.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Sequence
from typing import NoReturn

from redis import Redis
from redis.exceptions import RedisError

from rules.reading.load import Ruleset
from rules.reading.problem import nearest
from rules.responding.response import Finding
from rules.responding.triage import LONGEST, CheckConfig, Found
from workers import log
from workers.channels.contract import HttpRequest, Undelivered
from workers.checks import TYPES
from workers.checks.contract import CannotRun, CheckType, Means, Outside, Said
from workers.clock import Clock
from workers.plain import clip, plain
from workers.settings import Environment, MissingReference, Settings, command_environment
from workers.telling import masking
from workers.triage import deployments
from workers.triage.deployments import Deployment

THREADS = 48
"""Checks of one process that may be under way: those that hang must not fill it up."""
FRESH = 10.0
"""Seconds for which a finding serves further incidents too: a storm of them asks a page once, not a hundred times."""
GRACE = 1 / 16
"""So much longer is waited for a check than it may take: one that keeps its own time says itself that it hung."""
LONGEST_TEXT = 300
LONGEST_DETAIL = 2000
_ADDRESS = re.compile(r"^[a-z]+://\S+ ")

_log = log.get("checks")


class Nowhere:
    """The outside of a process that has none."""

    def probe(self, request: HttpRequest, within: float, kept: int) -> NoReturn:  # noqa: ARG002
        """Nobody answers."""
        raise CannotRun("this process calls nobody")

    def line(self, host: str, port: int, within: float, *, tls: bool = False) -> NoReturn:  # noqa: ARG002
        """Nobody answers."""
        raise CannotRun("this process calls nobody")

    def addresses(self, host: str, port: int, within: float) -> NoReturn:  # noqa: ARG002
        """Nobody is known."""
        raise CannotRun("this process calls nobody")


class Examiner:
    """Runs checks by the names the rules have for them. Thread-safe."""

    def __init__(
        self,
        *,
        redis: Redis,
        rules: Callable[[], Ruleset],
        settings: Settings,
        environment: Environment,
        clock: Clock,
        outside: Outside,
        longest: float = LONGEST,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._redis = redis
        self._rules = rules
        self._settings = settings
        self._environment = environment
        self._clock = clock
        self._outside = outside
        self.longest = longest
        """Seconds until whoever has not answered is waited for no longer."""
        self.timer = timer
        self._room = threading.BoundedSemaphore(THREADS)
        self._known: dict[tuple[str, str], Finding] = {}

    def examine(self, names: Sequence[str], *, fresh: bool = False) -> list[Finding]:
        """Run them all at once; in their order. Without `fresh`, what was found just now is found again."""
        now, version = self._clock.now(), self._rules().version
        found: dict[str, Finding] = {}
        if not fresh:
            found = {
                name: one
                for name in names
                if (one := self._known.get((version, name))) is not None and 0 <= now - one.at < FRESH
            }
        asked = [name for name in dict.fromkeys(names) if name not in found]
        found |= {one.check: one for one in self._run(asked, now)}
        kept = {key: one for key, one in self._known.items() if key[0] == version}
        self._known = kept | {(version, one.check): one for one in found.values()}
        return [found[name] for name in dict.fromkeys(names)]

    def _run(self, names: Sequence[str], now: float) -> list[Finding]:
        ends = self.timer() + self.longest * (1 + GRACE)
        going = [_Going(self, name, now) for name in names]
        for one in going:
            one.begin()
        return [one.ended(ends) for one in going]

    def look(self, name: str, now: float) -> Finding:
        """Run one in this thread. Never raises."""
        config = self._rules().config.checks.get(name)
        if config is None:
            hint = nearest(name, self._rules().config.checks)
            text = "is in the rules no more" + (f" ({hint})" if hint else "")
            return Finding(check=name, outcome=Found.UNKNOWN, text=f"{name} {text}", at=now)
        known, began = TYPES[config.type], self.timer()
        said = self._said(name, known, config, now)
        return self._finding(name, known, said, now, self.timer() - began)

    def _said(self, name: str, known: CheckType, config: CheckConfig, now: float) -> Said:
        try:
            options = self._environment.reveal_options(known.options.model_validate(config.options))
            return known.look(options, self._means(min(config.within or known.within, self.longest), now))
        except (CannotRun, MissingReference) as why:
            return Said(found=Found.UNKNOWN, text=f": {why}")
        except Undelivered as failure:
            found = Found.UNKNOWN if failure.permanent else Found.FAILED
            bare = _ADDRESS.sub("", failure.why)
            return Said(found=found, text=bare if bare != failure.why else f": {failure.why}")
        except RedisError as wrong:
            return Said(found=Found.UNKNOWN, text=f": Tocsin's own Redis does not answer ({type(wrong).__name__})")
        except Exception as wrong:  # noqa: BLE001 whatever is wrong with a check, the incident goes on
            _log.exception("check failed", check=name)
            return Said(found=Found.UNKNOWN, text=f"could not be run ({type(wrong).__name__})")

    def _means(self, within: float, now: float) -> Means:
        return Means(
            outside=self._outside,
            within=within,
            now=now,
            timer=self.timer,
            environment=command_environment() if self._settings.allow_commands else None,
            deployed=self._deployed,
        )

    def _deployed(self, service: str | None) -> Deployment | None:
        return deployments.last(self._redis, service)

    def _finding(self, name: str, known: CheckType, said: Said, now: float, took: float) -> Finding:
        secrets = self._environment.revealed
        text = f"{name}{'' if said.text.startswith(':') else ' '}{said.text}" if known.named else said.text.lstrip(": ")
        return Finding(
            check=name,
            outcome=said.found,
            text=plain(masking.hide(text, secrets), LONGEST_TEXT),
            at=now,
            took=round(took, 3),
            detail=clip(masking.hide(said.detail, secrets), LONGEST_DETAIL) if said.detail else "",
        )

    def room(self) -> bool:
        """Take a thread's place, if one is left."""
        return self._room.acquire(blocking=False)

    def leave(self) -> None:
        """Give it back."""
        self._room.release()


class _Going:
    """One check under way in a thread, which may be left behind: some of what it may wait for takes no timeout."""

    def __init__(self, examiner: Examiner, name: str, now: float) -> None:
        self._examiner = examiner
        self._name = name
        self._now = now
        self._found: Finding | None = None
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        if self._examiner.room():
            self._thread = threading.Thread(target=self._look, name=f"check-{self._name}", daemon=True)
            self._thread.start()

    def _look(self) -> None:
        try:
            self._found = self._examiner.look(self._name, self._now)
        finally:
            self._examiner.leave()

    def ended(self, until: float) -> Finding:
        """What it found, or that it did not come to an end by `until` (of the timer)."""
        if self._thread is None:
            return self._unknown(f"was not run: {THREADS} other checks hang")
        self._thread.join(max(0.0, until - self._examiner.timer()))
        longest = self._examiner.longest
        return self._found or self._unknown(f"did not come to an end within {longest:g}s", longest)

    def _unknown(self, text: str, took: float = 0.0) -> Finding:
        return Finding(check=self._name, outcome=Found.UNKNOWN, text=f"{self._name} {text}", at=self._now, took=took)
