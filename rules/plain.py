"""Sender text made fit to be read: one line, no invisible characters, a known length."""

from __future__ import annotations

import unicodedata

_INVISIBLE = frozenset({"Cc", "Cf", "Co", "Cn", "Cs"})
# Drawn as nothing, yet letters or marks by category: fillers, joiners and variation selectors.
_BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0") | {chr(code) for code in range(0xFE00, 0xFE10)}


def plain(text: str, limit: int | None = None) -> str:
    """`text` on one line without control, zero-width and direction-changing characters, at most `limit` long.

    >>> plain("disk\\n\\u200bfull\\u202e")
    'disk full'
    """
    # Most text is plain already: to see that takes a hundredth of looking at each character.
    if not (text.isascii() and text.isprintable()):
        text = "".join(" " if char.isspace() else char for char in text if char.isspace() or _visible(char))
    line = " ".join(text.split())
    return line if limit is None else clip(line, limit)


def _visible(char: str) -> bool:
    return char not in _BLANKS and unicodedata.category(char) not in _INVISIBLE


def clip(text: str, limit: int) -> str:
    """`text` cut to `limit` characters, with an ellipsis where something is missing.

    >>> clip("database", 5)
    'data…'
    """
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
