"""`tocsin replay` over what hostile senders, other rules and other releases have left in the inbox."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.kept import HOUR, NOW, Kept
from tests.cli.test_cli_replay import OLD, found, kept, own, rules, tell
from workers import keys

__all__ = ["kept"]

HOSTILE = {
    "deep": b"[" * 200_000 + b"]" * 200_000,
    "deep map": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "large": json.dumps({"title": "x" * 10_000_000}).encode(),
    "many": json.dumps([{"title": f"job {number}"} for number in range(20_000)]).encode(),
    "a number": b'{"title": ' + b"9" * 100_000 + b"}",
    "noise": bytes(range(256)) * 4000,
    "nothing": b"",
    "surrogates": b'{"title": "\\ud800 is down", "\\u0000": "\\u202e"}',
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_hostile_bodies_are_heard_again_as_they_were_heard(kept: Kept, tmp_path: Path, body: bytes) -> None:
    """Whatever it is: by the same rules it comes to the same, and what came after it is heard too."""
    kept.hears("own", body, NOW - 5 * HOUR)
    kept.hears("bugs", body, NOW - 4 * HOUR)
    kept.hears("own", own("job"), NOW - 3 * HOUR)
    answer = found(0, rules(tmp_path, "new", OLD + "# a remark\n"))
    assert answer["deliveries"] == 3
    assert answer["incidents"]["before"] == answer["incidents"]["now"] >= 2


def test_a_source_that_is_another_sender_by_the_new_rules_is_told_as_they_would(kept: Kept, tmp_path: Path) -> None:
    """Its bodies cannot be read then: each is a P3 of Tocsin's own, as in production. What it lacks is counted."""
    kept.hears("bugs", b"{}", NOW - 6 * HOUR)
    kept.hears("own", own("job"), NOW - 5 * HOUR)
    kept.hears("other", own("other job"), NOW - 4 * HOUR)
    new = OLD.replace("own: {type: generic,", "own: {type: sentry,").replace(
        ', other: {type: generic, token: "${env:T}"}', ""
    )
    said = tell(rules(tmp_path, "new", new.replace('token: "${env:T}", redact: [user]', 'secret: "${env:T}"')))
    assert said.exit_code == 1, said.output
    assert "1 delivery of other not heard: the new rules lack it." in said.output
    assert "each raised as a P3 as always: 1 before, 2 now." in said.output


def test_what_another_release_has_written_is_left_out(kept: Kept, tmp_path: Path) -> None:
    """A record of a later one, half of one, and one of before records had a number: the rest is heard."""
    later, half, old = (kept.hears("own", own(name), NOW - 5 * HOUR) for name in ("later", "half", "old"))
    kept.hears("own", own("job"), NOW - 4 * HOUR)
    for name, change in (
        (later, lambda record: record.replace(b'"v":1', b'"v":9', 1)),
        (half, lambda record: record[: len(record) // 3]),
        (old, lambda record: record.replace(b'"v":1', b'"w":1', 1)),
    ):
        record: Any = kept.redis.get(keys.delivery(name))
        kept.redis.set(keys.delivery(name), change(record))
    assert found(0, rules(tmp_path, "new", OLD))["deliveries"] == 2


def test_a_folder_in_which_nobody_keeps_anything_is_no_empty_inbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever forgot REDIS_URL must not read that nothing would be different; and nothing is begun there."""
    monkeypatch.delenv("REDIS_URL", raising=False)
    monkeypatch.setenv("TOCSIN_DATA", str(tmp_path / "data"))
    said = tell(rules(tmp_path, "new", OLD))
    assert said.exit_code == 3
    assert "no Tocsin has kept anything in" in said.output
    assert "Set REDIS_URL" in said.output
    assert not (tmp_path / "data").exists()
