"""One integration, one place: the table, the modules, the samples and the docs tell of the same sources."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import router.sources
from router.sources import TYPES
from router.sources.contract import Delivery
from router.sources.samples import FOLDER, samples
from tests.sources.hearing import NOW, delivery

HERE = Path(router.sources.__file__).parent
SHARED = {"__init__", "contract", "forms", "reading", "signatures", "samples"}
DOCS = HERE.parents[1] / "docs" / "sources.md"


def test_every_module_is_in_the_table():
    """A source that is forgotten in the table, or stands there under another name, is found here."""
    modules = {path.stem for path in HERE.glob("*.py")} | {path.parent.name for path in HERE.glob("*/__init__.py")}
    assert modules - SHARED == set(TYPES)
    assert all(source.name == name for name, source in TYPES.items())


def test_every_source_has_samples():
    """`tocsin send` has something of every type to send, and no folder is left over."""
    assert {path.name for path in FOLDER.iterdir() if path.is_dir() and path.name != "__pycache__"} == set(TYPES)


def test_every_source_has_a_row_in_the_docs():
    """A row per type, none too many."""
    assert set(re.findall(r"^\| `([a-z]+)` \|", DOCS.read_text(), re.MULTILINE)) == set(TYPES)


@pytest.mark.parametrize("name", sorted(TYPES))
def test_samples_are_read(name):
    """Every sample is readable, in a method its source accepts, and every kind begins with the type's name."""
    source = TYPES[name]
    for sample in samples(name):
        assert sample.method in source.methods
        events = source.parse(delivery(sample), source.options())
        assert events
        assert all(event.kind.startswith(f"{name}.") for event in events)
        assert not source.kinds or {event.kind for event in events} <= source.kinds


@pytest.mark.parametrize("name", sorted(name for name, source in TYPES.items() if source.sign))
def test_what_we_sign_we_accept(name):
    """`tocsin send` signs as the sender would: its own verification must agree, for an empty body too."""
    source, options = TYPES[name], TYPES[name].options()
    assert source.sign
    assert source.verify
    for body in [b"", *(sample.body for sample in samples(name))]:
        headers = {key.lower(): value for key, value in source.sign(body, b"c2VjcmV0", NOW, options).items()}
        source.verify(Delivery(received_at=NOW, headers=headers, body=body), [b"c2VjcmV0"], NOW, options)


MARKED = re.compile(r"`[^`]*`|\*\*[^*]*\*\*")


@pytest.mark.parametrize("name", sorted(TYPES))
def test_set_up_notes_can_be_followed(name):
    """Every source says step by step what to do and which address to paste, in lines whose marks are closed."""
    setup = TYPES[name].setup
    assert setup.steps
    whole = setup.at("https://tocsin.example.com/hooks/x")
    lines = (*whole.steps, *whole.notes)
    assert "https://tocsin.example.com/hooks/x" in "\n".join((*lines, whole.example))
    assert "{url}" not in "\n".join((*lines, whole.example))
    assert not [line for line in lines if "\n" in line or not line.rstrip(")").endswith((".", "`", ":"))]
    assert not [line for line in lines if "`" in MARKED.sub("", line) or "**" in MARKED.sub("", line)]


def test_the_docs_leave_set_up_to_the_modules():
    """One truth: docs/sources.md says where the steps are read, and repeats none of them."""
    docs = DOCS.read_text()
    assert "tocsin sources show NAME" in docs
    assert not [step for source in TYPES.values() for step in source.setup.steps if step in docs]
