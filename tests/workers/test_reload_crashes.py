"""A process dies in the middle of a reload, at any command to Redis: whoever comes after finds one edition, whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from redis import Redis

from rules.reading.load import Ruleset, load
from tests.failing import Died, Fuse, fused
from tests.workers.test_reload import BROKEN, QUIETER
from tests.world import RULES
from workers.clock import DrivenClock
from workers.rulebook import configuration, edition
from workers.rulebook.configuration import Written
from workers.rulebook.reload import Folder, Live, Reload

NEVER = 10_000
"""More commands than a reload has."""


class Process:
    """One of several on the same folder."""

    def __init__(self, redis: Redis, folder: Path) -> None:
        self.folder = folder
        self.adopted: list[str] = []
        self.live = Live(self.load(configuration.written(folder)))
        where = Folder(path=folder, load=self.load, lacks=lambda _: [])
        self.reload = Reload(redis, DrivenClock(1000.0), self.live, where, lambda one: self.adopted.append(one.version))

    def load(self, written: Written) -> Ruleset:
        """Without the tables of sources and channels."""
        return load(written.texts, runbooks=written.runbooks)

    @property
    def version(self) -> str:
        """By which it judges."""
        return self.live().version


def save(folder: Path, text: str) -> None:
    """The operator saves the file."""
    (folder / "rules.yaml").write_text(text)


def die(url: str, folder: Path, at: int, executed: bool) -> bool:
    """A process reads the folder and dies at its `at`th command; False when it had fewer."""
    fuse = Fuse()
    process = Process(fused(url, fuse), folder)
    process.reload.begin()
    save(folder, QUIETER)
    fuse.at, fuse.executed = fuse.sent + at, executed
    try:
        process.reload.propose("a test")
    except Died:
        return True
    return False


def agree(processes: list[Process], redis: Redis) -> str:
    """All judge by what is in force, and that is whole: its texts are those of its version."""
    found = edition.current(redis)
    assert found is not None
    assert load(found.written.texts, runbooks=found.written.runbooks).version == found.version
    assert {one.version for one in processes} == {found.version}
    return found.version


@pytest.mark.parametrize("executed", [False, True], ids=["not done", "done, and nobody knows"])
def test_whoever_dies_in_a_reload_leaves_one_edition(redis: Redis, valkey: str, tmp_path: Path, executed: bool) -> None:
    """The others go by it, a successor too; and as the folder is right, that edition is the folder's."""
    points = 0
    for at in range(1, NEVER):
        redis.flushall()
        folder = tmp_path / f"at-{at}"
        folder.mkdir()
        save(folder, RULES)
        other = Process(redis, folder)
        other.reload.begin()
        died = die(valkey, folder, at, executed)
        successor = Process(redis, folder)
        successor.reload.begin()
        for one in (other, successor, other):
            for _ in range(3):
                one.reload.look()
        assert agree([other, successor], redis) == load({"rules.yaml": QUIETER}).version
        if not died:
            break
        points += 1
    assert points >= 3


@pytest.mark.parametrize("executed", [False, True], ids=["not done", "done, and nobody knows"])
def test_a_successor_that_finds_the_files_broken_goes_by_what_is_in_force(
    redis: Redis, valkey: str, tmp_path: Path, executed: bool
) -> None:
    """The operator went on editing after the crash: the successor neither mixes the two nor refuses to start."""
    for at in range(1, NEVER):
        redis.flushall()
        folder = tmp_path / f"at-{at}"
        folder.mkdir()
        save(folder, RULES)
        other = Process(redis, folder)
        other.reload.begin()
        died = die(valkey, folder, at, executed)
        successor = Process(redis, folder)
        save(folder, BROKEN)
        successor.reload.begin()
        for one in (other, successor):
            for _ in range(3):
                one.reload.look()
        agree([other, successor], redis)
        assert edition.refusal(redis) is not None
        if not died:
            break


def test_a_start_in_the_middle_of_a_save_puts_no_half_of_a_file_into_force(redis: Redis, tmp_path: Path) -> None:
    """A file that is written in place may be good YAML when half of it is there; it is read when it stands still."""
    save(tmp_path, RULES)
    other = Process(redis, tmp_path)
    other.reload.begin()
    whole = QUIETER + "  - {name: the last, then: {severity: P4}}\n"
    save(tmp_path, QUIETER)
    starting = Process(redis, tmp_path)
    starting.reload.begin()
    other.reload.look()
    assert agree([other, starting], redis) == load({"rules.yaml": RULES}).version
    save(tmp_path, whole)
    for _ in range(3):
        starting.reload.look()
    other.reload.look()
    assert agree([other, starting], redis) == load({"rules.yaml": whole}).version
