"""How well the sources understand real bodies collected from public places; the collection is not part of the project.

A body counts as understood when its action, dedup keys, title and address are all right. `expectations.csv` says what
is right; a key there is a description, so keys are compared by what they tell apart, not by their spelling.
"""

from __future__ import annotations

import csv
import html
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote_plus

import orjson
import pytest

from router.sources import TYPES
from router.sources.contract import Delivery
from rules.event import Event

PAYLOADS = Path(__file__).parents[2] / "shared" / "payloads"
ENOUGH = 0.95
Row = dict[str, str]


def _rows(source: str) -> list[Row]:
    with (PAYLOADS / "expectations.csv").open(newline="") as lines:
        return [row for row in csv.DictReader(lines) if row["source"] == source]


def _delivery(path: Path) -> Delivery:
    beside = path.with_name(path.stem + ".headers.json")
    headers = orjson.loads(beside.read_bytes()) if beside.is_file() else {"content-type": "application/json"}
    received = {"received_at": 1.7e9, "headers": {name.lower(): value for name, value in headers.items()}}
    if path.suffix in (".query", ".form"):
        return Delivery(method="GET", query=path.read_text().strip(), **received)
    return Delivery(body=path.read_bytes(), **received)


def _heard(row: Row) -> tuple[Delivery, list[Event]]:
    delivery = _delivery(PAYLOADS / row["file"])
    source = TYPES[row["source"]]
    return delivery, source.parse(delivery, source.options())


def _action_is_right(row: Row, events: list[Event]) -> bool:
    """In a body of several events the last one is the present state."""
    return events[-1].action in {row["status"], *row["also_acceptable"].split("|")}


def _title_is_right(row: Row, events: list[Event]) -> bool:
    """At least four of five expected words are there, and at least half of what is there was expected."""
    wanted = _words(re.sub(r"\[.*?\]|\(x[0-9]+\)", "", row["title"]))
    return any(
        len(wanted & said) >= 0.8 * len(wanted) and len(wanted & said) >= 0.5 * len(said)
        for said in (_words(event.summary) for event in events)
    )


def _words(title: str) -> set[str]:
    return set(re.findall(r"[\w.]*\w", title.lower()))


def _url_is_right(row: Row, delivery: Delivery, events: list[Event]) -> bool:
    """The expected address; where none is expected, none that the body does not hold."""
    if row["url"]:
        return any(event.url == row["url"] for event in events)
    said = html.unescape(unquote_plus(delivery.query)) + delivery.body.decode().replace("\\/", "/")
    return all(event.url is None or event.url in said for event in events)


def _pairs(row: Row, events: list[Event]) -> Iterator[tuple[str, str]]:
    """An expected entity and the key it got, one by one where the body has as many keys as expected entities."""
    expected, keys = row["dedup_key"], list(dict.fromkeys(event.dedup_key for event in events))
    entities = [expected] if expected.startswith("none") else [part.strip() for part in expected.split(";")]
    if len(entities) == len(keys):
        yield from ((entity.removeprefix(f"{row['source']} "), key) for entity, key in zip(entities, keys, strict=True))
    elif not expected.startswith("none ("):
        yield expected, "\n".join(keys)


def _confused(heard: list[tuple[Row, list[Event]]]) -> set[str]:
    """The files whose key another entity has too, or whose entity has another key elsewhere."""
    told = [(row["file"], *pair) for row, events in heard for pair in _pairs(row, events)]
    return {
        file
        for file, entity, key in told
        for _, other_entity, other_key in told
        if (entity == other_entity) != (key == other_key)
    }


@pytest.mark.parametrize("source", sorted(TYPES))
def test_real_bodies_are_understood(source: str, capsys: pytest.CaptureFixture[str]) -> None:
    """At least 95 % of the collected bodies of every source say the right thing about the right entity."""
    if not PAYLOADS.is_dir():
        pytest.skip("NOT CHECKED AGAINST REAL BODIES: ../shared/payloads is not here")
    rows = _rows(source)
    if not rows:
        pytest.skip(f"no real body of {source} was collected")
    heard = [(row, *_heard(row)) for row in rows]
    confused = _confused([(row, events) for row, _, events in heard])
    wrong = [
        f"{row['file']}: {[(e.action.value, e.dedup_key, e.summary, e.url) for e in events]}"
        for row, delivery, events in heard
        if not (_action_is_right(row, events) and _title_is_right(row, events))
        or not _url_is_right(row, delivery, events)
        or row["file"] in confused
    ]
    score = 1 - len(wrong) / len(rows)
    with capsys.disabled():
        print(f"\n  {source}: {score:.0%} of {len(rows)} real bodies", end="")
    assert score >= ENOUGH, "\n".join(wrong)
