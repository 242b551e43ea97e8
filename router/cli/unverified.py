"""What is said when an incident cannot be closed because its checklist is not done."""

from __future__ import annotations

from router.cli.session import Failure
from router.cli.times import Record
from workers.plain import plain


def unverified(incident: str, said: Record) -> Failure:
    """The refusal that the API `said`: in short, then a line for each item that is left, then what to type."""
    left, total = said.get("left"), said.get("of")
    if not left:
        return Failure(plain(str(said.get("detail") or "it cannot be resolved"), 600))
    lines = [_line(one) for one in left]
    # Those that time, a sender or a check settles say for what they wait: a person begins with the others.
    first = next((one for one in left if not one["said"]), left[0])
    lines.append(f"Tick what is so: tocsin incidents tick {incident} {first['number']}")
    lines.append(f'Or close it all the same, and say why: tocsin incidents resolve {incident} --override "WHY"')
    return Failure(f"not verified yet, {len(left)} of {total} left", "\n  ".join(lines), more={"left": left})


def _line(one: Record) -> str:
    return f"{one['number']}. {plain(one['text'])}" + (f" ({plain(one['said'])})" if one["said"] else "")
