"""When people are reminded of a maintenance, whom that concerns, and in which words."""

from __future__ import annotations

import pytest

from rules.event import Severity
from rules.holds.maintenance import Maintenance, Told, over, still_on, whom
from rules.oncall.roster import Roster
from rules.reading.load import load
from tests.world import RULES, START
from workers.channels import OPTIONS
from workers.house import ways

RULESET = load({"rules.yaml": RULES}, channel_options=OPTIONS)
WAYS = ways(RULESET)
ROSTER = RULESET.roster(START, WAYS)


def a_maintenance(lasts: float = 3600.0, **more: object) -> Maintenance:
    """Of the API, from nine o'clock on."""
    said = {"name": "M-1", "service": "api", "reason": "new disks", "by": "dan", "severity": Severity.P4}
    return Maintenance(**{**said, "start": START, "end": START + lasts, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("lasts", "before"), [(3600.0, 600.0), (2400.0, 600.0), (1200.0, 300.0), (60.0, 15.0), (7 * 86400.0, 600.0)]
)
def test_people_are_reminded_ten_minutes_before_the_end_and_of_short_ones_later(lasts: float, before: float) -> None:
    """And of the end itself; after that nothing is due."""
    one = a_maintenance(lasts)
    assert one.remind_at == one.end - before
    assert one.looks_at(START) == one.remind_at
    assert one.looks_at(one.remind_at) == one.end
    assert one.looks_at(one.end) is None


@pytest.mark.parametrize(
    ("severity", "by", "told"),
    [
        (Severity.P4, "dan", [Told("slack", "whoever started it", "dan", True)]),
        (Severity.P4, "root", [Told("slack", "on-call engineer", "ana", True)]),
        (
            Severity.P1,
            "dan",
            [Told("slack", "whoever started it", "dan", True), Told("mail", "whoever started it", "dan", False)],
        ),
    ],
)
def test_whoever_started_it_is_reminded_and_the_rooms(severity: Severity, by: str, told: list[Told]) -> None:
    """No pager rings; a name that the rules do not know stands for the first responder."""
    assert whom(a_maintenance(by=by, severity=severity), RULESET, WAYS, ROSTER) == told


def test_where_the_channels_reach_nobody_the_fallback_does() -> None:
    """A severity of pagers only: better another way than none."""
    only = RULES.replace("channels: [slack], first_responder", "channels: [pager], fallback: [mail], first_responder")
    ruleset = load({"rules.yaml": only}, channel_options=OPTIONS)
    found = whom(a_maintenance(), ruleset, WAYS, ruleset.roster(START, WAYS))
    assert [(one.channel, one.person) for one in found] == [("mail", "dan")]
    assert whom(a_maintenance(by="root"), RULESET, {}, Roster()) == []


def test_the_words_say_what_to_do_first() -> None:
    """Who, why, until when, what is held back, and the commands."""
    said = still_on(a_maintenance(), [], START + 3000)
    assert said.title == "Maintenance of api is still on, and ends in 10m"
    assert said.why == "dan started it at 2026-03-02 09:00 UTC: new disks"
    assert "tocsin maintenance prolong M-1 --for 30m" in said.next
    assert said.note == "It holds nothing back so far."
    assert over(a_maintenance(), [], "ana").note == "Nothing that it held back still burns."
    assert over(a_maintenance(), [], "ana").why.startswith("ana ended it; dan started it")
