"""What an incident's own channel is called: `inc-2026-03-02-checkout-answers-502`, by the rules of Slack for names.

Lower case letters, digits, hyphens and underscores, at most 80 characters (docs.slack.dev/reference/methods/
conversations.create, "Naming"). Pure.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime

LONGEST = 80
"""Characters Slack takes."""
BRIEF = 48
"""Characters of the description: a side bar shows about half of that."""
_BY_HAND = str.maketrans({
    "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i",
    "&": " and ", "'": "", "’": "",
})  # fmt: skip
"""Letters that no decomposition takes apart, and signs that are said as words or not at all."""
_NOT_NAME = re.compile(r"[^a-z0-9]+")


def channel_name(title: str, opened_at: float, otherwise: str, number: int = 1) -> str:
    """The name for an incident opened at `opened_at` (Unix seconds; the day is UTC's).

    `otherwise` describes it where the title has no letter that Slack takes. From 2 on, `number` stands at the end.

    >>> channel_name("Checkout answers 502 🔥", 1772442000, "x")
    'inc-2026-03-02-checkout-answers-502'
    >>> channel_name("Checkout answers 502 🔥", 1772442000, "x", 2)
    'inc-2026-03-02-checkout-answers-502-2'
    """
    day = datetime.fromtimestamp(opened_at, UTC).strftime("%Y-%m-%d")
    before, after = f"inc-{day}-", f"-{number}" if number > 1 else ""
    longest = min(BRIEF, LONGEST - len(before) - len(after))
    return before + (_brief(title, longest) or _brief(otherwise, longest) or "incident") + after


def _brief(text: str, longest: int) -> str:
    """The words of a text, joined by hyphens; what is too long ends with a whole word, if it has several."""
    lowered = unicodedata.normalize("NFKD", text.casefold().translate(_BY_HAND))
    letters = "".join(char for char in lowered if not unicodedata.combining(char))
    joined = _NOT_NAME.sub("-", letters).strip("-")
    if len(joined) <= longest:
        return joined
    # One character more than fits: it tells whether the cut falls between two words.
    whole = joined[: longest + 1].rpartition("-")[0]
    return (whole or joined[:longest]).strip("-")
