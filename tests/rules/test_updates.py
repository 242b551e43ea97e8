"""Updates fall due, whoever owes them is reminded louder and louder, and nothing of it need be undone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rules.commands import Acknowledge, Assign, Mitigate, Resolve, Undo
from rules.effects import RemindAt
from rules.event import Severity
from rules.holds.hours import Hours
from rules.incident import Policy, Reason
from rules.responding.response import Part, Status
from rules.responding.response_commands import (
    DropReminder,
    PostUpdate,
    PutOffReminder,
    Remind,
    TakePart,
)
from rules.responding.updates import due_of, next_reminder, next_update, status_of
from tests.rules.lives import EVERYBODY, HOUR, MINUTE, START, Life, a_policy, a_roster, opened, to_severity

ANA = Acknowledge(by="ana", via="cli")
POLICY = a_policy(update_every=30 * MINUTE)


def answered(severity: str = "P1", **more: object) -> Life:
    """Ana has it, at 09:00; what was said so far has been looked at."""
    life = opened(severity, POLICY, **more).asks(ANA)
    life.said()
    return life


def posted(text: str = "We roll back", **more: object) -> PostUpdate:
    """Ana says how it goes."""
    return PostUpdate(by="ana", via="cli", text=text, **more)  # type: ignore[arg-type]


def test_an_update_is_due_from_when_somebody_has_it() -> None:
    """While the matrix still calls people nothing is owed; then the time runs."""
    life = opened("P1", POLICY)
    assert (due_of(life.incident), life.remind_at) == (None, None)
    life.passes("5m").asks(ANA)
    assert life.remind_at == START + 35 * MINUTE
    assert next_update(life.incident) == START + 35 * MINUTE


def test_a_reminder_grows_louder_and_then_is_quiet() -> None:
    """First the one who has it, then the room too, then the matrix's next role too; then it has been said."""
    life = answered()
    assert life.passes("30m").said() == [
        "reminder: on-call engineer (ana) on pager",
        "reminder: on-call engineer (ana) on mail",
    ]
    assert life.passes("10m").said() == [
        "reminder: on-call engineer (ana) on pager",
        "reminder: on-call engineer (ana) on mail",
        "reminder: assignee (ana) on slack",
    ]
    assert life.passes("10m").said() == [
        "reminder: on-call engineer (ana) on pager",
        "reminder: on-call engineer (ana) on mail",
        "reminder: assignee (ana) on slack",
        "reminder: engineering lead (maria) on pager",
        "reminder: engineering lead (maria) on mail",
    ]
    assert life.passes("5h").said() == []
    assert life.remind_at is None
    assert life.history("reminded") == [
        "reminded ana (assignee) of an update, due since 2026-03-02 09:30 UTC",
        "reminded ana (assignee) of an update, due since 2026-03-02 09:30 UTC",
        "reminded ana (assignee) of an update, due since 2026-03-02 09:30 UTC",
        "engineering lead (maria) hears of it too",
    ]


@pytest.mark.parametrize(
    ("asked", "whom"),
    [
        ([TakePart(part=Part.COMMANDER, by="dan", via="cli", to="dan")], "commander (dan)"),
        ([Assign(by="ana", via="cli", to="victor")], "assignee (victor)"),
        (
            [Assign(by="ana", via="cli", to="victor"), TakePart(part=Part.COMMANDER, by="a", via="cli", to="dan")],
            "commander (dan)",
        ),
    ],
)
def test_the_one_who_leads_it_is_reminded(asked: list[object], whom: str) -> None:
    """The commander before the assignee, whoever had answered."""
    life = answered()
    for one in asked:
        life.asks(one)  # type: ignore[arg-type]
    life.said()
    assert {one.partition(" on ")[0] for one in life.passes("30m").said()} == {f"reminder: {whom}"}


def test_whoever_cannot_be_told_alone_is_named_in_the_room() -> None:
    """A name that no address belongs to: the room at least reads it, and at the end the next role."""
    life = opened("P1", POLICY).asks(Acknowledge(by="guest", via="link"))
    life.said()
    assert life.passes("30m").said() == ["reminder: assignee (guest) on slack"]
    assert "guest (assignee), please say how it goes" in (life.notified[-1].note or "")


def test_the_next_role_is_somebody_else() -> None:
    """Where the lead owes the update herself, the CEO hears of it."""
    life = opened("P1", POLICY).asks(Acknowledge(by="maria", via="cli")).passes("50m")
    assert "reminder: ceo (victor) on pager" in life.said()


def test_an_update_is_told_and_the_next_is_promised() -> None:
    """One step: the history, everybody who was told, and the promise; by the severity's rhythm, or as was said."""
    life = answered().passes("20m")
    life.asks(posted(status=Status.MITIGATING, affected="who pays by card", broken="card payments"))
    assert life.said() == [f"update: on-call engineer (ana) on {one}" for one in ("pager", "slack", "mail")]
    assert life.notified[-1].note == (
        "Mitigating: We roll back. Affected: who pays by card. Broken: card payments. "
        "Next update in 30m (2026-03-02 09:50 UTC)."
    )
    assert life.history("update") == ["Mitigating: We roll back"]
    assert life.remind_at == START + 50 * MINUTE
    life.asks(posted("Done", next_in=2 * HOUR))
    assert life.remind_at == START + 20 * MINUTE + 2 * HOUR
    assert status_of(life.incident) is Status.MITIGATING


def test_an_update_ends_the_reminding() -> None:
    """What was late is no longer; the next begins as quietly as the first."""
    life = answered().passes("45m")
    life.said()
    life.asks(posted())
    assert life.remind_at == START + 75 * MINUTE
    life.said()
    assert life.passes("30m").said() == [
        "reminder: on-call engineer (ana) on pager",
        "reminder: on-call engineer (ana) on mail",
    ]


def test_a_promise_stays_one_when_it_becomes_milder_and_comes_sooner_when_worse() -> None:
    """Of what was promised and what the severity asks, the earlier."""
    every = {Severity.P1: 30 * MINUTE, Severity.P2: HOUR}
    plans = {one: replace(plan, update_every=every.get(one)) for one, plan in a_policy().plans.items()}
    life = Life(Policy(plans=plans), EVERYBODY).opens("P1").asks(ANA)
    life.asks(posted(next_in=20 * MINUTE)).passes("10m").asks(to_severity(Severity.P2))
    assert next_update(life.incident) == START + 20 * MINUTE
    life.asks(to_severity(Severity.P3))
    assert next_update(life.incident) == START + 20 * MINUTE
    life.asks(posted(next_in=6 * HOUR)).asks(to_severity(Severity.P1)).passes("1m").asks(to_severity(Severity.P2))
    assert next_update(life.incident) == life.now + HOUR


def test_it_counts_in_the_hours_of_the_severity() -> None:
    """Nobody is asked for an update at night where nobody works then."""
    office = Hours(name="office", timezone="UTC", days=(0, 1, 2, 3, 4), spans=((9 * 60, 17 * 60),), holidays=())
    life = (
        opened("P3", a_policy(update_every=4 * HOUR, hours=office)).passes("6h").asks(Acknowledge(by="dan", via="cli"))
    )
    assert next_update(life.incident) == START + 26 * HOUR


def test_resolved_nothing_is_due_and_taken_back_it_is_due_as_before() -> None:
    """The reminder goes with the incident, and comes back with it."""
    life = answered().passes("10m")
    at = life.remind_at
    life.asks(Resolve(by="ana", via="cli"))
    assert life.remind_at is None
    life.now += 20
    life.asks(Undo(by="ana", via="cli", roster=EVERYBODY))
    assert life.remind_at == at == START + 30 * MINUTE


def test_an_acknowledgement_taken_back_owes_no_update() -> None:
    """It is nobody's again: the matrix calls, and nothing else."""
    life = answered()
    life.asks(Undo(by="ana", via="cli", roster=EVERYBODY))
    assert (life.remind_at, due_of(life.incident)) == (None, None)


def test_a_promise_holds_also_while_nobody_has_it() -> None:
    """Somebody said that they would say more: then they are asked, the first responder where nobody is named."""
    life = opened("P1", POLICY)
    life.asks(PostUpdate(by="dan", via="cli", text="We look", next_in=10 * MINUTE))
    life.said()
    assert [one for one in life.passes("10m").said() if one.startswith("reminder")] == [
        "reminder: on-call engineer (ana) on pager",
        "reminder: on-call engineer (ana) on mail",
    ]


def test_recovered_an_old_promise_ends_and_a_new_one_holds() -> None:
    """That it has recovered tells more than the update would have."""
    life = answered().asks(posted(next_in=20 * MINUTE)).passes("5m").clears()
    assert life.remind_at is None
    life.passes("1m").asks(posted("We watch it", next_in=5 * MINUTE))
    assert life.remind_at == life.now + 5 * MINUTE


def test_a_reminder_is_put_off_dropped_and_asked_for() -> None:
    """By hand: later, not at all, or now; the next update brings it back."""
    life = answered()
    life.asks(PutOffReminder(by="dan", via="cli", seconds=600))
    assert life.remind_at == START + 40 * MINUTE
    life.asks(DropReminder(by="dan", via="cli", reason="we sit together"))
    assert life.remind_at is None
    assert life.said() == []
    life.asks(Remind(roster=EVERYBODY, by="dan", via="cli"))
    assert life.said() == ["reminder: on-call engineer (ana) on pager", "reminder: on-call engineer (ana) on mail"]
    assert life.history("dropped") == ["dan dropped the reminder of an update: we sit together"]
    life.asks(posted())
    assert life.remind_at == life.now + 30 * MINUTE


def test_a_reminder_that_comes_too_early_waits() -> None:
    """The promise it was woken for has moved: it is made again, and nobody is told."""
    life = answered()
    life.asks(Remind(roster=EVERYBODY))
    assert life.last.effects == (RemindAt(at=START + 30 * MINUTE),)


def test_away_for_hours_tocsin_reminds_once_at_a_time() -> None:
    """What came due meanwhile is not all said at once."""
    life = answered().sleeps("3h")
    assert life.said() == ["reminder: on-call engineer (ana) on pager", "reminder: on-call engineer (ana) on mail"]
    assert next_reminder(life.incident) == life.now + 10 * MINUTE


@pytest.mark.parametrize(
    ("asks", "status"),
    [
        ([], Status.INVESTIGATING),
        ([Mitigate(by="ana", via="cli")], Status.MITIGATING),
        ([posted(status=Status.MITIGATING)], Status.MITIGATING),
        ([posted(status=Status.MITIGATING), Mitigate(by="ana", via="cli")], Status.MITIGATING),
        ([Mitigate(by="ana", via="cli"), posted(status=Status.INVESTIGATING)], Status.INVESTIGATING),
        ([posted(status=Status.MITIGATING), Resolve(by="ana", via="cli")], Status.RESOLVED),
    ],
)
def test_the_status_is_what_was_said_last(asks: list[object], status: Status) -> None:
    """By an update, or by what became of the incident since."""
    life = answered()
    for one in asks:
        life.now += 60
        life.asks(one)  # type: ignore[arg-type]
    assert status_of(life.incident) is status


def test_fired_again_it_is_investigated_again() -> None:
    """What was said of the earlier fire is not said of this one."""
    life = answered().asks(posted(status=Status.MITIGATING)).passes("1m").clears().passes("1m").fires()
    assert status_of(life.incident) is Status.INVESTIGATING


def test_an_update_of_what_is_over_promises_nothing() -> None:
    """It is told all the same: who watches on says so."""
    life = answered().asks(Resolve(by="ana", via="cli"))
    life.said()
    life.asks(posted("Still fine"))
    assert life.said()[0].startswith("update")
    assert life.notified[-1].note == "Resolved: Still fine."
    assert life.remind_at is None


def test_a_reminder_is_no_page_and_no_all_clear() -> None:
    """It rings no pager, and what has been told to be over stays told."""
    assert not Reason.REMINDER.pages
    assert not Reason.REMINDER.ends
    assert a_roster().channels_of("nobody in the YAML") == frozenset()
