"""What the answers of people must come to, for the model: given, taken back, and whom they call in."""

from __future__ import annotations

from collections.abc import Callable

from rules.event import Severity
from rules.incident import Reason, State
from tests.model import ENDS, HALF_A_MINUTE, LADDERS, Case, Slip


def says(case: Case, by: str, now: float, act: Callable[[], None], noted: bool = False) -> None:
    """Somebody answers. `noted`: the history says so even where nothing changes; whoever joins in relies on it."""
    stood, slip = case.standing(), case.slip
    owed = [page for page in case.pages if page.until is None]
    act()
    if case.standing() != stood:
        case.slip = Slip(by, now + HALF_A_MINUTE, stood, owed)
    else:
        case.slip = None if noted and slip is not None and slip.by != by else slip


def acknowledge(case: Case, by: str, now: float) -> None:
    if not case.is_open:
        return
    noted = case.state is State.RECOVERED or by != case.taken_by

    def takes() -> None:
        case.taken_by = case.taken_by or by
        if case.state is State.TRIGGERED:
            case.answered(State.ACKNOWLEDGED, now)

    says(case, by, now, takes, noted)


def resolve(case: Case, by: str, now: float) -> None:
    if case.is_open:
        says(case, by, now, lambda: case.answered(State.RESOLVED, now))


def change(case: Case, to: Severity, by: str, now: float) -> None:
    if case.is_open:
        says(case, by, now, lambda: _change(case, to, now))


def _change(case: Case, to: Severity, now: float) -> None:
    was, case.severity = case.severity, to
    if case.severity is was or case.state is not State.TRIGGERED:
        return
    if to.worse_than(was):
        case.climb(Reason.SEVERITY_RAISED, now)
    else:
        case.waiting = [(now + after, person) for after, person in LADDERS[to][1:]]
        case.ends, case.exhausted = now + ENDS[to], False


def next_to_call(case: Case) -> str | None:
    """Whom the matrix names next."""
    if case.state is State.TRIGGERED:
        return case.waiting[0][1] if case.waiting else None
    if case.state is not State.ACKNOWLEDGED:
        return None
    return next((person for _, person in LADDERS[case.severity] if person not in case.called), None)


def call_in(case: Case, person: str, now: float) -> None:
    gone = next((one for one in case.waiting if one[1] == person), None)
    case.waiting = [one for one in case.waiting if one is not gone]
    case.called.append(person)
    case.page(Reason.CALLED, person, now)
    if case.state is State.TRIGGERED:
        case.slip = None
    elif case.slip is not None:  # Whoever was called in stays called, also when the answer is taken back.
        stood = case.slip.stood
        stood["waiting"] = [one for one in stood["waiting"] if one[1] != person]
        stood["called"] = [*stood["called"], person]


def take_back(case: Case, left_out: set[tuple[Reason, str]], now: float) -> None:
    """It stands as before; `left_out` are the pages of its ladder that came to nothing meanwhile."""
    slip, was = case.slip, case.state
    assert slip is not None
    if was is State.TRIGGERED:  # what is owed since is of a ladder that is none any more
        case.nothing_owed(now)
    for name, value in slip.stood.items():
        setattr(case, name, value)
    case.slip = None
    if case.state is not State.TRIGGERED:
        return
    for page in slip.owed:
        if (page.reason, page.person) not in left_out:
            page.until = None
    for reason, person in left_out:
        case.page(reason, person, now)
    if was is not State.TRIGGERED:
        again = {person for _, person in left_out}
        for person in [one for one in case.told if one not in again]:
            case.page(Reason.TAKEN_BACK, person, now)
