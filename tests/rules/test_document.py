"""YAML texts, hostile ones too, to plain data: nothing is guessed, and nothing ends the process."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from rules.reading.document import read
from rules.reading.load import Wrong, load


def data(text: str) -> dict[str, object]:
    """The data of a text without problems."""
    document = read({"rules.yaml": text})
    assert document.problems == []
    return document.data


@pytest.mark.parametrize(
    "word", ["no", "on", "yes", "off", "12:30", "1e3", "0777", "1_000", "2026-01-01", "true", "=", "Null!"]
)
def test_a_word_stays_the_word_that_was_written(word: str) -> None:
    """Norway is no switch, half past twelve no number."""
    assert data(f"a: {word}") == {"a": word}


@pytest.mark.parametrize("nothing", ["", "~", "null"])
def test_nothing_is_nothing_unless_quoted(nothing: str) -> None:
    """An empty value is None; the same in quotes is text."""
    assert data(f"a: {nothing}\nb: '{nothing}'") == {"a": None, "b": nothing}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: " + "[" * 100_000, "nested deeper than 50 levels"),
        ("- " * 100_000, "nested deeper than 50 levels"),
        ("".join(" " * level + "a:\n" for level in range(300)), "nested deeper than 50 levels"),
        ("a: 1\x00", "a character that no text has: U+0000 (remove it)"),
        ("\ufeffa: 1", "the file begins with a byte order mark (save it as UTF-8 without one)"),
        ("a: \ud800", "a character that no text has: U+D800 (remove it)"),
        ("a: 1\n---\nb: 2", "a second document begins here (remove the '---')"),
        ("- a", "the file must be a map of keys, like 'rules:' or 'people:'"),
        ("? [a]\n: b", "a key must be plain text"),
        ("a: " + "x" * (4 * 1024 * 1024), "the file is larger than 4 MiB"),
        (
            "a: &x [b]\nc: [*x, *x]",
            "anchors and aliases (&name, *name) are not read here (write it out, or quote the text)",
        ),
        ("a: @home", "text cannot begin with @ (put it in quotes)"),
        ("a: [" + "b, " * 400_000 + "]", "more than 400000 values in the files together (rules have far fewer)"),
        ("a: 1\n" + "a: 1\n" * 400_000, "more than 400000 values in the files together (rules have far fewer)"),
        ("a: \x1b[2J", "a character that no text has: U+001B (remove it)"),
        (
            "<<: {a: 1}\n<<: *x",
            "anchors and aliases (&name, *name) are not read here (write it out, or quote the text)",
        ),
        ("a: !!python/object/apply:os.system [ls]", "tags (!name) are not read here (remove it, or quote the text)"),
        ("%YAML 9.9\n---\na: 1", "found incompatible YAML document"),
        ("a:\n\tb: 1", "a tab in the indentation (YAML wants spaces)"),
        ("a: b: c", "a ':' where no value can begin (indent evenly, and quote text that contains ': ')"),
    ],
    ids=lambda value: value[:12] if isinstance(value, str) else None,
)
def test_what_cannot_be_read_is_said_plainly(text: str, message: str) -> None:
    """One message each, and the process lives."""
    document = read({"rules.yaml": text})
    assert [str(problem).split(": ", 1)[1] for problem in document.problems][-1:] == [message]
    assert not document.whole


@given(st.text())
def test_any_text_is_a_ruleset_or_wrong(text: str) -> None:
    """Whatever stands in the file, `load` raises `Wrong` with a place in the file, and nothing else."""
    with pytest.raises(Wrong) as wrong:
        load({"rules.yaml": text})
    assert all(problem.line >= 1 and problem.column >= 1 and problem.message for problem in wrong.value.problems)


_VALUES = st.recursive(
    st.none() | st.text(max_size=8) | st.sampled_from(["P1", "${env:X}", "15m", "true", "slack"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["when", "then", "any", "not", "source", "severity", "labels", "type", "x"]), inner
        )
    ),
    max_leaves=12,
)
_TOP = ["severities", "escalation", "roles", "people", "teams", "schedules", "sources", "channels", "rules", "other"]


@given(st.dictionaries(st.sampled_from(_TOP), _VALUES))
def test_any_shape_under_the_right_keys_is_a_ruleset_or_wrong(shape: dict[str, object]) -> None:
    """Lists for maps, maps for lists, nothing for something: always messages, never another exception."""
    with pytest.raises(Wrong) as wrong:
        load({"rules.yaml": yaml.safe_dump(shape)}, source_options={}, channel_options={}, runbooks={})
    assert wrong.value.problems


@given(
    st.recursive(
        st.text(max_size=5), lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=5), inner), max_leaves=20
    )
)
def test_reading_gives_back_what_was_written(value: object) -> None:
    """Text, lists and maps survive the way through YAML, and every value has its place."""
    document = read({"rules.yaml": yaml.safe_dump({"top": value}, default_style='"', allow_unicode=False)})
    assert document.problems == []
    assert document.data == {"top": value}
    assert document.place(("top",), key=True) == ("rules.yaml", 1, 1)
