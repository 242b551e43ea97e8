"""Who leads an incident and who writes it down, whom it affects, and who hears besides that it is over."""

from __future__ import annotations

from rules.commands import Resolve
from rules.responding.response import Part
from rules.responding.response_commands import StateImpact, TakePart
from tests.rules.lives import a_policy, opened
from tests.rules.test_updates import ANA, answered, posted


def test_roles_are_taken_given_and_laid_down() -> None:
    """Who takes one tells the room; who is given one is told; the history has all of it."""
    life = answered()
    life.asks(TakePart(part=Part.COMMANDER, by="ana", via="cli", to="ana"))
    assert life.said() == ["update: on-call engineer (ana) on slack"]
    life.asks(TakePart(part=Part.COMMANDER, by="ana", via="cli", to="dan"))
    assert life.said() == [f"assigned: commander (dan) on {one}" for one in ("pager", "slack", "mail")]
    life.asks(TakePart(part=Part.SCRIBE, by="maria", via="cli", to="maria"))
    life.asks(TakePart(part=Part.COMMANDER, by="ana", via="cli", to=None))
    life.asks(TakePart(part=Part.COMMANDER, by="ana", via="cli", to=None))
    assert life.history("part") == [
        "ana is the commander",
        "ana made dan the commander, after ana",
        "maria is the scribe",
        "dan is the commander no more",
    ]
    assert (life.incident.response.commander, life.incident.response.scribe) == (None, "maria")


def test_the_impact_is_written_down_without_telling() -> None:
    """What is not said stays; what is said again is no news."""
    life = answered()
    life.asks(StateImpact(by="ana", via="cli", affected="everybody", users_noticed=True))
    life.asks(StateImpact(by="ana", via="cli", affected="everybody"))
    assert life.history("impact") == ["impact: affected: everybody; users have noticed"]
    assert life.said() == []


NOTICED = StateImpact(by="ana", via="cli", users_noticed=True, affected="who pays by card")
ANNOUNCED = a_policy(announce=("general",), stakeholders=("victor", "ana"))


def test_that_it_is_over_is_announced_where_users_have_noticed() -> None:
    """Everybody's room, once, and whoever has a stake in it and was not told anyway."""
    life = opened("P1", ANNOUNCED).asks(ANA).asks(NOTICED).asks(posted("We rolled back.")).passes("20m")
    life.said()
    life.asks(Resolve(by="ana", via="cli"))
    assert [one for one in life.said() if one.startswith("update")] == [
        "update: everybody (None) on general",
        "update: stakeholder (victor) on pager",
        "update: stakeholder (victor) on mail",
    ]
    assert life.notified[-1].note == "Resolved after 20m. We rolled back. Affected: who pays by card."


def test_what_nobody_noticed_is_announced_to_nobody() -> None:
    """Nor a false positive; who has a stake in it hears that it is over all the same."""
    life = opened("P1", ANNOUNCED).asks(ANA)
    life.said()
    assert not any("general" in one for one in life.asks(Resolve(by="ana", via="cli")).said())
    assert "update: stakeholder (victor) on mail" in [
        f"{o.reason}: {o.role} ({o.person}) on {o.channel}" for o in life.notified
    ]


def test_what_time_closes_is_announced_too() -> None:
    """By whom, it says; what was told before is not told twice."""
    life = opened("P1", ANNOUNCED).asks(ANA).asks(NOTICED).clears()
    life.said()
    assert life.passes("15m").said()[0] == "update: everybody (None) on general"
    assert life.notified[-1].by == "Tocsin"
