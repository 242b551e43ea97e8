"""What an event has to do with others, for `explain`: its group, and what keeps it quiet or is kept quiet by it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from workers.plain import plain


def said(decision: dict[str, Any]) -> Iterator[str]:
    """The same for people: a line for each that matters."""
    if decision["group"]:
        name, within = plain(decision["group"]["name"]), decision["group"]["within"]
        yield f"Group «{name}»: joins what others say of the same within {within}, else opens its own incident."
    else:
        yield from (f"No group: {plain(line)}" for line in decision["groups"])
    for one in decision["inhibit"]:
        name, same = plain(one["name"]), _same(one["equal"])
        if one["over"]:
            yield f"Inhibit «{name}»: while it lasts, nobody is told of what follows from it{same}."
        if one["under"]:
            yield f"Inhibit «{name}»: nobody is told while its cause is in trouble{same}."
        if one["why_not"]:
            yield f"Inhibit «{name}» does not keep it quiet: {plain(one['why_not'])}."


def _same(equal: dict[str, str]) -> str:
    shared = ", ".join(f"{name} = {plain(value)}" for name, value in equal.items())
    return f", with {shared}" if shared else ""
