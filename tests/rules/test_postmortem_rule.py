"""Which incidents need a post-mortem, why, and what happens to that when the end is taken back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rules.commands import ChangeSeverity, FalsePositive, Mitigate, Resolve, Undo
from rules.effects import ReviewAt
from rules.event import Severity
from rules.holds.hours import Hours
from rules.postmortem.commands import AskForPostmortem, NotePostmortem
from rules.postmortem.config import PostmortemConfig
from rules.postmortem.rule import impact, why, why_none, worst
from rules.postmortem.terms import DAY, Owed, Terms
from rules.reading.config import Config
from tests.rules.lives import EVERYBODY, P1, P2, P3, P4, Life, opened, to_severity

OVER = Resolve(by="ana", via="cli")
BACK = Undo(by="ana", via="cli", roster=EVERYBODY)
PAYMENTS = {"area": "payments"}


def resolved(life: Life) -> Life:
    """Somebody says that it is over."""
    return life.asks(OVER)


@pytest.mark.parametrize(
    ("lived", "reasons"),
    [
        (lambda: resolved(opened(P1)), ["it was a P1"]),
        (lambda: resolved(opened(P3).asks(to_severity(P1))), ["it was a P1"]),
        (
            lambda: resolved(opened(P1).asks(to_severity(P3))),
            ["it was a P1, though it was lowered to P3"],
        ),
        (
            lambda: resolved(opened(P4).asks(to_severity(P1)).passes("5m").asks(to_severity(P2))),
            ["it was a P1, though it was lowered to P2"],
        ),
        (lambda: resolved(opened(P2).passes("30m")), []),
        (lambda: resolved(opened(P2).passes("31m")), ["it was a P2 with 31m of impact, more than 30m"]),
        (lambda: resolved(opened(P2).passes("10m").asks(Mitigate(by="ana", via="cli")).passes("2h")), []),
        (
            lambda: resolved(opened(P2).passes("40m").asks(Mitigate(by="ana", via="cli")).passes("2h")),
            ["it was a P2 with 40m of impact, more than 30m"],
        ),
        (lambda: opened(P2).passes("20m").clears().passes("20m"), []),
        (lambda: opened(P2).passes("31m").clears().passes("20m"), ["it was a P2 with 31m of impact, more than 30m"]),
        (lambda: resolved(opened(P3).passes("5h")), []),
        (lambda: resolved(opened(P4, labels=PAYMENTS)), ["it touches payments (area: payments)"]),
        (
            lambda: resolved(opened(P1, labels=PAYMENTS)),
            ["it was a P1", "it touches payments (area: payments)"],
        ),
        (lambda: resolved(opened(P4, labels={"area": "mail"})), []),
        (lambda: opened(P1, labels=PAYMENTS).asks(FalsePositive(by="ana", via="cli", reason="a drill")), []),
        (
            lambda: resolved(opened(P4).asks(AskForPostmortem(by="dan", via="cli", reason="customers asked"))),
            ["dan asked for one: customers asked"],
        ),
        (lambda: resolved(opened(P4)).asks(AskForPostmortem(by="dan", via="cli")), ["dan asked for one"]),
    ],
)
def test_the_runbook_decides_by_itself(lived: Callable[[], Life], reasons: list[str]) -> None:
    """Every P1, a P2 with more than half an hour of impact, payments; and whatever somebody wants one for."""
    life = lived()
    assert not life.incident.is_open
    assert list(life.incident.response.postmortem.why) == reasons
    promised = [effect.at for effect in life.last.effects if isinstance(effect, ReviewAt)]
    assert promised == ([(life.incident.resolved_at or 0) + 60] if reasons else [])
    assert len(life.history("post-mortem")) == bool(reasons) + any("asked" in one for one in reasons)
    if not reasons:
        assert why_none(life.incident)


def test_payments_may_be_touched_by_any_alert() -> None:
    """Also where the incident itself is labelled otherwise."""
    life = opened(P4, labels={"area": "shop"}).fires(P4, key="card", labels=PAYMENTS)
    assert why(resolved(life).incident) == ("it touches payments (area: payments)",)


def test_what_was_raised_by_mistake_was_never_that_bad() -> None:
    """Taken back within its half minute, the raise is none."""
    life = opened(P4).asks(to_severity(P1)).asks(BACK)
    assert worst(life.incident) is P4
    assert why(resolved(life).incident) == ()


def test_what_an_event_raised_counts() -> None:
    """Whoever raises it."""
    life = opened(P3).fires(P1)
    assert worst(life.asks(to_severity(P4)).incident) is P1


def test_the_end_taken_back_takes_the_promise_back() -> None:
    """And the next end promises anew, with new deadlines."""
    life = resolved(opened(P1))
    first = life.incident.response.postmortem
    assert (first.draft_due, first.review_due) == (life.now + 2 * DAY, life.now + 7 * DAY)
    life.passes("20s").asks(BACK)
    assert life.incident.is_open
    assert ReviewAt(at=None) in life.last.effects
    assert life.incident.response.postmortem == Owed()
    resolved(life.passes("1h"))
    assert life.incident.response.postmortem.draft_due == first.draft_due + 3620


def test_asking_twice_changes_nothing() -> None:
    """Nor does asking for one that is owed."""
    life = opened(P4).asks(AskForPostmortem(by="dan", via="cli"))
    before = life.incident
    assert life.asks(AskForPostmortem(by="ana", via="cli")).incident is before
    over = resolved(opened(P1))
    assert over.asks(AskForPostmortem(by="ana", via="cli")).last.timeline == ()


def test_a_line_about_it_can_be_written_in_any_state() -> None:
    """With who said it."""
    life = resolved(opened(P3)).asks(NotePostmortem(by="ana", via="cli", text="ana waived it"))
    assert life.history("post-mortem") == ["ana waived it"]


def test_impact_lasts_while_nothing_has_ended_it() -> None:
    """An open incident has none yet that could be told."""
    assert impact(opened(P1).incident) is None
    assert impact(resolved(opened(P1).passes("7m")).incident) == 420


def test_the_yaml_becomes_terms() -> None:
    """What is left out is the runbook's, and a single value is a list of one."""
    assert PostmortemConfig().terms(None) == Terms()
    written = PostmortemConfig.model_validate(
        {"always": "P2", "impact": {"P3": "4h"}, "touching": {"area": "bookings"}}
    )
    hours = Hours(name="office", timezone="UTC")
    terms = written.terms(hours)
    assert (terms.always, terms.impact, terms.touching) == ((P2,), {P3: 14400.0}, {"area": ("bookings",)})
    assert terms.hours is hours


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ({"review_within": "1d"}, "a review comes after the draft"),
        ({"remind_before": "48h"}, "less than 2d"),
        ({"always": ["P5"]}, "P5"),
        ({"impact": {"P2": "soon"}}, "expected a duration"),
    ],
)
def test_what_makes_no_sense_is_refused(written: dict[str, object], says: str) -> None:
    """With what was expected."""
    with pytest.raises(ValueError, match="1 validation error") as wrong:
        PostmortemConfig.model_validate(written)
    assert says in str(wrong.value)


def test_the_config_has_them_by_default() -> None:
    """An operator who has written nothing has the runbook's."""
    assert Config.model_fields["postmortems"].default == PostmortemConfig()
    assert Severity.P1 in PostmortemConfig().always
    assert isinstance(to_severity(P1), ChangeSeverity)
