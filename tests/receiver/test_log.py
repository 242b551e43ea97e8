"""The log: one line per happening, readable by a machine, harmless on a terminal, without secrets."""

from __future__ import annotations

import errno
import io
import json
import logging
from collections.abc import Iterator

import pytest

from tests.receiver.ear import DOWN, KUMA, TOKEN, Ear
from workers import log


@pytest.fixture(autouse=True)
def put_back() -> Iterator[None]:
    """The tests of others keep their own log."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_delivery_is_one_line(ear: Ear, capsys: pytest.CaptureFixture[str]) -> None:
    """Id, source, outcome, kind, rule, milliseconds; no token and none of the sender's words."""
    log.configure("json")
    delivery = ear.post(KUMA, DOWN).json()["delivery"]
    written = capsys.readouterr().err
    (line,) = [json.loads(one) for one in written.splitlines() if '"delivery"' in one]
    assert (line["id"], line["source"], line["outcome"]) == (delivery, "kuma", "kept")
    assert (line["kind"], line["rule"]) == ("uptimekuma.down", "the site is down")
    assert line["ms"] >= 0
    assert TOKEN not in written
    assert "timeout" not in written


class _Full(io.StringIO):
    """A log file on a disk without room."""

    def write(self, _text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_log_that_cannot_be_written_refuses_no_delivery(ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk with the log on it is full: the line is lost, the delivery is kept and answered as ever."""
    log.configure("json")
    monkeypatch.setattr("sys.stderr", _Full())
    assert ear.post(KUMA, DOWN).status_code == 202


@pytest.mark.parametrize("form", ["json", "console"])
def test_no_control_character_reaches_the_terminal(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither a colour nor a new line of a sender's own."""
    log.configure(form)  # type: ignore[arg-type]
    log.get("test").info("said", words="a\x1b[2J\x9b\u2028\u202eb")
    written = capsys.readouterr().err
    assert written.count("\n") == 1
    assert written.rstrip("\n").isprintable()


def test_lines_of_other_libraries_take_the_same_way(capsys: pytest.CaptureFixture[str]) -> None:
    """With the tokens cut out of the paths they mention."""
    log.configure("json")
    logging.getLogger("uvicorn.error").error("GET /hooks/kuma/%s and /a/%s", TOKEN, "eyJ.sig")
    logging.getLogger("rq.worker").info("redis://:%s@host:6379/0", "hunter2")
    lines = [json.loads(one) for one in capsys.readouterr().err.splitlines()]
    assert [one["level"] for one in lines] == ["error", "info"]
    assert lines[0]["event"] == "GET /hooks/kuma/… and /a/…"
    assert lines[1]["event"] == "redis://…@host:6379/0"


def test_an_exception_is_told_without_tokens(capsys: pytest.CaptureFixture[str]) -> None:
    """One line, traceback included."""
    log.configure("json")
    try:
        int(f"/hooks/kuma/{TOKEN}")
    except ValueError:
        log.get("test").exception("failed")
    (line,) = capsys.readouterr().err.splitlines()
    assert "ValueError" in json.loads(line)["exception"]
    assert TOKEN not in line
