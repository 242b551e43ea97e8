"""What stands within a line of Markdown: strong words, code, links. As text and addresses only, never as HTML. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

_MARKED = re.compile(
    r"`(?P<code>[^`]+)`"
    r"|\*\*(?P<strong>[^*]+)\*\*"
    r"|\[(?P<text>[^\]\[]+)\]\((?P<to>[^()\s]+)\)"
    r"|<(?P<auto>https?://[^<>\s]+)>"
    r"|(?P<bare>https?://[^\s<>()]*[^\s<>().,;:!?'\"])"
    r"|(?<![*\w])\*(?P<em>[^*\s](?:[^*]*[^*\s])?)\*(?!\w)"
)
_BESIDE = re.compile(r"([A-Za-z0-9][A-Za-z0-9 _-]{0,63})\.md")


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a line. `kind`: text, code, strong, em, link (to a web address) or runbook (to another one)."""

    kind: str
    text: str
    to: str = ""
    """The address, or the runbook's name."""


def spans(line: str) -> tuple[Span, ...]:
    """The pieces of a line, in order.

    >>> spans("Run `ls`, **now**")
    (Span(kind='text', text='Run ', to=''), Span(kind='code', text='ls', to=''), \
Span(kind='text', text=', ', to=''), Span(kind='strong', text='now', to=''))
    """
    found: list[Span] = []
    end = 0
    for match in _MARKED.finditer(line):
        if match.start() > end:
            found.append(Span("text", line[end : match.start()]))
        found.append(_span(match))
        end = match.end()
    if end < len(line):
        found.append(Span("text", line[end:]))
    return tuple(found)


def _span(match: re.Match[str]) -> Span:
    kind = match.lastgroup or ""
    if kind == "to":
        other = _BESIDE.fullmatch(match["to"])
        if other:
            return Span("runbook", match["text"], other[1])
        web = match["to"].startswith(("http://", "https://"))
        return Span("link", match["text"], match["to"]) if web else Span("text", match[0])
    if kind in ("auto", "bare"):
        return Span("link", match[kind], match[kind])
    return Span(kind, match[kind])


def words(line: str) -> str:
    """The line as it is said, without its marks.

    >>> words("Run `ls` **now**, see [the board](https://example.com)")
    'Run ls now, see the board'
    """
    return " ".join("".join(one.text for one in spans(line)).split())


def alone(line: str) -> str | None:
    """The name of the other runbook that a line leads to, when it does nothing else."""
    found = spans(line.strip())
    return found[0].to if len(found) == 1 and found[0].kind == "runbook" else None
