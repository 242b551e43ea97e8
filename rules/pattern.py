"""Patterns of the operator's: RE2, whose time is linear in what it searches, whatever is written."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import re2

from rules.reading.problem import Hinted

_BYTES = 512 * 1024
"""Memory of one compiled pattern: thousands of them must fit, and none may take long to compile."""


@lru_cache(maxsize=4096)
def pattern(text: str) -> Any:
    """`text` as a compiled pattern, upper and lower case alike. RE2: its time is linear, whatever is written."""
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = _BYTES
    return re2.compile(text, options)


_HINTS = (
    ("invalid perl operator: (?", "RE2 looks neither ahead nor behind; what must not be stands under not"),
    ("no argument for repetition operator", "write .* for anything; a word alone is found anywhere"),
    ("pattern too large", "repeat less: x{1000} is a thousand times x"),
    ("invalid escape sequence", "see the RE2 syntax, which docs/rules.md links"),
)


def patterns(texts: tuple[str, ...]) -> tuple[str, ...]:
    """The same texts. Raises `Hinted` for one that is no pattern, or that would take too much."""
    for text in texts:
        try:
            pattern(text)
        except re2.error as error:
            said = error.args[0].decode() if isinstance(error.args[0], bytes) else error.args[0]
            hint = next((ours for theirs, ours in _HINTS if said.startswith(theirs)), None)
            raise Hinted(f"'{text}' is not a pattern: {said}", hint) from None
    return texts
