"""What is silenced that nobody has ever named: said, with the nearest word, and never refused."""

from __future__ import annotations

import pytest

from rules.holds.unheard import unheard
from rules.match import Condition
from rules.reading.load import load
from tests.receiver.ear import RULES
from tests.rules.lives import opened

WRITTEN = RULES.replace("when: {kind: [uptimekuma.down]}", "when: {labels: {service: [checkout, api]}}")
CONFIG = load({"rules.yaml": WRITTEN}, runbooks={"site-down": "# Down"}).config
ALL_THE_SAME = "It is silenced all the same."


@pytest.mark.parametrize(
    "when",
    [
        {"labels": {"service": "checkout"}},
        {"labels": {"environment": "production"}},
        {"labels": {"customer": "acme"}},
        {"source": ["kuma"]},
        {"source": ["uptimekuma"]},
        {"source": ["uptime"]},
        {"summary": ["anything at all"]},
    ],
)
def test_what_rules_sources_or_incidents_have_needs_no_word(when: dict[str, object]) -> None:
    """Asked for by a rule, set by a source, seen in an incident; a source by name, type or family."""
    seen = opened("P1", labels={"customer": "acme"}).incident
    assert unheard(Condition.model_validate(when), CONFIG, [seen]) == []


@pytest.mark.parametrize(
    ("when", "said"),
    [
        (
            {"labels": {"service": "checkuot"}},
            f"So far no rule and no incident has the label service=checkuot: did you mean checkout? {ALL_THE_SAME}",
        ),
        (
            {"labels": {"servce": "api"}},
            f"So far no rule and no incident has the label servce=api: did you mean service? {ALL_THE_SAME}",
        ),
        (
            {"labels": {"service": "warehouse"}},
            f"So far no rule and no incident has the label service=warehouse. {ALL_THE_SAME}",
        ),
        ({"source": ["kumma"]}, f"The rules have no source kumma: did you mean kuma? {ALL_THE_SAME}"),
    ],
)
def test_what_nobody_has_is_said(when: dict[str, object], said: str) -> None:
    """A new service is silenced as it should be; of a mistyped one the nearest is named, or of its label."""
    assert unheard(Condition.model_validate(when), CONFIG, []) == [said]
