"""A backup holds everything that lasts, survives nothing half, and what it restores goes on where it stood."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result
from redis import Redis

from router.cli import main
from rules.commands import Acknowledge, Resolve
from rules.incident import Reason, State
from rules.upcast import VERSION, NewerRecord
from tests.world import World, a_world
from workers import backup, keys
from workers.deliveries.intake import Received, mint, queue_commands
from workers.watch import beats
from workers.watch.auditor import audit

P1_PAGE = [("pagerduty", "trigger"), ("slack", Reason.OPENED), ("mail", Reason.OPENED)]
BYTES = bytes(range(256))


@pytest.fixture
def world(redis: Redis) -> Iterator[World]:
    """One open P1 whose lead is to be told in ten minutes, one incident that is over, one delivery of any bytes."""
    with a_world(redis) as world:
        world.hears("minor", key="old", sender_id="said before")
        world.asks(Resolve(by="ana", via="cli"))
        world.outside.heard.clear()
        world.hears("outage")
        world.outside.heard_exactly(P1_PAGE)
        world.passes("5m")
        received = Received(id=mint(), source="x", source_type="generic", received_at=1.0, body=BYTES, unreadable="no")
        with redis.pipeline() as pipe:
            queue_commands(pipe, [received], world.clock.now())
            pipe.execute()
        yield world


def everything(redis: Redis) -> dict[bytes, Any]:
    """Every key that lasts, with its value as Redis would move it, and whether it ends."""
    names = sorted(name for pattern in (*keys.LASTING, *keys.MARKS) for name in redis.scan_iter(match=pattern))
    return {name: (redis.dump(name), redis.pexpiretime(name)) for name in names}


def test_what_is_restored_is_what_was_there(world: World, redis: Redis, tmp_path: Path) -> None:
    """Key by key and byte by byte, with the time each ends; it fits any empty Redis."""
    before = everything(redis)
    written = backup.write(redis, tmp_path / "a")
    redis.flushall()
    assert backup.restore(redis, tmp_path / "a") == written
    assert everything(redis) == before
    assert (written.keys, written.incidents) == (len(before), 2)


def test_what_was_promised_is_kept_after_a_restore(world: World, redis: Redis, tmp_path: Path) -> None:
    """The lead is told in time, or at once where it is later by now; the auditor finds nothing to mend."""
    backup.write(redis, tmp_path / "a")
    redis.flushall()
    backup.restore(redis, tmp_path / "a")
    assert not audit(world.house).mended
    world.passes("11m")
    world.outside.heard_exactly([("pagerduty", "trigger"), ("slack", Reason.ESCALATED), ("mail", Reason.ESCALATED)])
    open_ = world.house.store.incidents()[0]
    assert world.asks(Acknowledge(by="ana", via="cli"), open_).state is State.ACKNOWLEDGED
    world.outside.heard.clear()


def test_what_happens_while_it_is_written_is_in_it_twice_rather_than_not_at_all(
    world: World, redis: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event that is dealt with just between the reading of promises and of incidents opens one incident."""
    world.hears("outage", key="api", work=False)
    read = backup._read

    def slowly(redis: Redis, names: list[bytes]) -> Any:
        if any(name.startswith(keys.signal("").encode()[:14]) for name in names):
            world.works()
        return read(redis, names)

    monkeypatch.setattr(backup, "_read", slowly)
    backup.write(redis, tmp_path / "a")
    world.outside.heard_exactly(P1_PAGE)
    redis.flushall()
    backup.restore(redis, tmp_path / "a")
    world.works()
    assert len(world.incidents) == 3
    assert sorted(one.count for one in world.incidents) == [1, 1, 1]
    assert not redis.zcard(keys.PARKED)
    world.outside.heard.clear()


def test_nothing_is_overwritten_unasked(world: World, redis: Redis, tmp_path: Path) -> None:
    """A Redis with something in it is refused; forced, it holds afterwards what the file holds and nothing else."""
    before = everything(redis)
    backup.write(redis, tmp_path / "a")
    world.hears("minor", key="new")
    world.outside.heard.clear()
    with pytest.raises(backup.Refused, match="not empty"):
        backup.restore(redis, tmp_path / "a")
    assert len(everything(redis)) > len(before)
    backup.restore(redis, tmp_path / "a", force=True)
    assert everything(redis) == before


def test_nothing_is_restored_under_running_workers(world: World, redis: Redis, tmp_path: Path) -> None:
    """They would act on what is half there."""
    backup.write(redis, tmp_path / "a")
    beats.beat(redis, "calm:somewhere:1")
    with pytest.raises(backup.Refused, match="workers are running"):
        backup.restore(redis, tmp_path / "a", force=True)


def _cut(raw: bytes) -> bytes:
    return raw[: len(raw) // 2]


def _flipped(raw: bytes) -> bytes:
    return gzip.compress(gzip.decompress(raw).replace(b"web is down", b"web is down?", 1))


def _unended(raw: bytes) -> bytes:
    return gzip.compress(b"\n".join(gzip.decompress(raw).splitlines()[:-1]) + b"\n")


def _other(_raw: bytes) -> bytes:
    return gzip.compress(b'{"some": "json"}\n')


@pytest.mark.parametrize("harm", [_cut, _flipped, _unended, _other, lambda _: b"", lambda _: b"plain text"])
def test_a_broken_file_changes_nothing(world: World, redis: Redis, tmp_path: Path, harm: Any) -> None:
    """Cut short, altered, or something else: it is read to its end before anything is touched."""
    file = tmp_path / "a"
    backup.write(redis, file)
    file.write_bytes(harm(file.read_bytes()))
    before = everything(redis)
    with pytest.raises(backup.Refused):
        backup.restore(redis, file, force=True)
    assert everything(redis) == before


def test_a_backup_of_a_later_release_is_refused(redis: Redis, tmp_path: Path) -> None:
    """It says so by its head, whatever is in it."""
    head = {"tocsin": "backup", "format": 1, "version": VERSION + 1, "at": 0}
    (tmp_path / "a").write_bytes(gzip.compress(orjson.dumps(head) + b"\n"))
    with pytest.raises(NewerRecord):
        backup.restore(redis, tmp_path / "a")


def test_a_backup_that_fails_leaves_the_one_before(
    world: World, redis: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only its owner may read it, and it takes its name when it is whole."""
    file = tmp_path / "a"
    backup.write(redis, file)
    assert file.stat().st_mode & 0o777 == 0o600
    good = file.read_bytes()

    def fails(*_: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup, "_read", fails)
    with pytest.raises(OSError, match="No space"):
        backup.write(redis, file)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert file.read_bytes() == good


def told(*words: str) -> Result:
    """What the command answers."""
    return CliRunner().invoke(main, list(words))


def test_the_commands_say_what_they_did(
    world: World, redis: Redis, valkey: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was written, what stands in the way and how to go on; exit codes as everywhere."""
    monkeypatch.setenv("REDIS_URL", valkey)
    file = str(tmp_path / "a")
    written = told("backup", file)
    assert written.exit_code == 0, written.output
    assert "2 incidents" in written.stdout
    refused = told("restore", file)
    assert (refused.exit_code, "--force" in refused.stderr) == (1, True)
    assert told("restore", "--check", file).exit_code == 0
    answer = told("restore", "--force", "-o", "json", file)
    assert orjson.loads(answer.stdout)["incidents"] == 2
    assert told("backup", str(tmp_path / "no" / "such")).exit_code == 1
    monkeypatch.setenv("REDIS_URL", "unix:///nowhere")
    assert told("backup", file).exit_code == 3


def test_without_a_redis_of_its_own_it_is_the_one_of_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing runs: the embedded server is started for as long as that takes."""
    monkeypatch.delenv("REDIS_URL", raising=False)
    monkeypatch.setenv("TOCSIN_DATA", str(tmp_path / "data"))
    written = told("backup", str(tmp_path / "a"))
    assert written.exit_code == 0, written.output
    assert told("restore", str(tmp_path / "a")).exit_code == 0
