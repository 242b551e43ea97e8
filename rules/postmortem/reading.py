"""A post-mortem's document as people hand it in: made fit to be kept, and what Tocsin must know of it read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from rules.plain import plain
from rules.postmortem import table
from rules.postmortem.table import BLANK, Flaw, Row, sections

LONGEST = 100_000
"""Bytes of a document: about forty pages."""
_MARK = re.compile(
    r"[ \t]*<!-- *tocsin: *post-mortem of ([A-Za-z0-9_-]{1,64}), *revision ([0-9]{1,9}) *-->[ \t]*\n?", re.ASCII
)
_AUTHOR = re.compile(r"\*\*Author:?\*\*:?(.*)", re.IGNORECASE)
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What a document says. `of` and `revision` are those of the line Tocsin puts below it, where that is still there.

    `rows` is None where it has no table of action items.
    """

    text: str
    of: str | None = None
    revision: int | None = None
    author: str | None = None
    rows: tuple[Row, ...] | None = None
    blanks: tuple[str, ...] = ()
    flaws: tuple[Flaw, ...] = field(default_factory=tuple)


def marked(text: str, incident: str, revision: int) -> str:
    """The document with a line, which no reader of Markdown shows, that says what it was made from."""
    return f"{text.rstrip(chr(10))}\n\n<!-- tocsin: post-mortem of {incident}, revision {revision} -->\n"


def document(written: str) -> Document:
    """Read what people hand in."""
    if len(written.encode("utf-8", "replace")) > LONGEST:
        kilobytes = LONGEST // 1000
        message = f"expected at most {kilobytes} kB, found {len(written.encode('utf-8', 'replace')) // 1000}"
        return Document(text="", flaws=(Flaw(1, 1, f"{message}; what is longer belongs into a linked document"),))
    text = _UNSEEN.sub("", written.replace("\r\n", "\n").replace("\r", "\n"))
    marks = _MARK.findall(text)
    text = _MARK.sub("", text).strip("\n") + "\n"
    if not text.strip():
        return Document(text="", flaws=(Flaw(1, 1, "the document is empty"),))
    found = table.read(text)
    rows, flaws = found if found is not None else (None, [])
    last = marks[-1] if marks else (None, None)
    return Document(
        text=text,
        of=last[0],
        revision=None if last[1] is None else int(last[1]),
        author=author(text),
        rows=None if rows is None else tuple(rows),
        blanks=tuple(blanks(text)),
        flaws=tuple(flaws),
    )


def author(text: str) -> str | None:
    """Who the line `**Author:**` names; None where that is still to be filled in."""
    for _, line, _ in sections(text):
        found = _AUTHOR.match(line.strip())
        if found:
            name = plain(found[1]).lstrip("@ ")[: table.LONGEST_NAME]
            return None if not name or name.startswith("[") else name
    return None


def blanks(text: str) -> list[str]:
    """What is still to be filled in, by where it stands: `line 14 (Impact)`."""
    return [f"line {number + 1} ({under or 'beginning'})" for number, line, under in sections(text) if BLANK in line]
