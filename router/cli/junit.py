"""The outcome of `tocsin test` as JUnit XML, which every CI shows."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby
from xml.etree import ElementTree

from rules.trial.outcome import Outcome

_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(outcomes: Iterable[Outcome]) -> bytes:
    """One suite for each file, one case for each test; the differences are the text of its failure."""
    root = ElementTree.Element("testsuites", name="tocsin test")
    for file, group in groupby(outcomes, lambda one: one.trial.place.file):
        _suite(root, file, list(group))
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _suite(root: ElementTree.Element, file: str, outcomes: list[Outcome]) -> None:
    failures = sum(not one.green for one in outcomes)
    took = sum(one.seconds for one in outcomes)
    suite = ElementTree.SubElement(
        root, "testsuite", name=_text(file), tests=str(len(outcomes)), failures=str(failures), time=f"{took:.3f}"
    )
    for one in outcomes:
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname=_text(file.removesuffix(".test.yaml")),
            name=_text(one.trial.name),
            file=_text(file),
            line=str(one.trial.place.line),
            time=f"{one.seconds:.3f}",
        )
        if not one.green:
            first = one.differences[0]
            failure = ElementTree.SubElement(case, "failure", message=_text(f"{first.sign} {first.text}"))
            failure.text = _text("\n".join([*map(str, _lines(one)), *one.account]))


def _lines(outcome: Outcome) -> Iterable[str]:
    return (f"{one.sign} {one.text}  ({one.place.file}:{one.place.line})" for one in outcome.differences)


def _text(text: str) -> str:
    """Without the characters that no XML can hold."""
    return _UNWRITABLE.sub("\ufffd", text)
