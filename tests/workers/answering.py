"""What people do, as a part of what can happen in any order: they answer, take that back, and call others in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from rules.commands import Acknowledge, ChangeSeverity, EscalateNow, Resolve, Undo
from rules.event import Severity
from rules.incident import Incident, Reason, TimelineEntry
from tests import answered
from tests.model import Case, Model
from tests.workers.losing import Losing
from workers.ledger import Refused

WORDS = st.sampled_from(["takes", "takes", "ends", *Severity])
WHILE = st.sampled_from([None, 0.0, 5.0, 20.0])
PEOPLE = st.sampled_from(["ana", "ana", "dan"])


class Answering(Losing):
    """People and the incidents they are called for."""

    model: Model
    lines: dict[str, int]
    """How long each history was when its last answer was given."""

    @property
    def now(self) -> float:
        """The driven clock."""
        return self.world.clock.now()

    def pairs(self) -> Iterator[tuple[Incident, Case]]:
        """Each incident with what the model says of it."""
        raise NotImplementedError

    def _draws(self, data: Any) -> tuple[Incident, Case]:
        case = self.model.cases[data.draw(st.integers(0, len(self.model.cases) - 1))]
        return next(pair for pair in self.pairs() if pair[1] is case)

    @precondition(lambda self: self.model.cases)
    @rule(data=st.data(), word=WORDS, by=PEOPLE)
    def somebody_answers(self, data: Any, word: str, by: str) -> None:
        """They take it, end it, or say how bad it is."""
        incident, case = self._draws(data)
        self._answers(incident, case, word, by)

    def _answers(self, incident: Incident, case: Case, word: str, by: str) -> None:
        ledger, slip = self.world.house.ledger, case.slip
        if word == "takes":
            ledger.answer(incident.id, Acknowledge(by=by, via="cli"))
            answered.acknowledge(case, by, self.now)
        elif word == "ends":
            ledger.answer(incident.id, Resolve(by=by, via="cli"))
            answered.resolve(case, by, self.now)
        else:
            to = Severity(word)
            ledger.answer(incident.id, ChangeSeverity(by=by, via="cli", to=to, roster=ledger.roster()))
            answered.change(case, to, by, self.now)
        if case.slip is not slip:
            self.lines[incident.id] = len(self.world.house.store.timeline(incident.id))

    @precondition(lambda self: self.model.cases)
    @rule(data=st.data())
    def somebody_is_called_in(self, data: Any) -> None:
        """Whom the matrix names next comes now; at its end nobody does."""
        incident, case = self._draws(data)
        person, ledger = answered.next_to_call(case), self.world.house.ledger
        command = EscalateNow(by="ana", via="cli", roster=ledger.roster())
        if person is None:
            with pytest.raises(Refused):
                ledger.answer(incident.id, command)
            return
        ledger.answer(incident.id, command)
        answered.call_in(case, person, self.now)

    @precondition(lambda self: self.model.cases)
    @rule(data=st.data(), words=st.lists(WORDS, min_size=1, max_size=3), seconds=WHILE)
    def somebody_slips(self, data: Any, words: list[str], seconds: float | None) -> None:
        """The last of their answers was not meant; sometimes work is done before they notice."""
        incident, case = self._draws(data)
        for word in words:
            self._answers(incident, case, word, "ana")
        if seconds is not None:
            self.world.passes(seconds)
        self._takes_back(incident, case, "ana")

    @precondition(lambda self: self.model.cases)
    @rule(data=st.data(), by=PEOPLE)
    def an_answer_is_taken_back(self, data: Any, by: str) -> None:
        """Of a while ago, or somebody else's."""
        self._takes_back(*self._draws(data), by)

    def _takes_back(self, incident: Incident, case: Case, by: str) -> None:
        ledger = self.world.house.ledger
        command = Undo(by=by, via="cli", roster=ledger.roster())
        if not self.model.may_be_taken_back(case, by, self.now):
            with pytest.raises(Refused):
                ledger.answer(incident.id, command)
            return
        left_out = self._left_out(incident, case)
        ledger.answer(incident.id, command)
        answered.take_back(case, left_out, self.now)

    def _left_out(self, incident: Incident, case: Case) -> set[tuple[Reason, str]]:
        """Pages of the ladder that stands again that came to nothing since the answer, by the incident's history."""
        lines = self.world.house.store.timeline(incident.id)[self.lines[incident.id] :]
        assert case.slip is not None
        pages = {(one.reason, one.person) for one in case.slip.owed}
        skipped = [line for line in lines if line.kind == "skipped"]
        return {(reason, who) for reason, who in pages if any(says(line, reason, who) for line in skipped)}


def says(line: TimelineEntry, reason: Reason, person: str) -> bool:
    """Is this line what became of such a page?"""
    return line.detail["way"].endswith(f"/{person}") and f": {reason.value}" in line.text
