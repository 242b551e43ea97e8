"""The numbers in words: one sentence says what a table or a chart shows."""

from __future__ import annotations

from collections.abc import Sequence

from rules.duration import show_duration
from rules.numbers.answers import Answers
from rules.numbers.nights import Called
from rules.numbers.noise import Noise


def acknowledged(of: Answers) -> str:
    """`P1: acknowledged within 4m in half the cases, 12m in nine of ten; 2 of 14 later than they should, or never.`"""
    if not of.incidents:
        return f"{of.severity}: nothing but false positives."
    seen = of.acknowledged
    if seen.median is None or seen.p90 is None:
        return f"{of.severity}: nobody acknowledged {_all(of.incidents)}{_rest(of)}."
    late = f"; {of.missed} of {of.incidents} later than agreed, or never" if of.missed else "; none later than agreed"
    return (
        f"{of.severity}: acknowledged within {show_duration(seen.median)} in half the cases,"
        f" {show_duration(seen.p90)} in nine of ten ({seen.n} of {seen.of}){late}{_rest(of)}."
    )


def resolved(of: Answers) -> str:
    """`P1: over within 40m in half the cases, 3h in nine of ten (13 of 14; 1 is open).`"""
    seen = of.resolved
    if seen.median is None or seen.p90 is None:
        return f"{of.severity}: none is over yet." if of.incidents else f"{of.severity}: nothing but false positives."
    left = seen.of - seen.n
    still = f"; {left} {'is' if left == 1 else 'are'} open" if left else ""
    return (
        f"{of.severity}: over within {show_duration(seen.median)} in half the cases,"
        f" {show_duration(seen.p90)} in nine of ten ({seen.n} of {seen.of}{still})."
    )


def nights(people: Sequence[Called]) -> str:
    """`41 pages, 9 of them between 22:00 and 07:00; Ana had most at night: 6.` Names are as the rules have them."""
    pages, dark = sum(one.pages for one in people), sum(one.nights for one in people)
    if not pages:
        return "Nobody was paged."
    said = f"{_many(pages, 'page')}, {dark} of them between 22:00 and 07:00"
    return f"{said}; {people[0].person} had most at night: {people[0].nights}." if dark else f"{said}."


def noise(of: Noise) -> str:
    """`7 pages and 120 events in 9 incidents; of 8 that are over, 3 were false positives and on 4 nobody acted.`"""
    said = f"{_many(of.pages, 'page')} and {_many(of.events, 'event')} in {_many(of.incidents, 'incident')}"
    if not of.over:
        return f"{said}; none is over yet."
    wrong = f"{of.false_positives} {'was a false positive' if of.false_positives == 1 else 'were false positives'}"
    are = "is" if of.over == 1 else "are"
    return f"{said}; of {of.over} that {are} over, {wrong} and on {of.nobody_acted} nobody acted."


def _all(number: int) -> str:
    return "the only one" if number == 1 else f"any of {number}"


def _rest(of: Answers) -> str:
    """Those without an answer are said, not left out."""
    parts = [f"{of.by_themselves} over by {'itself' if of.by_themselves == 1 else 'themselves'} before"] * bool(
        of.by_themselves
    )
    parts += [f"{of.waiting} not answered yet"] * bool(of.waiting)
    return "; " + ", ".join(parts) if parts else ""


def _many(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
