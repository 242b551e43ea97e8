"""Money that is lost, as a part of what can happen in any order: a gate adds it up."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from rules.event import Event
from tests.world import World

LOSSES = """\
  - name: money is lost
    when: {labels: {how: lost}}
    more_than: {sum: labels.amount, over: 500, within: 10m, quiet_for: 15m}
    then: {severity: P1}"""


class Losing(RuleBasedStateMachine):
    """A shop whose failed payments are added up."""

    world: World
    known: list[Event]

    @rule(
        amount=st.sampled_from(["0.01", "120.50", "250", "500", "500.01"]), late=st.sampled_from([0, 0, 20, 400, 900])
    )
    def loses(self, amount: str, late: float) -> None:
        """A payment of so much has failed, or had a while ago."""
        event = self.world.hears(
            "lost",
            key=f"payment {len(self.known)}",
            at=self.world.clock.now() - late,
            work=False,
            sender_id=f"lost {len(self.known)}",
            labels={"amount": amount},
        )
        self.known.append(event)
