"""New rules without a restart: from the folder to Redis, and from Redis into every process.

The rules in force are those of the folder that was read last: at a start, when its files change, on SIGHUP, or when
`tocsin reload` asks for it. They are put into force whole or not at all; what cannot be used leaves the old ones.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from rules.oncall.override import stranded
from rules.reading import needs
from rules.reading.load import Ruleset, Wrong
from rules.reading.problem import Problem
from workers import log
from workers.clock import Clock
from workers.rulebook import configuration, edition, overrides
from workers.rulebook.configuration import Written
from workers.rulebook.edition import Edition, Refusal
from workers.settings import MissingReference
from workers.store import Store

EVERY = 0.4
"""Seconds between two looks: a new edition is in force everywhere within a second."""
READINGS = 5
"""So often a folder is read whose files change meanwhile."""
OPEN_AT_MOST = 100_000
"""Open incidents that are asked what they need."""
A_START = "a start"
_log = log.get("rules")


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """Where this process finds its rules."""

    path: Path
    load: Callable[[Written], Ruleset]
    """Reads them whole. Raises Wrong."""
    lacks: Callable[[Ruleset], list[str]]
    """Which of the secrets they refer to this process does not have, each in a sentence."""
    doubts: Callable[[Written, float], Sequence[Problem]] = lambda *_: ()
    """What can be used and is hardly meant, as `tocsin check` tells it at a time. Raises Wrong."""


class Live:
    """The rules in force in this process, for whoever needs those of this moment. Thread-safe."""

    def __init__(self, ruleset: Ruleset) -> None:
        self.ruleset = ruleset

    def __call__(self) -> Ruleset:
        """The whole of them: take it once for what belongs together."""
        return self.ruleset


class NotInForce(Exception):
    """The old rules stay. `why` has a line for each reason."""

    def __init__(self, why: tuple[str, ...]) -> None:
        super().__init__("\n".join(why))
        self.why = why


class Reload:
    """One per process. `adopt` is told of every new edition before it is in force, and may refuse it."""

    def __init__(
        self, redis: Redis, clock: Clock, live: Live, folder: Folder, adopt: Callable[[Ruleset], None] = lambda _: None
    ) -> None:
        self._redis = redis
        self._clock = clock
        self._live = live
        self._folder = folder
        self._adopt = adopt
        self._store = Store(redis)
        self._asked = threading.Event()
        self._one_at_a_time = threading.Lock()
        self._seen: object = configuration.fingerprint(folder.path)
        """What was read last; None: what was there at the start is still to be put into force."""
        self._settling: object = None
        """A fingerprint that is new; what is being written is read when it has stood still for one look."""
        self._unusable: tuple[str, str] | None = None
        """The edition this process cannot use, and why."""

    @property
    def trouble(self) -> str | None:
        """Why this process does not use the rules in force; None when it does."""
        return self._unusable and f"the rules {self._unusable[0]} cannot be used here: {self._unusable[1]}"

    def read(self, written: Written) -> Ruleset:
        """What these texts would be, read as the folder is; nothing comes into force. Raises Wrong."""
        return self._folder.load(written)

    def doubts(self, written: Written) -> Sequence[Problem]:
        """What of these texts is hardly meant. Raises Wrong."""
        return self._folder.doubts(written, self._clock.now())

    def ask(self) -> None:
        """Read the folder at the next look; safe in a signal handler."""
        self._asked.set()

    def begin(self) -> None:
        """At the start: what is in force is taken up. Where nothing is, what stands in the folder comes into force.

        Else the folder is read once it has stood still for a look: half of a file that is being saved may be good YAML.
        Never raises.
        """
        try:
            if edition.version(self._redis) is None:
                with suppress(NotInForce):
                    self.propose(A_START)
            else:
                self._compare()
            self._take_up()
        except RedisError as wrong:
            _log.warning("rules not published", why=type(wrong).__name__)

    def _compare(self) -> None:
        """Is something else in the folder than is in force? The next looks read it, as they do what has changed."""
        with suppress(NotInForce), self._one_at_a_time:
            _, ruleset = self._read(A_START)
            if ruleset.version == edition.version(self._redis):
                edition.relent(self._redis)
            else:
                self._seen = None

    def look(self) -> None:
        """Take up what is in force, and put into force what is new on the disk. Raises Redis' errors."""
        if self._asked.is_set() or self._changed():
            by = "SIGHUP" if self._asked.is_set() else A_START if self._seen is None else "changed files"
            self._asked.clear()
            with suppress(NotInForce):
                self.propose(by)
        self._take_up()

    def propose(self, by: str) -> str:
        """Read the folder and put it into force; returns its version. Raises NotInForce, and Redis' errors."""
        # Read by one at a time too: what another thread read before a change must not come into force after it.
        with self._one_at_a_time:
            written, ruleset = self._read(by)
            if ruleset.version == edition.version(self._redis):
                edition.relent(self._redis)
            else:
                self._put_into_force(ruleset, written, by)
        self._take_up()
        return ruleset.version

    def _read(self, by: str) -> tuple[Written, Ruleset]:
        """The folder as it stood at one moment: never half of what was there before. Raises NotInForce."""
        for _ in range(READINGS):
            self._seen = configuration.fingerprint(self._folder.path)
            why: tuple[str, ...] = ()
            try:
                written = configuration.written(self._folder.path)
                ruleset = self._folder.load(written)
            except Wrong as wrong:
                why = tuple(map(str, wrong.problems))
            if configuration.fingerprint(self._folder.path) == self._seen:
                if why:
                    raise self._refused(by, why)
                return written, ruleset
        raise self._refused(by, ("the files changed while they were read; they are read again when they stand still",))

    def _put_into_force(self, ruleset: Ruleset, written: Written, by: str) -> None:
        lacking = tuple(self._folder.lacks(ruleset))
        if lacking:
            raise self._refused(by, lacking)
        needed = needs.dropped(ruleset.config, self._store.incidents(limit=OPEN_AT_MOST))
        if needed:
            then = "keep it until that is resolved"
            raise self._refused(by, tuple(f"{need}: {then}" for need in needed))
        by = f"{by} on {socket.gethostname()}"
        new = Edition(version=ruleset.version, at=self._clock.now(), by=by, written=written)
        edition.publish(self._redis, new)
        _log.info("rules published", version=ruleset.version, by=by)

    def _refused(self, by: str, why: tuple[str, ...]) -> NotInForce:
        by = f"{by} on {socket.gethostname()}"
        _log.error("rules refused, the old ones stay", by=by, why=list(why), in_force=self._live.ruleset.version)
        edition.refuse(self._redis, Refusal(at=self._clock.now(), by=by, why=why))
        return NotInForce(why)

    def _changed(self) -> bool:
        found = configuration.fingerprint(self._folder.path)
        if found == self._seen:
            self._settling = None
            return False
        if found != self._settling:
            self._settling = found
            return False
        return True

    def _take_up(self) -> None:
        with self._one_at_a_time:
            version = edition.version(self._redis)
            mine = self._live.ruleset.version
            if version is None:
                self._publish_again()
            elif version != mine and (self._unusable is None or self._unusable[0] != version):
                self._take_up_new(mine)
            elif version == mine:
                self._unusable = None

    def _publish_again(self) -> None:
        """Redis was wiped: what this process judges by is what is known. Its texts are on the disk, if unchanged."""
        try:
            written = configuration.written(self._folder.path)
            same = self._folder.load(written).version == self._live.ruleset.version
        except Wrong:
            return
        if same:
            now = self._clock.now()
            by = f"a wiped Redis, seen on {socket.gethostname()}"
            new = Edition(version=self._live.ruleset.version, at=now, by=by, written=written)
            edition.publish(self._redis, new)

    def _take_up_new(self, mine: str) -> None:
        found = edition.current(self._redis)
        if found is None:
            return
        try:
            ruleset = self._folder.load(found.written)
            self._adopt(ruleset)
        except (Wrong, MissingReference) as wrong:
            why = str(wrong).partition("\n")[0]
            self._unusable = (found.version, why)
            _log.error("rules cannot be used here, the old ones stay", version=found.version, why=why, in_force=mine)
            return
        self._live.ruleset = ruleset
        self._unusable = None
        _log.info("rules in force", version=found.version, before=mine, by=found.by)
        for why in stranded(ruleset.config, overrides.every(self._redis), self._clock.now()):
            _log.warning("an override does not hold", why=why)


class Rereading(threading.Thread):
    """Looks again and again, in a worker process. A Redis that is away is waited for."""

    def __init__(self, reload: Reload) -> None:
        super().__init__(name="reload", daemon=True)
        self._reload = reload
        self._ended = threading.Event()

    def run(self) -> None:
        """Until stopped."""
        while not self._ended.wait(EVERY):
            look(self._reload)

    def stop(self) -> None:
        """No further look."""
        self._ended.set()
        self.join(timeout=2)


def look(reload: Reload) -> None:
    """One look that never fails: whatever is wrong with new rules, the old ones go on paging."""
    try:
        reload.look()
    except RedisError as wrong:
        _log.debug("redis is away", why=type(wrong).__name__)
    except Exception:  # noqa: BLE001 the next look must be taken
        _log.exception("look at the rules failed")
