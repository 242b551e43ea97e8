"""An answer is taken back of an incident that owes updates and has a checklist: it stands and owes as before."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rules.commands import Command, Resolve
from rules.owed import remind_owed, settle_owed
from rules.plan import Item
from rules.responding.response_commands import PostUpdate, Tick
from tests.rules.lives import MINUTE, a_policy, heard_so_far
from tests.rules.test_undo import ANSWERED, BACK, WORDS, happens, standing

RUN = a_policy(update_every=30 * MINUTE, verify=(Item(id="verify:log-in", text="Users can log in"),))
CLOSES = Resolve(by="ana", via="cli", override="a drill")
RUNS = [
    PostUpdate(by="dan", via="cli", text="we look"),
    PostUpdate(by="dan", via="cli", text="we look", next_in=600),
    Tick(item="1", by="dan", via="cli"),
]


@given(
    words=st.lists(st.one_of(WORDS, st.sampled_from(RUNS)), max_size=12),
    answer=st.sampled_from([*ANSWERED.values(), CLOSES]),
    wait=st.sampled_from([0, 7, 29]),
)
def test_with_updates_and_a_checklist_it_owes_as_before_too(
    words: list[str | Command], answer: Command, wait: int
) -> None:
    """Reminders and what is verified follow from how it stands: they come back with it, whatever was answered."""
    life = heard_so_far("P2", policy=RUN)
    for word in words:
        happens(life, word)
    stood, owed, earlier = standing(life.incident), remind_owed(life.incident), life.incident.last_answer
    life.asks(answer)
    last = life.incident.last_answer
    if last is None or last is earlier:
        return
    life.now += wait
    life.asks(BACK)
    assert standing(life.incident) == stood
    assert remind_owed(life.incident) == owed
    assert life.remind_at == (owed.at if owed is not None else None)
    assert settle_owed(life.incident) is None or life.settle_at is not None
