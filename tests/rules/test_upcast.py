"""Records of an older release become records of today, one version at a time; newer ones are left alone."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from rules.incident import Incident
from rules.record import decode, encode
from rules.upcast import UPCASTS, VERSION, NewerRecord, upcast
from tests.rules.lives import opened

STEPS = {
    ("Incident", 1): lambda old: {**old, "owner": old["assignee"]},
    ("Incident", 3): lambda old: {**old, "owners": [old["owner"]]},
}


@pytest.mark.parametrize("version", [{}, {"v": 1}], ids=["without a version", "version 1"])
def test_every_step_in_between_is_taken(version: dict[str, Any]) -> None:
    """From the first version to the fourth, also where one of the releases changed another kind of record only."""
    found = upcast("Incident", {"assignee": "ana", **version}, STEPS, to=4)
    assert found == {"assignee": "ana", "owner": "ana", "owners": ["ana"], "v": 4}


def test_a_record_of_today_is_left_as_it_is() -> None:
    """No step is taken twice."""
    assert upcast("Incident", {"owner": "ana", "v": 2}, STEPS, to=2) == {"owner": "ana", "v": 2}


def test_a_newer_record_is_refused() -> None:
    """Its words may mean something else by then."""
    with pytest.raises(NewerRecord, match=f"a record of version 3; this release reads up to version {VERSION}"):
        upcast("Incident", {"v": 3}, STEPS, to=2)


@pytest.mark.parametrize("strange", [{}, {"state": "frozen"}, {"signals": []}])
def test_a_newer_incident_is_told_from_a_broken_one(strange: dict[str, Any]) -> None:
    """Whether it still reads like one of ours or not: it is not ours."""
    stored = orjson.loads(encode(opened("P1").incident)) | strange
    with pytest.raises(NewerRecord):
        decode(Incident, orjson.dumps(stored | {"v": VERSION + 1}))
    if strange:
        with pytest.raises(ValidationError):
            decode(Incident, orjson.dumps(stored))


def test_the_steps_lead_up_to_today() -> None:
    """None begins where no release is yet."""
    assert all(1 <= version < VERSION for _, version in UPCASTS)
