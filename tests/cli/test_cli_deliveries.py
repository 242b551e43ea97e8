"""`tocsin deliveries`: the inbox as a person at a terminal sees it."""

from __future__ import annotations

import json
import time

import pytest

from tests.cli.pretended import NOW, Tocsin, tell

EVENT = {
    "kind": "generic.event",
    "action": "trigger",
    "summary": "Shop is \x1b[31mdown",
    "severity": "P1",
    "rule": "the site is down",
}
ONE = {
    "id": "01ABC", "source": "kuma", "type": "generic", "received_at": NOW - 120, "method": "POST", "size": 2048,
    "unreadable": None, "events": [EVENT, EVENT],
}  # fmt: skip
BAD = {**ONE, "id": "01BAD", "unreadable": "no JSON", "events": [], "size": 7}
WHOLE = {**ONE, "query": "a=b", "headers": {"user-agent": "kuma/2"}, "body": '{"a":"\\u001b[31m"}', "judged": []}


def test_the_list_says_what_each_was_read_as(tocsin: Tocsin) -> None:
    """How long ago, how large, by which rule; what nobody could read says so."""
    lately = ONE | {"received_at": time.time() - 120}
    tocsin.says["/api/deliveries?limit=50"] = (200, {"deliveries": [lately, BAD], "bytes": 1})
    said = tell("deliveries", "list").output
    assert "01ABC  2m ago  kuma    2.0 KiB  trigger P1 by «the site is down»: Shop is [31mdown (and 1 more)" in said
    assert "unreadable: no JSON" in said
    assert "tocsin deliveries show ID" in said
    assert "\x1b" not in said


def test_questions_reach_the_api(tocsin: Tocsin) -> None:
    """Every option becomes part of the question; a duration becomes a moment."""
    options = ["--source", "kuma", "--incident", "7F3A", "--unreadable", "--since", "1h", "--limit", "9"]
    tell("deliveries", "list", *options)
    path = tocsin.asked[-1][1]
    assert "source=kuma&since=17" in path
    assert "incident=7F3A&limit=9&unreadable=true" in path


def test_an_empty_inbox_is_said(tocsin: Tocsin) -> None:
    """Not an empty table."""
    tocsin.says["/api/deliveries?limit=50"] = (200, {"deliveries": [], "bytes": 0})
    assert tell("deliveries", "list").output == "The inbox has no such delivery.\n"


def test_one_is_shown_with_its_body_to_read(tocsin: Tocsin) -> None:
    """Indented JSON for a person, the bare body for a pipe, all of it for a program."""
    tocsin.says["/api/deliveries/01ABC"] = (200, WHOLE)
    said = tell("deliveries", "show", "01abc").output
    assert "01ABC · kuma (generic)" in said
    assert "UTC by POST, 2.0 KiB" in said
    assert "user-agent: kuma/2" in said
    assert "\x1b" not in said
    assert tell("deliveries", "show", "01ABC", "--body").output == WHOLE["body"]
    assert json.loads(tell("deliveries", "show", "01ABC", "-o", "json").output) == WHOLE


def test_it_is_handed_in_again(tocsin: Tocsin) -> None:
    """And the new delivery is named."""
    tocsin.says["/api/deliveries/01ABC/redeliver"] = (202, {"delivery": "01NEW", "redelivered": "01ABC"})
    assert tell("deliveries", "redeliver", "01ABC").output.startswith("Delivered again as 01NEW.")


def test_what_cannot_be_undone_asks_first(tocsin: Tocsin) -> None:
    """`--yes` for scripts; one delivery by its id is meant."""
    tocsin.says["/api/deliveries/purge"] = (200, {"purged": 2})
    refused = tell("deliveries", "purge", "--source", "kuma")
    assert (refused.exit_code, tocsin.asked) == (1, [])
    assert tell("deliveries", "purge", "--source", "kuma", "--yes").output == "2 deliveries forgotten.\n"
    assert tocsin.asked[-1][2] == {"source": "kuma"}
    tell("deliveries", "purge", "01abc")
    assert tocsin.asked[-1][2] == {"id": "01ABC"}


@pytest.mark.parametrize(
    "words", [["purge"], ["purge", "01A", "--source", "x"], ["show", ""], ["list", "--since", "x"]]
)
def test_asked_wrongly_is_exit_code_2(tocsin: Tocsin, words: list[str]) -> None:
    """With what to do instead."""
    said = tell("deliveries", *words)
    assert (said.exit_code, tocsin.asked) == (2, [])
