"""What a trial came to, held against what was expected: every difference, with its place in the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from rules.incident import Incident, Reason
from rules.reading.document import Place
from rules.rehearsal.notices import Notice
from rules.trial.read import Trial
from rules.trial.written import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """`-` was expected and did not come, `+` came and was not expected, `!` is another value, or cannot be."""

    sign: str
    text: str
    place: Place
    at: float = 0.0
    """Seconds since the beginning, for the order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One person (or room) told of one incident for one reason, at one time, through channels."""

    at: float
    who: str
    role: str
    by: tuple[str, ...]
    reason: Reason
    incident: int

    def __str__(self) -> str:
        whom = self.who if self.who == self.role else f"{self.who} ({self.role})"
        return said(self.at, whom, self.by, self.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How one trial went."""

    trial: Trial
    differences: tuple[Difference, ...]
    told: tuple[Message, ...] = ()
    account: tuple[str, ...] = ()
    """What happened, line by line, for whoever wonders."""
    seconds: float = 0.0

    @property
    def green(self) -> bool:
        """Did all happen as expected, and nothing else?"""
        return not self.differences


@dataclass(slots=True)
class _Open:
    """A notification that no line has claimed yet."""

    message: Message
    free: bool = field(default=True)


def said(at: float, who: str, by: Sequence[str], reason: Reason) -> str:
    """`15m  maria by pager, slack: escalated`."""
    return f"{show_offset(at)}  {who} by {', '.join(by)}: {reason}"


def show_offset(seconds: float) -> str:
    """Time since the beginning as a test writes it, to the second.

    >>> show_offset(90061.0)
    '1d1h1m1s'
    """
    left, parts = int(seconds), []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        number, left = divmod(left, size)
        if number:
            parts.append(f"{number}{unit}")
    return "".join(parts) or "0m"


def told(trial: Trial, incidents: Sequence[Incident], notices: Sequence[Notice]) -> list[Message]:
    """What people heard, one for each channel."""
    numbers = {incident.id: number for number, incident in enumerate(incidents, 1)}
    return [
        Message(
            at=float(int(one.at - trial.start + 1e-6)),
            who=one.person or one.role,
            role=one.role,
            by=(one.channel,),
            reason=one.reason,
            incident=numbers[one.incident],
        )
        for one in notices
        if one.outcome == "sent"
    ]


def differences(trial: Trial, incidents: Sequence[Incident], heard: Sequence[Message]) -> list[Difference]:
    """Everything that is not as expected, by time."""
    open_ = [_Open(one) for one in heard]
    roles = {one.role for one in heard}
    # What fits few goes first, or it finds its own taken: a person may have several roles, and a line name no incident.
    narrow_first = sorted(trial.lines, key=lambda one: (one[0].incident is None, one[0].who not in roles))
    found = [
        Difference(sign="-", text=said(line.at, line.who, missing, line.reason), place=place, at=line.at)
        for line, place in narrow_first
        if (missing := [channel for channel in line.by if not _claim(open_, line, channel)])
    ]
    several = len(incidents) > 1
    for one in gathered([each.message for each in open_ if each.free]):
        of = f"  (incident {one.incident})" if several else ""
        found.append(Difference(sign="+", text=f"{one}{of}", place=trial.expected_at["told"], at=one.at))
    return [*_values(trial, incidents), *sorted(found, key=lambda one: (one.at, one.sign == "+"))]


def gathered(heard: Sequence[Message]) -> list[Message]:
    """The same, with the channels of one person, time and reason together."""
    together: dict[tuple[float, str, str, Reason, int], list[str]] = {}
    for one in heard:
        together.setdefault((one.at, one.who, one.role, one.reason, one.incident), []).extend(one.by)
    return [
        Message(at=at, who=who, role=role, by=tuple(by), reason=reason, incident=incident)
        for (at, who, role, reason, incident), by in together.items()
    ]


def _claim(open_: Sequence[_Open], line: Line, channel: str) -> bool:
    """Take the first notification that fits."""
    for each in open_:
        one = each.message
        if (
            each.free
            and one.by == (channel,)
            and one.at == int(line.at)
            and one.reason is line.reason
            and line.who in (one.who, one.role)
            and line.incident in (None, one.incident)
        ):
            each.free = False
            return True
    return False


def _values(trial: Trial, incidents: Sequence[Incident]) -> Iterator[Difference]:
    expect = trial.expect
    if expect.incidents is not None and expect.incidents != len(incidents):
        text = f"incidents: expected {expect.incidents}, found {len(incidents)}"
        yield Difference(sign="!", text=text, place=trial.expected_at["incidents"])
    for name, of in _VALUES.items():
        wanted: Sequence[str] | None = getattr(expect, name)
        if wanted is None:
            continue
        found = [of(incident) for incident in incidents]
        if found != (list(wanted) * len(incidents) if len(wanted) == 1 else list(wanted)) or not found:
            shown = ", ".join(dict.fromkeys(found)) if len(wanted) == 1 else ", ".join(found)
            text = f"{name}: expected {', '.join(wanted)}, found {shown or 'no incident'}"
            yield Difference(sign="!", text=text, place=trial.expected_at[name])


_VALUES: dict[str, Callable[[Incident], str]] = {
    "severity": lambda incident: incident.severity,
    "state": lambda incident: incident.state,
    "rule": lambda incident: incident.rule,
    "runbook": lambda incident: incident.runbook or "none",
}


def unplayable(trial: Trial, why: str, place: Place | None) -> Difference:
    """Something of it cannot happen."""
    return Difference(sign="!", text=why, place=place or trial.place)
