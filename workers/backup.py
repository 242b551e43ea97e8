"""Everything that lasts, in one file, and back: lines of JSON in gzip, one key each, between a head and a checksum.

The file is read and written key by key while Tocsin may be running, so it is no single instant. Promises are read
before what they are about: what happens meanwhile stands in the file twice rather than not at all, and intake,
ladder and auditor put up with that; a message may be sent a second time.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, cast

from redis import Redis

from rules.upcast import VERSION, NewerRecord
from workers import keys
from workers.clock import RedisClock
from workers.watch import beats

FORMAT = 1
AT_ONCE = 200
"""Keys in one round trip."""


class Refused(Exception):
    """Nothing was changed; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a file holds. `at` is when it was begun, Unix seconds."""

    keys: int
    incidents: int
    at: float


def write(redis: Redis, path: Path) -> Summary:
    """Write a backup: whole and synced at `path`, or not at all. It holds what senders sent; it is its owner's."""
    head = {"tocsin": "backup", "format": FORMAT, "version": VERSION, "at": RedisClock(redis).now()}
    digest, number = hashlib.sha256(), 0
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with unfinished.open("xb") as raw:
            unfinished.chmod(0o600)
            with gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=6, mtime=0) as file:
                for record in _whole(redis, head):
                    file.write(_line(record, digest))
                    number += 1
                file.write(_line({"keys": number - 1, "sha256": digest.hexdigest()}))
            raw.flush()
            os.fsync(raw.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return examine(path)


def _whole(redis: Redis, head: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield head
    for pattern in (*keys.LASTING, *keys.MARKS):
        # SCAN may name a key twice.
        for page in _pages(set(redis.scan_iter(match=pattern, count=1000))):
            yield from _read(redis, page)


def _line(record: dict[str, Any], digest: Any = None) -> bytes:
    line = json.dumps(record, separators=(",", ":")).encode() + b"\n"
    if digest is not None:
        digest.update(line)
    return line


_READ = {
    "string": lambda pipe, name: pipe.get(name),
    "hash": lambda pipe, name: pipe.hgetall(name),
    "list": lambda pipe, name: pipe.lrange(name, 0, -1),
    "zset": lambda pipe, name: pipe.zrange(name, 0, -1, withscores=True),
}


def _read(redis: Redis, names: list[bytes]) -> Iterator[dict[str, Any]]:
    pipe = redis.pipeline(transaction=False)
    for name in names:
        pipe.type(name)
    kinds = [kind.decode() for kind in pipe.execute()]
    known = [(name, kind) for name, kind in zip(names, kinds, strict=True) if kind in _READ]
    for name, kind in known:
        _READ[kind](pipe, name)
        pipe.pexpiretime(cast("Any", name))
    found = pipe.execute()
    for (name, kind), value, until in zip(known, found[::2], found[1::2], strict=True):
        if value is not None and until != -2:
            yield {"key": _text(name), "type": kind, "until": max(until, 0), "value": _plain(kind, value)}


def _plain(kind: str, value: Any) -> Any:
    """As JSON can say it. What is no UTF-8 becomes lone surrogates, and bytes again."""
    if kind == "string":
        return _text(value)
    if kind == "hash":
        return {_text(name): _text(one) for name, one in value.items()}
    return [_text(one) for one in value] if kind == "list" else [[_text(one), repr(score)] for one, score in value]


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def examine(path: Path) -> Summary:
    """Read a backup to its end. Raises Refused when it is none or is broken, NewerRecord, and OSError."""
    digest, number, incidents, at, last = hashlib.sha256(), -1, 0, 0.0, None
    for line in _lines(path):
        if last is not None:
            raise Refused("the file goes on after its end")
        record = _parsed(line)
        if number < 0:
            at = _examine_head(record)
        elif "sha256" in record:
            last = record
            continue
        digest.update(line)
        number += 1
        incidents += str(record.get("key", "")).startswith(keys.incident(""))
    if last is None or last != {"keys": number, "sha256": digest.hexdigest()}:
        raise Refused("the file is broken: it ends too early, or its checksum does not fit")
    return Summary(keys=number, incidents=incidents, at=at)


def _examine_head(record: dict[str, Any]) -> float:
    if record.get("tocsin") != "backup" or record.get("format") != FORMAT:
        raise Refused("this is no backup of Tocsin's that this release knows")
    if record["version"] > VERSION:
        raise NewerRecord(record["version"])
    return float(record["at"])


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with gzip.open(path, "rb") as file:
            yield from file
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise Refused("the file is broken, or is no backup") from None


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        raise Refused("the file is broken, or is no backup") from None
    return found if isinstance(found, dict) else {}


def restore(redis: Redis, path: Path, *, force: bool = False) -> Summary:
    """Put back what a backup holds. Raises Refused where something is there already, unless forced: then it goes first.

    The file is read to its end before anything is written. Raises NewerRecord and OSError too.
    """
    summary = examine(path)
    if beats.beating(redis):
        raise Refused("workers are running on this Redis; stop every Tocsin that uses it first")
    there, marks = _there(redis, keys.LASTING), _there(redis, keys.MARKS)
    if there and not force:
        raise Refused(f"this Redis is not empty: it holds {len(there)} keys of Tocsin's")
    for page in _pages([*there, *marks]):
        redis.unlink(*page)
    records = (record for record in map(_parsed, _lines(path)) if "key" in record)
    for page in _pages(records):
        pipe = redis.pipeline(transaction=False)
        for record in page:
            _put(pipe, record)
        pipe.execute()
    return summary


def _there(redis: Redis, patterns: Iterable[str]) -> list[bytes]:
    return [name for pattern in patterns for name in redis.scan_iter(match=pattern, count=1000)]


def _pages(those: Iterable[Any]) -> Iterator[list[Any]]:
    left = iter(those)
    while page := list(islice(left, AT_ONCE)):
        yield page


def _put(pipe: Any, record: dict[str, Any]) -> None:
    name, value = _raw(record["key"]), record["value"]
    if record["type"] == "string":
        pipe.set(name, _raw(value))
    elif record["type"] == "hash":
        pipe.hset(name, mapping={_raw(field): _raw(one) for field, one in value.items()})
    elif record["type"] == "list":
        pipe.rpush(name, *map(_raw, cast("list[str]", value)))
    else:
        pipe.zadd(name, {_raw(one): float(score) for one, score in value})
    if record["until"]:
        pipe.pexpireat(name, record["until"])
