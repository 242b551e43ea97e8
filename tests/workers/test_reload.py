"""New rules without a restart, as two processes live it: one edition for both, whole or not at all."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from rules.commands import Resolve
from rules.event import Severity
from rules.reading.load import Ruleset, load
from tests.world import RULES, a_world
from workers.channels import OPTIONS
from workers.clock import DrivenClock
from workers.rulebook import configuration, edition
from workers.rulebook.configuration import Written
from workers.rulebook.reload import Folder, Live, NotInForce, Reload
from workers.settings import MissingReference

QUIETER = RULES.replace(
    "then: {severity: P1}}\n  - {name: the site is slow", "then: {severity: P3}}\n  - {name: the site is slow"
)
LEADLESS = RULES.replace("engineering lead", "somebody else")
BROKEN = RULES.replace("severity: P1", "severty: P1", 1)


class Process:
    """A process with a folder of rules of its own."""

    def __init__(self, redis: Redis, folder: Path, clock: DrivenClock) -> None:
        folder.mkdir()
        self.folder = folder
        self.lacking: list[str] = []
        self.cannot: str = ""
        self.adopted: list[str] = []
        self.write(RULES)
        self.live = Live(self.load(configuration.written(folder)))
        where = Folder(path=folder, load=self.load, lacks=lambda _: self.lacking)
        self.reload = Reload(redis, clock, self.live, where, self.adopt)

    def load(self, written: Written) -> Ruleset:
        """As a process does, without the tables of sources and channels."""
        return load(written.texts, runbooks=written.runbooks)

    def adopt(self, ruleset: Ruleset) -> None:
        """Take a new edition up, unless it cannot be used here."""
        if self.cannot:
            raise MissingReference(self.cannot)
        self.adopted.append(ruleset.version)

    def write(self, text: str) -> None:
        """The operator saves the file."""
        (self.folder / "rules.yaml").write_text(text)

    def looks(self, times: int = 3) -> None:
        """Time for what was written to stand still."""
        for _ in range(times):
            self.reload.look()

    def judges(self) -> Severity:
        """How bad an outage is by the rules in force here."""
        return self.live().config.rules[0].then.severity or Severity.P4


@pytest.fixture
def two(redis: Redis, tmp_path: Path) -> tuple[Process, Process]:
    """A receiver and a worker on two hosts, started with the same rules."""
    clock = DrivenClock(1000.0)
    both = Process(redis, tmp_path / "one", clock), Process(redis, tmp_path / "two", clock)
    for one in both:
        one.reload.begin()
    return both


def test_rules_that_are_saved_are_in_force_everywhere(two: tuple[Process, Process], redis: Redis) -> None:
    """The process that sees the change publishes, the other takes up, and both name one version."""
    one, other = two
    one.write(QUIETER)
    one.looks()
    other.looks(1)
    assert one.judges() == other.judges() == Severity.P3
    assert one.live().version == other.live().version == edition.version(redis)
    found = edition.current(redis)
    assert found is not None
    assert found.by.startswith("changed files on ")


def test_a_file_that_is_still_being_written_is_left_alone(two: tuple[Process, Process]) -> None:
    """It is read when it has stood still from one look to the next."""
    one, _ = two
    one.write(QUIETER[:40])
    one.looks(1)
    one.write(QUIETER)
    one.looks(1)
    assert one.judges() == Severity.P1
    one.looks(1)
    assert one.judges() == Severity.P3
    assert one.adopted == [one.live().version]


def test_wrong_rules_leave_the_old_ones_and_say_where(two: tuple[Process, Process], redis: Redis) -> None:
    """Whoever asks hears file, line and column; when they are right again, the complaint is gone."""
    one, other = two
    before = one.live().version
    one.write(BROKEN)
    one.looks()
    other.looks()
    refusal = edition.refusal(redis)
    assert refusal is not None
    assert all(why.startswith("rules.yaml:") for why in refusal.why)
    assert any("'severty' (did you mean severity?)" in why for why in refusal.why)
    assert one.live().version == other.live().version == edition.version(redis) == before
    one.write(RULES)
    one.looks()
    assert edition.refusal(redis) is None


def test_rules_whose_secrets_are_not_there_are_refused(two: tuple[Process, Process], redis: Redis) -> None:
    """Found now, and not at 3 am."""
    one, _ = two
    one.lacking = ["the environment variable NEW_HOOK is not set"]
    one.write(QUIETER)
    with pytest.raises(NotInForce, match="NEW_HOOK"):
        one.reload.propose("a test")
    assert one.judges() == Severity.P1
    assert edition.refusal(redis) is not None


def test_a_process_that_cannot_use_an_edition_keeps_its_own_and_says_so(two: tuple[Process, Process]) -> None:
    """The others judge by the new one; this one's readiness tells, until it can."""
    one, other = two
    other.cannot = "the environment variable NEW_HOOK is not set"
    one.write(QUIETER)
    one.looks()
    other.looks()
    assert other.judges() == Severity.P1
    assert other.reload.trouble is not None
    assert "NEW_HOOK" in other.reload.trouble
    one.write(RULES)
    one.looks()
    other.looks()
    assert other.reload.trouble is None


def test_what_an_open_incident_needs_cannot_be_dropped(redis: Redis, tmp_path: Path) -> None:
    """The refusal names role and incident; when that is resolved, the same rules come into force."""
    with a_world(redis) as world:
        world.hears("noise", key="quiet")
        world.hears("grouped", key="web", labels={"service": "shop"})
        world.outside.heard.clear()
        process = Process(redis, tmp_path / "one", world.clock)
        process.reload.begin()
        process.write(LEADLESS)
        with pytest.raises(NotInForce) as refused:
            process.reload.propose("a test")
        (why, *_) = refused.value.why
        assert why.startswith("the role 'engineering lead' is still needed by incident ")
        assert process.live().version == edition.version(redis)
        for incident in world.incidents:
            world.asks(Resolve(by="ana", via="test"), incident)
        world.outside.heard.clear()
        assert process.reload.propose("a test") == process.live().version == edition.version(redis)


def test_a_signal_has_the_folder_read_at_the_next_look(two: tuple[Process, Process]) -> None:
    """Without waiting for it to stand still."""
    one, _ = two
    one.write(QUIETER)
    one.reload.ask()
    one.looks(1)
    assert one.judges() == Severity.P3


def test_a_process_that_starts_with_broken_rules_goes_by_those_in_force(
    two: tuple[Process, Process], redis: Redis
) -> None:
    """Somebody is just editing while it is started anew: people are paged all the same."""
    one, _ = two
    one.write(BROKEN)
    one.reload.begin()
    assert one.live().version == edition.version(redis)
    assert edition.refusal(redis) is not None


def test_a_start_with_rules_that_are_refused_judges_nothing_by_them(two: tuple[Process, Process], redis: Redis) -> None:
    """They can be read, but may not come into force: from its first moment the process goes by those that are."""
    one, _ = two
    in_force = one.live().version
    one.write(QUIETER)
    one.live.ruleset = one.load(configuration.written(one.folder))
    one.lacking = ["the environment variable NEW_HOOK is not set"]
    one.reload.begin()
    assert one.live().version == edition.version(redis) == in_force
    assert one.adopted[-1] == in_force


def test_whoever_starts_last_with_other_rules_puts_them_into_force(two: tuple[Process, Process]) -> None:
    """A deployment replaces the files and starts the processes anew: they are read once they have stood still."""
    one, other = two
    other.write(QUIETER)
    other.reload.begin()
    assert other.judges() == Severity.P1
    other.looks(2)
    one.looks(1)
    assert one.judges() == other.judges() == Severity.P3


def test_a_wiped_redis_is_told_again(two: tuple[Process, Process], redis: Redis) -> None:
    """The rules in force are not lost with it."""
    one, other = two
    version = one.live().version
    redis.flushall()
    one.looks(1)
    other.looks(1)
    assert edition.version(redis) == version
    assert other.adopted == []


def test_a_touched_file_changes_nothing(two: tuple[Process, Process], redis: Redis) -> None:
    """The same text is the same edition, since the same moment."""
    one, _ = two
    before: Any = edition.current(redis)
    one.write(RULES)
    one.looks()
    assert edition.current(redis) == before
    assert one.adopted == []


def test_an_incident_keeps_the_matrix_it_was_opened_with(redis: Redis) -> None:
    """And each event names the rules that judged it."""
    with a_world(redis) as world:
        world.hears("outage", key="web")
        old = world.incident
        world.ruleset = load({"rules.yaml": QUIETER}, channel_options=OPTIONS)
        world.hears("outage", key="shop")
        world.outside.heard.clear()
        new = next(one for one in world.incidents if one.id != old.id)
        assert (old.severity, new.severity) == (Severity.P1, Severity.P3)
        assert old.rules_version != new.rules_version == world.ruleset.version
        assert old.policy.version == old.rules_version


def test_a_folder_that_changes_while_it_is_read_comes_into_force_whole(redis: Redis, tmp_path: Path) -> None:
    """One file was read before a deployment swapped them all, the other after it: that mixture was never written."""
    process = Process(redis, tmp_path / "one", DrivenClock(0.0))
    rules, severities = RULES[RULES.index("\nrules:") :], RULES[: RULES.index("\nrules:")]
    process.write(rules)
    (process.folder / "severities.yaml").write_text(severities)
    process.reload.propose("a test")
    read, swapped = process.load, []

    def swapping(written: Written) -> Ruleset:
        if not swapped:
            swapped.append(written)
            process.write(QUIETER[QUIETER.index("\nrules:") :])
            (process.folder / "severities.yaml").write_text(severities.replace("Minor issues", "Small things"))
            return read(Written(texts={**written.texts, "rules.yaml": rules.replace("slow", "torn")}, runbooks={}))
        return read(written)

    process.reload._folder = Folder(path=process.folder, load=swapping, lacks=lambda _: [])
    process.reload.propose("a test")
    found = edition.current(redis)
    assert found is not None
    assert found.written == configuration.written(process.folder)
    assert found.version == process.live().version


def test_of_two_who_reload_at_once_the_one_who_read_the_older_files_does_not_win(redis: Redis, tmp_path: Path) -> None:
    """The first has read and is slow; meanwhile the files change and a second asks: the files are in force."""
    process = Process(redis, tmp_path / "one", DrivenClock(0.0))
    process.reload.propose("a start")
    read, has_read, goes_on = process.load, threading.Event(), threading.Event()

    def slow(written: Written) -> Ruleset:
        ruleset = read(written)
        if not has_read.is_set():
            has_read.set()
            goes_on.wait(1)
        return ruleset

    process.reload._folder = Folder(path=process.folder, load=slow, lacks=lambda _: [])
    process.write(QUIETER)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(process.reload.propose, "the first")
        has_read.wait(5)
        process.write(RULES.replace("Minor issues", "Small things"))
        second = pool.submit(process.reload.propose, "the second")
        with suppress(TimeoutError):
            second.result(timeout=0.5)
        goes_on.set()
        first.result(timeout=10)
        second.result(timeout=10)
    found = edition.current(redis)
    assert found is not None
    assert found.written == configuration.written(process.folder)
