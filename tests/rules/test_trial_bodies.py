"""Bodies as a test writes them, and what is different in a sample."""

from __future__ import annotations

from typing import Any

import pytest

from rules.reading.document import read
from rules.trial.bodies import Bare, as_json, filled_in, overlaid, written

SAMPLE: dict[str, Any] = {
    "id": "evt_1",
    "monitor": "790",
    "data": {"object": {"amount": 4250, "live": False, "a.b": 1}},
    "alerts": [{"labels": {"host": "db1"}}, {"labels": {"host": "db2"}}],
}


def body(text: str) -> Any:
    """What stands under `body:` in YAML."""
    return written(read({"a.test.yaml": f"body: {text}"}), ("body",))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{a: 1, b: 1.5, c: true, d: null}", {"a": 1, "b": 1.5, "c": True, "d": None}),
        ("{e: '1', f: no, g: 12:30}", {"e": "1", "f": "no", "g": "12:30"}),
        ("[1, 'true', 2026-03-02]", [1, "true", "2026-03-02"]),
        ("[01, +1, .5, 1e3, NaN, Infinity]", ["01", "+1", ".5", 1000.0, "NaN", "Infinity"]),
        ("{a: {b: [{c: 7}]}}", {"a": {"b": [{"c": 7}]}}),
    ],
)  # fmt: skip
def test_a_scalar_without_quotes_is_what_json_would_take_it_for(text: str, value: object) -> None:
    """A number, true, false or null; in quotes it is text, and so is everything that JSON has no word for."""
    assert as_json(body(text)) == value


def test_a_block_of_text_stays_text() -> None:
    """`body: |` is for whoever has the JSON at hand."""
    found = body('|\n  {"a": 1}\n')
    assert (found, isinstance(found, Bare)) == ('{"a": 1}\n', False)


@pytest.mark.parametrize(
    ("changes", "path", "value"),
    [
        ({"id": Bare("7")}, ["id"], "7"),
        ({"data.object.amount": Bare("7")}, ["data", "object", "amount"], 7),
        ({"data.object.amount": "7"}, ["data", "object", "amount"], "7"),
        ({"data.object.live": Bare("true")}, ["data", "object", "live"], True),
        ({"data": {"object": {"new": Bare("1")}}}, ["data", "object", "new"], 1),
        ({"data.object.new": Bare("x")}, ["data", "object", "new"], "x"),
        ({"data.object": {"a.b": Bare("2")}}, ["data", "object", "a.b"], 2),
        ({"alerts.1.labels.host": Bare("db9")}, ["alerts", 1, "labels", "host"], "db9"),
        ({"alerts": ["x"]}, ["alerts"], ["x"]),
    ],
)
def test_one_thing_of_a_sample_is_changed_and_nothing_else(
    changes: dict[str, Any], path: list[str | int], value: object
) -> None:
    """By a key, a path with dots, or a map; a bare word in the place of text stays text."""
    found = overlaid(SAMPLE, changes)
    inner: Any = found
    for part in path:
        inner = inner[part]
    assert inner == value
    assert type(inner) is type(value)
    assert SAMPLE["data"]["object"] == {"amount": 4250, "live": False, "a.b": 1}
    assert {key for key in SAMPLE if found[key] != SAMPLE[key]} <= {str(path[0])}


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("dta.object", "there is no 'dta' in it (did you mean data?)"),
        ("alerts.2.labels", "'2' is no position in a list of 2; the first is 0"),
        ("id.x", "there is nothing below 'x' to change"),
    ],
)
def test_a_path_that_leads_nowhere_is_told(key: str, said: str) -> None:
    """A misspelt path would change nothing, and the test would be green for another reason."""
    with pytest.raises(ValueError) as found:  # noqa: PT011 the whole message is looked at
        overlaid(SAMPLE, {key: "x"})
    assert str(found.value) == said


def test_words_are_filled_in_wherever_they_stand() -> None:
    """In maps and lists, in quotes or without; bare words stay bare, and what only looks like one is left."""
    words = {"<n>": "3", "<incident>": "I1"}
    found = filled_in({"a": [Bare("<n>"), "pi_<n>"], "b": "tocsin-<incident>-x", "c": "<N>"}, words)
    assert found == {"a": ["3", "pi_3"], "b": "tocsin-I1-x", "c": "<N>"}
    assert as_json(found)["a"] == [3, "pi_3"]
