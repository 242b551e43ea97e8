"""A post-mortem's Markdown drawn for reading: headings, lists, tables, code. What people wrote is escaped, always."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from markupsafe import Markup, escape

from rules.postmortem.table import BLANK
from workers.plain import is_web

_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|[0-9]{1,9}[.)])[ \t]+(.*)")
_FENCE = re.compile(r" {0,3}(?:`{3,}|~{3,})")
_RULE = re.compile(r"[ \t|:-]*-[ \t|:-]*")
_PIPE = re.compile(r"(?<!\\)\|")
_INLINE = re.compile(
    r"\\(?P<char>[!-/:-@\[-`{-~])"
    r"|`(?P<code>[^`\n]{1,500})`"
    r"|\*\*(?P<bold>[^*\n]{1,500})\*\*"
    rf"|(?P<blank>{re.escape(BLANK)}[^\]\n]{{0,300}}\])"
    r"|\[(?P<text>[^\[\]\n]{1,300})\]\((?P<url>[^()\s<>]{1,2000})\)"
)


@dataclass(frozen=True, slots=True)
class Part:
    """One block. `kind`: heading, text, items, code or table; `lines` are drawn, those of code are plain."""

    kind: str
    lines: list[Markup | str] = field(default_factory=list)
    level: int = 0
    rows: list[list[Markup]] = field(default_factory=list)


def parts(markdown: str) -> Iterator[Part]:
    """The blocks of a document, in their order; what else Markdown knows stays as it was typed."""
    lines = markdown.split("\n")
    number = 0
    while number < len(lines):
        end = _end(lines, number)
        if lines[number].strip():
            yield _block(lines[number:end])
        number = end


def _end(lines: list[str], start: int) -> int:
    """Where the block that begins here ends."""
    if _FENCE.match(lines[start]):
        closing = (n for n in range(start + 1, len(lines)) if _FENCE.match(lines[n]))
        return next(closing, len(lines) - 1) + 1
    kind = _kind(lines[start])
    end = start + 1
    while kind not in ("heading", "empty") and end < len(lines) and _kind(lines[end]) == kind:
        end += 1
    return end


def _kind(line: str) -> str:
    if not line.strip():
        return "empty"
    if _FENCE.match(line):
        return "code"
    if _HEADING.fullmatch(line):
        return "heading"
    if line.lstrip().startswith("|"):
        return "table"
    return "items" if _ITEM.fullmatch(line) else "text"


def _block(lines: list[str]) -> Part:
    kind = _kind(lines[0])
    if kind == "heading":
        found = _HEADING.fullmatch(lines[0])
        return Part(kind, [inline(found[2] if found else "")], level=len(found[1]) if found else 1)
    if kind == "code":
        return Part(kind, ["\n".join(line for line in lines[1:] if not _FENCE.match(line))])
    if kind == "table":
        cells = [_PIPE.split(line.strip().strip("|")) for line in lines if not _RULE.fullmatch(line)]
        return Part(kind, rows=[[inline(cell.strip()) for cell in row] for row in cells])
    if kind == "items":
        return Part(kind, [inline(found[1]) for line in lines if (found := _ITEM.fullmatch(line))])
    return Part(kind, _paragraph(lines))


def _paragraph(lines: list[str]) -> list[Markup | str]:
    """Two spaces at its end break a line (CommonMark 6.7); others run on."""
    said: list[list[str]] = [[]]
    for line in lines:
        said[-1].append(line.strip())
        if line.endswith("  "):
            said.append([])
    return [inline(" ".join(each)) for each in said if each]


def inline(text: str) -> Markup:
    """One line: bold, code, links to the web, and what is still to be filled in.

    >>> str(inline("**a** <b> [c](javascript:x)"))
    '<strong>a</strong> &lt;b&gt; [c](javascript:x)'
    """
    drawn, last = Markup(), 0
    for found in _INLINE.finditer(text):
        drawn += escape(text[last : found.start()]) + _drawn(found)
        last = found.end()
    return drawn + escape(text[last:])


def _drawn(found: re.Match[str]) -> Markup:
    if found["char"]:
        return escape(found["char"])
    if found["code"]:
        return Markup("<code>{}</code>").format(found["code"])
    if found["bold"]:
        return Markup("<strong>{}</strong>").format(inline(found["bold"]))
    if found["blank"]:
        return Markup("<mark>{}</mark>").format(found["blank"])
    if not is_web(found["url"]):
        return escape(found[0])
    link = Markup('<a href="{}" rel="noopener noreferrer" target="_blank">{}</a>')
    return link.format(found["url"], found["text"])
