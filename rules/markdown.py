"""Text that somebody else wrote, so that Markdown shows it as it is. Pure."""

from __future__ import annotations

import re

from rules.plain import plain

# CommonMark 0.31, 2.4: every ASCII punctuation character may be escaped. Those that begin or form something are.
_FORMING = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~&@:])")


def escaped(text: str, limit: int = 1000) -> str:
    r"""One line that Markdown shows as it is.

    >>> escaped("<b>*x* [a](b)")
    '\\<b\\>\\*x\\* \\[a\\]\\(b\\)'
    """
    return _FORMING.sub(r"\\\1", plain(text, limit))


# What begins something within a line, addresses that renderers make links of, and what makes a line more than text.
_WITHIN = re.compile(r"([\\`*_\[\]<>~&|@#]|:(?=//)|(?<=www)\.)")
_AT_START = re.compile(r"^([-+=]|[0-9]+(?=[.)]))")


def inline(text: str, limit: int = 1000) -> str:
    r"""The same with as few marks as it takes, for what is also read as it stands: in a terminal, in a message.

    >>> inline("1. <b>a-b</b> (c): see https://x")
    '1\\. \\<b\\>a-b\\</b\\> (c): see https\\://x'
    """
    said = _WITHIN.sub(r"\\\1", plain(text, limit))
    begins = _AT_START.match(said)
    if begins is None:
        return said
    return f"\\{said}" if not begins[0].isdigit() else f"{begins[0]}\\{said[begins.end() :]}"
