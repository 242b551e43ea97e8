"""A runbook, fit for a telephone. Only text reaches the page; the template escapes it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from starlette.responses import Response

from router.pages import notice, page

_HEADING = re.compile(r"(#{1,4}) +(.+)")
_ITEM = re.compile(r" {0,3}(?:[-*+]|[0-9]{1,3}[.)]) +(.+)")
_FENCE = "```"


@dataclass(frozen=True, slots=True)
class Block:
    """One part of a page. `kind`: heading, item, code or text."""

    kind: str
    text: str
    level: int = 0


def shown(name: str, written: Mapping[str, str]) -> Response:
    """The page of one of the `written` runbooks, or one that says there is none."""
    if name not in written:
        return notice(404, "There is no such runbook", "The rules in force carry no runbook for this incident.")
    return page("runbook.html", name=name, blocks=list(blocks(written[name])))


def blocks(markdown: str) -> Iterator[Block]:
    """Headings, list items, code and paragraphs; what else Markdown knows stays as it was typed."""
    paragraph: list[str] = []
    code: list[str] | None = None
    for line in [*markdown.splitlines(), ""]:
        if line.lstrip().startswith(_FENCE):
            if code is not None:
                yield Block("code", "\n".join(code))
            code = [] if code is None else None
        elif code is not None:
            code.append(line)
        elif found := _plain(line):
            yield from _paragraph(paragraph)
            yield found
        elif line.strip():
            paragraph.append(line.strip())
        else:
            yield from _paragraph(paragraph)
    if code:
        yield Block("code", "\n".join(code))


def _plain(line: str) -> Block | None:
    if heading := _HEADING.fullmatch(line):
        return Block("heading", heading[2], len(heading[1]))
    item = _ITEM.fullmatch(line)
    return Block("item", item[1]) if item else None


def _paragraph(lines: list[str]) -> Iterator[Block]:
    if lines:
        yield Block("text", " ".join(lines))
        lines.clear()
