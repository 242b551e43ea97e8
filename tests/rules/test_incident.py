"""An incident is copied in a way of its own: it must be what `dataclasses.replace` makes, only sooner."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields, replace

import pytest

from rules.event import Severity
from rules.incident import Incident, Policy, State
from rules.record import decode, encode

INCIDENT = Incident(
    id="A",
    group_key="g",
    title="t",
    severity=Severity.P3,
    state=State.TRIGGERED,
    opened_at=1.0,
    severity_since=1.0,
    rule="r",
    policy=Policy(plans={}),
)


@pytest.mark.parametrize("name", [field.name for field in fields(Incident)])
def test_a_change_is_what_replace_makes_of_it(name: str) -> None:
    """Of every field; the one before stays as it was, and both read and compare as records do."""
    before = encode(INCIDENT)
    changed = INCIDENT.changed(**{name: "else"})
    assert changed == replace(INCIDENT, **{name: "else"})
    assert changed is not INCIDENT
    assert encode(INCIDENT) == before
    assert list(vars(changed)) == [field.name for field in fields(Incident)]
    assert decode(Incident, before) == INCIDENT


def test_a_field_that_is_not_there_cannot_be_changed() -> None:
    """A slip of the pen fails at once, in `changed` as in an assignment."""
    with pytest.raises(TypeError, match="Incident has no titel"):
        INCIDENT.changed(titel="x")
    with pytest.raises(FrozenInstanceError):
        INCIDENT.title = "x"  # type: ignore[misc]
