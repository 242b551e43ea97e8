"""Checklists in the YAML: how they are written, and what is said when they are written wrongly."""

from __future__ import annotations

import pytest

from rules.event import Severity
from rules.reading.load import Wrong, load
from tests.rules.configuration import GOOD

LIST = """\
checklists:
  all is well:
    - Users can log in
    - {text: "Errors are  normal", quiet_for: 10m}
    - {green: uptime}
    - quiet_for: 1h
"""
GATED = GOOD.replace("channels: [slack]}", "channels: [slack], update_every: 30m, verify: all is well}", 1) + LIST


def problems(text: str) -> list[str]:
    """What is wrong with it."""
    with pytest.raises(Wrong) as wrong:
        load({"rules.yaml": text})
    return [str(one).partition(":")[2] for one in wrong.value.problems]


def test_a_severity_has_its_checklist_and_its_rhythm() -> None:
    """Frozen into its plan, with words for what is so by itself."""
    plans = load({"rules.yaml": GATED}).policy.plans
    assert [item.text for item in plans[Severity.P1].verify] == [
        "Users can log in",
        "Errors are normal",
        "nothing fires any more in uptime",
        "no event for 1h",
    ]
    assert [item.quiet_for for item in plans[Severity.P1].verify] == [None, 600.0, None, 3600.0]
    assert (plans[Severity.P1].update_every, plans[Severity.P2].update_every) == (1800.0, None)
    assert plans[Severity.P2].verify == ()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("verify: all is well", "verify: all is wel", "there is no checklist 'all is wel' (did you mean all is well?)"),
        ("    - Users can log in\n", "    - {}\n", "expected what must be so, like: - users can log in"),
        (
            "{green: uptime}",
            "{green: uptime, quiet_for: 1m}",
            "an item is one of check, quiet_for, green, found quiet_for and green",
        ),
        ("{green: uptime}", "{gren: uptime}", "unknown key 'gren' (did you mean green?)"),
        ("{green: uptime}", "{green: uptme}", "there is no source 'uptme' (did you mean uptime?)"),
        ("{green: uptime}", "Users can log in", "this item stands twice in the list (remove one of the two)"),
        ("{green: uptime}", "{check: health}", "there are no checks, and 'health' must be one of them"),
        ("quiet_for: 10m", "quiet_for: often", "expected a duration with its unit"),
        ("    - Users can log in\n", "".join(f"    - item {n}\n" for n in range(60)), "at most 50 items, found 63"),
        ("update_every: 30m", "update_every: 5s", "expected at least 1m: somebody has to write it"),
        ("checklists:\n  all is well:", "checklists:\n  all/well:", "'all/well' is no name for a checklist"),
    ],
)
def test_what_is_wrong_is_said_at_its_place(old: str, new: str, said: str) -> None:
    """With what was expected, and the nearest right word."""
    assert old in GATED
    told = problems(GATED.replace(old, new, 1))
    assert any(said in one for one in told), told


def test_without_any_checklist_it_says_where_they_are_written() -> None:
    """One mistake, however many severities ask for one."""
    (told,) = problems(GATED.removesuffix(LIST))
    assert "there are no checklists, and 'all is well' must be one of them" in told
    assert "in verification.yaml for example" in told
