"""The numbers in words: one sentence says what a table or a chart shows."""

from __future__ import annotations

from collections.abc import Sequence

from rules.duration import show_duration
from rules.numbers.answers import Answers
from rules.numbers.nights import Called
from rules.numbers.noise import Noise
from rules.numbers.spread import Spread


def acknowledged(of: Answers) -> str:
    """`P1: 12 of 14 were acknowledged, half of them within 4m, nine of ten within 12m; 2 of 14 later than agreed, …`"""
    if not of.incidents:
        return f"{of.severity}: nothing but false positives."
    if of.incidents == 1:
        return f"{of.severity}: the only one {_the_only_one(of)}."
    late = f"; {of.missed} of {of.incidents} later than agreed, or never" if of.missed else ""
    on_time = "" if late or not of.acknowledged.n else "; none later than agreed"
    return f"{of.severity}: {_soon(of.acknowledged, 'acknowledged')}{late}{on_time}{_rest(of)}."


def _the_only_one(of: Answers) -> str:
    took = of.acknowledged.median
    if took is not None:
        return f"was acknowledged after {show_duration(took)}, {'later than agreed' if of.missed else 'in time'}"
    if of.by_themselves:
        return f"was over by itself before anybody acknowledged it{', its time being up' if of.missed else ''}"
    return f"is not acknowledged yet{', and its time is up' if of.missed else ''}"


def resolved(of: Answers) -> str:
    """`P1: 13 of 14 are over, half of them within 40m, nine of ten within 3h; 1 is open.`"""
    seen = of.resolved
    if not of.incidents:
        return f"{of.severity}: nothing but false positives."
    if of.incidents == 1:
        over = "is not over yet" if seen.median is None else f"was over after {show_duration(seen.median)}"
        return f"{of.severity}: the only one {over}."
    left = seen.of - seen.n
    still = f"; {left} {_is(left)} open" if left and seen.n else ""
    return f"{of.severity}: {_soon(seen, 'over')}{still}."


def _soon(seen: Spread, what: str) -> str:
    """How many of several were, and how soon."""
    if seen.median is None or seen.p90 is None:
        return f"none of {seen.of} {'is over yet' if what == 'over' else f'was {what}'}"
    if seen.n == 1:
        return f"1 of {seen.of} was {what}, after {show_duration(seen.median)}"
    share = f"all {seen.n}" if seen.n == seen.of else f"{seen.n} of {seen.of}"
    half, most = show_duration(seen.median), show_duration(seen.p90)
    return f"{share} were {what}, half of them within {half}, nine of ten within {most}"


def nights(people: Sequence[Called]) -> str:
    """`41 pages, 9 of them between 22:00 and 07:00; Ana had most at night: 6.` Names are as the rules have them."""
    pages, dark = sum(one.pages for one in people), sum(one.nights for one in people)
    if not pages:
        return "Nobody was paged."
    said = f"{_many(pages, 'page')}, {dark} of them between 22:00 and 07:00"
    return f"{said}; {people[0].person} had most at night: {people[0].nights}." if dark else f"{said}."


def noise(of: Noise) -> str:
    """`7 pages and 120 events in 9 incidents; 8 are over: 3 were false positives, and nobody acted on 4.`"""
    said = f"{_many(of.pages, 'page')} and {_many(of.events, 'event')} in {_many(of.incidents, 'incident')}"
    if not of.over:
        return f"{said}; none is over yet."
    wrong = f"{of.false_positives} {'was a' if of.false_positives == 1 else 'were'}" if of.false_positives else "no"
    false = f"{wrong} false positive{'s' if of.false_positives > 1 else ''}"
    each = "it" if of.over == 1 else "each"
    acted = f"nobody acted on {of.nobody_acted}" if of.nobody_acted else f"somebody acted on {each}"
    return f"{said}; {of.over} {_is(of.over)} over: {false}, and {acted}."


def _is(number: int) -> str:
    return "is" if number == 1 else "are"


def _rest(of: Answers) -> str:
    """Those without an answer are said, not left out."""
    themselves = "was over by itself" if of.by_themselves == 1 else "were over by themselves"
    parts = [f"{of.by_themselves} {themselves} before"] * bool(of.by_themselves)
    parts += [f"{of.waiting} {_is(of.waiting)} not answered yet"] * bool(of.waiting)
    return "; " + ", ".join(parts) if parts else ""


def _many(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
