"""A line with `code` and **names** marked, as parts a template can draw: no HTML is made of it here."""

from __future__ import annotations

import re
from typing import NamedTuple

_PARTS = re.compile(r"`([^`]*)`|\*\*([^*]*)\*\*|([^`*]+|[`*])")


class Part(NamedTuple):
    """`kind`: `code`, `strong` or `text`."""

    kind: str
    text: str


def marked(line: str) -> list[Part]:
    """The parts of a line; a mark without its end is text.

    >>> marked("paste `x` there")
    [Part(kind='text', text='paste '), Part(kind='code', text='x'), Part(kind='text', text=' there')]
    """
    found = []
    for code, strong, text in _PARTS.findall(line):
        found.append(Part("code", code) if code else Part("strong", strong) if strong else Part("text", text))
    return found
