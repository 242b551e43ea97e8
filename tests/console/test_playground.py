"""The playground: a body judged by the rules and by an edit of them; nothing is kept, nobody is told."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from redis import Redis

from router.console import playground
from tests.console.conftest import Console, said
from tests.receiver.ear import DOWN, RULES
from workers.rulebook import edition

HOSTILE = "<img src=x onerror='alert(1)'>"
BODY = orjson.dumps(DOWN).decode()


@pytest.fixture
def desk(console: Console, tmp_path: Path) -> Console:
    """The rules are in force from a folder."""
    (tmp_path / "rules.yaml").write_text(RULES, encoding="utf-8")
    (tmp_path / "runbooks").mkdir()
    (tmp_path / "runbooks" / "site-down.md").write_text("# The site is down\n", encoding="utf-8")
    console.rules = tmp_path
    reload = console.context(None).reload
    assert reload is not None
    reload.propose("a test")
    return console


def everything(redis: Redis) -> set[object]:
    """What Redis holds, by name; what counts is left aside."""
    return {key for key in redis.keys("*") if b":count:" not in key}  # type: ignore[union-attr]


def test_a_body_is_read_and_the_rule_that_decides_lights_up(desk: Console) -> None:
    """With the severity, and who would be told when."""
    before = everything(desk.redis)
    answer = desk.press("/playground", {"source": "kuma", "body": BODY})
    assert answer.status_code == 200
    words = said(answer)
    assert "by the site is down" in words
    assert "T+15m lead (maria) slack" in words
    assert 'class="lit"' in answer.text
    assert everything(desk.redis) == before


def test_an_edit_is_judged_beside_what_is_in_force(desk: Console) -> None:
    """What it changes is said in sentences and line by line; what is in force stays."""
    version = edition.version(desk.redis)
    text = RULES.replace("{severity: P1, runbook: site-down}", "{severity: P3}")
    answer = desk.press("/playground", {"source": "kuma", "body": BODY, "file": "rules.yaml", "text": text})
    words = said(answer)
    assert "P1 → P3." in words
    assert "No longer: lead (maria) is told at T+15m through slack." in words
    assert "Edited" in words
    assert '<span class="cut">-  - {name: the site is down' in answer.text
    assert edition.version(desk.redis) == version


def test_an_edit_that_is_the_same_changes_nothing(desk: Console) -> None:
    """Browsers send other ends of lines: that is no edit."""
    text = RULES.replace("\n", "\r\n")
    words = said(desk.press("/playground", {"source": "kuma", "body": BODY, "file": "rules.yaml", "text": text}))
    assert "What the edit changes" not in words


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("then: {severity: P3}", "then: {severty: P3}", "did you mean severity?"),
        ("rules:\n", "rules: [\n", "rules.yaml:"),
        ("everything else", "&a [*a, *a]", "rules.yaml:"),
        ("everything else", HOSTILE * 3 + ": [", "rules.yaml:"),
    ],
)
def test_an_edit_that_cannot_be_used_is_told_with_its_places(desk: Console, old: str, new: str, says: str) -> None:
    """As `tocsin check` tells it; the rules in force have judged all the same."""
    form = {"source": "kuma", "body": BODY, "file": "rules.yaml", "text": RULES.replace(old, new)}
    answer = desk.press("/playground", form)
    words = said(answer)
    assert "The edit cannot be used" in words
    assert says in words
    assert "by the site is down" in words
    assert "<img src=x" not in answer.text


@pytest.mark.parametrize("body", ["", "{", HOSTILE, "\x00", "[" * 5000])
def test_no_body_breaks_the_page(desk: Console, body: str) -> None:
    """It says that it cannot be read, and what would become of it."""
    answer = desk.press("/playground", {"source": "kuma", "body": body})
    assert answer.status_code == 200
    assert "It cannot be read" in said(answer)
    assert "<img src=x" not in answer.text


@pytest.mark.parametrize(
    ("form", "status", "says"),
    [
        ({"source": "nobody", "body": "{}"}, 422, "choose a source"),
        ({}, 422, "choose a source"),
        ({"source": "kuma", "body": "x" * (playground.BODY + 1)}, 413, "larger than 1 MiB"),
        ({"source": "kuma", "body": "{}", "text": "x" * (playground.TEXT + 1)}, 413, "larger than 512 KiB"),
    ],
)
def test_what_is_too_much_is_told(desk: Console, form: dict[str, str], status: int, says: str) -> None:
    """Before anything is worked out."""
    answer = desk.press("/playground", form)
    assert (answer.status_code, says in said(answer)) == (status, True)


def test_not_more_are_judged_at_once_than_there_are_seats(desk: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes then is asked to press again; nothing waits in a queue."""
    monkeypatch.setattr(playground, "AT_ONCE", 0)
    answer = desk.press("/playground", {"source": "kuma", "body": BODY})
    assert (answer.status_code, "press again" in said(answer)) == (503, True)


def test_a_delivery_that_came_in_can_be_laid_on_the_desk(desk: Console) -> None:
    """With its source chosen."""
    desk.is_down()
    page = desk.get("/playground")
    delivery = page.text.partition('<option value="')[2].partition('"')[0]
    laid = desk.get(f"/playground?delivery={delivery}")
    assert "timeout" in said(laid)
    assert "<option selected>kuma" in laid.text
    assert desk.get("/playground?delivery=nothing").status_code == 404
