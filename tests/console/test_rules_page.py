"""The page of rules: what is in force in words, the matrix, who is who, silences, and what was refused."""

from __future__ import annotations

import pytest

from rules.explained import inwords
from rules.explained.inwords import condition, gate
from rules.gates.more_than import MoreThan
from rules.match import FIELDS, Condition
from rules.reading.load import load
from tests.console.conftest import Console, said
from tests.receiver.ear import NOW, RULES
from workers.rulebook import edition, silences, spoken
from workers.rulebook.edition import Refusal

HOSTILE = "<img src=x onerror='alert(1)'>"


def test_every_rule_is_read_aloud_in_its_order(console: Console) -> None:
    """With what it says then, and the rule there is always at the end."""
    page = console.get("/rules")
    assert page.status_code == 200
    words = said(page)
    assert words.index("kind is uptimekuma.down") < words.index("everything else")
    assert "no rule matched" in words
    assert "runbook site-down" in words
    assert "on-call engineer (ana now)" in words


def test_refused_rules_are_told_with_the_place(console: Console) -> None:
    """And that the old ones stay."""
    edition.refuse(console.redis, Refusal(at=NOW, by="changed files", why=("rules.yaml:3:5: unknown key 'severty'",)))
    words = said(console.get("/rules"))
    assert "New rules are refused; these stay in force" in words
    assert "rules.yaml:3:5: unknown key 'severty'" in words


def test_a_silence_is_set_shown_and_lifted(console: Console) -> None:
    """From the page, by whoever looks at it."""
    form = {"label": "service=api", "for": "1h", "reason": "a deployment"}
    assert console.pressed("/rules/silence", form) == "Silent until 11:00 UTC: a deployment."
    (made,) = silences.every(console.redis)
    assert made.by == "Demo admin"
    assert "Silent until 11:00 UTC" in said(console.get("/rules"))
    assert "is lifted" in console.pressed("/rules/lift", {"name": made.name})
    assert silences.every(console.redis) == []


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"for": "1h", "reason": "x"}, "to silence everything"),
        ({"label": "<img src", "for": "1h", "reason": "x"}, "key=value"),
        ({"label": "a=b", "for": HOSTILE, "reason": "x"}, "for"),
        ({"label": "a=b", "for": "1h", "reason": ""}, "Please fill in “reason”"),
    ],
)
def test_a_silence_that_makes_no_sense_is_told_beside_its_form(
    console: Console, form: dict[str, str], says: str
) -> None:
    """Nothing is silenced, and nothing of it becomes HTML."""
    answer = console.press("/rules/silence", form)
    assert (answer.status_code, says in said(answer)) == (422, True)
    assert "<img src=x" not in answer.text
    assert silences.every(console.redis) == []


def test_names_and_words_of_the_yaml_are_text(console: Console) -> None:
    """Whatever the rules are called."""
    rules = RULES.replace("everything else", f'"{HOSTILE}"').replace("Complete outage", f'"{HOSTILE}"')
    console.use(load({"rules.yaml": rules}))
    page = console.get("/rules")
    assert (page.status_code, "<img src=x" in page.text) == (200, False)


def test_every_word_of_a_condition_can_be_read_aloud() -> None:
    """One that is new in the YAML is missed here."""
    assert inwords._SAID.keys() == FIELDS.keys()


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({}, []),
        ({"source": ["stripe", "sentry"]}, ["source is stripe or sentry"]),
        ({"summary": "disk.*full"}, ["the summary has /disk.*full/"]),
        ({"weekday": "sat-sun", "timezone": "Europe/Bucharest"}, ["on sat or sun (Europe/Bucharest)"]),
        ({"hours": "22:00-06:00"}, ["at 22:00-06:00 (UTC)"]),
        ({"not": {"labels": {"a": "b"}}}, ["not: label a is b"]),
        ({"any": [{"kind": "a.b"}, {"severity": "fatal"}]}, ["either kind is a.b; or the sender says fatal"]),
        ({"kind": [f"a.b{n}" for n in range(10)]}, [f"kind is {', '.join(f'a.b{n}' for n in range(8))} or 2 more"]),
    ],
)
def test_a_condition_is_said_as_a_person_would(asked: dict[str, object], says: list[str]) -> None:
    """A part for each thing that must hold."""
    assert condition(Condition.model_validate(asked)) == says


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"count": 10, "within": "5m", "per": ["source"]}, "more than 10 within 5m, for each source"),
        ({"sum": "labels.amount", "over": "500", "currency": "eur", "within": "1h"},
         "when amount adds up to more than 500 EUR within 1h"),
        ({"times_usual": "5", "at_least": 20, "within": "1h"},
         "more than 5 times what is usual, and at least 20 within 1h"),
    ],
)  # fmt: skip
def test_a_gate_is_said_as_a_person_would(asked: dict[str, object], says: str) -> None:
    """What opens it, and how it counts."""
    assert gate(MoreThan.model_validate(asked)) == says


def test_how_often_each_rule_spoke_stands_beside_it(console: Console) -> None:
    """Within seven days, and when last; one that never did is told as well."""
    spoken.begin(console.redis, NOW - 60)
    console.is_down()
    console.is_down(8)
    console.clock.at += 3600
    words = said(console.get("/rules"))
    assert "P1 runbook site-down 2 last 1h ago" in words
    assert "P3 not once" in words
    assert "since 09:59 UTC ; 7 days are told" in words, words[words.index("Spoke:") :][:200]
