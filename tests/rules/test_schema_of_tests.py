"""The JSON Schema of `*.test.yaml`: what editors are told is what `tocsin test` reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.cli.schema import of_tests
from router.rehearsing import sample_names
from rules.reading.glossary import GLOSSARY as OF_RULES
from rules.reading.load import TESTS
from rules.reading.problem import Wrong
from rules.trial.glossary import GLOSSARY
from rules.trial.read import trials
from tests.rules.json_schema import core, wrong
from tests.rules.test_schema import parts
from workers.rulebook import configuration
from workers.rulebook.configuration import packaged

SCHEMA = of_tests()
CONFIG = configuration.read(packaged()).config
SHIPPED = [path for path in sorted(packaged().glob("*.yaml")) if path.name.endswith(TESTS)]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_every_shipped_test_fits(path: Path) -> None:
    """No red line under what is green."""
    assert list(wrong(core(path.read_text(encoding="utf-8")), SCHEMA, SCHEMA)) == []


EVENT = "event: {source: report, summary: a}"


@pytest.mark.parametrize(
    ("steps", "expect", "fits"),
    [
        (EVENT, "told: nobody", True),
        (EVENT, "told: []", True),
        (EVENT, "told: somebody", False),
        (EVENT, "severity: P1", False),
        (EVENT, "severity: P7, told: nobody", False),
        (EVENT, "severity: [P1, P2], state: resolved, told: nobody", True),
        (EVENT, "incidents: 2, told: [{at: 0m, who: ana, by: slack, reason: fired again}]", True),
        (EVENT, "told: [{at: 0m, who: ana, by: [slack, pager], reason: opened, incident: 1}]", True),
        (EVENT, "told: [{at: 0m, who: ana, by: [], reason: opened}]", False),
        (EVENT, "told: [{at: soon, who: ana, by: slack, reason: opened}]", False),
        (EVENT, "told: [{at: 0m, who: ana, by: slack, reason: paged}]", False),
        ("sample: uptimerobot/down_json", "told: nobody", True),
        ("sample: uptimerobot/dwn_json", "told: nobody", False),
        ("sample: down_json, source: uptime-robot", "told: nobody", True),
        ("times: 11, every: 20s, sample: stripe/charge_failed, with: {data.object.id: pi_<n>}", "told: nobody", True),
        ("times: 0, every: 20s, sample: stripe/charge_failed", "told: nobody", False),
        ("source: report, body: {summary: a, any: [1, true]}, headers: {x-a: b}, method: PUT", "told: nobody", True),
        ("source: report, body: text, method: DELETE", "told: nobody", False),
        ("acknowledge: ana", "told: nobody", True),
        ("acknowledge: {by: ana, incident: 2}", "told: nobody", True),
        ("acknowledge: {incident: 2}", "told: nobody", False),
        ("snooze: {by: ana, for: 2h}", "told: nobody", True),
        ("snooze: ana", "told: nobody", False),
        ("raise: {by: ana, to: P1}", "told: nobody", True),
        ("raise: {by: ana, to: worse}", "told: nobody", False),
        ("assign: {by: ana, to: dan}", "told: nobody", True),
        ("note: {by: ana, text: looking}", "told: nobody", True),
        ("false_positive: {by: ana}", "told: nobody", False),
        ("silence: {reason: a drill, for: 1h, everything: true}", "told: nobody", True),
        ("silence: {reason: a drill, when: {source: uptime}, for: 1h, then: restart}", "told: nobody", True),
        ("silence: {reason: a drill, when: {sauce: uptime}, for: 1h}", "told: nobody", False),
        ("tick: ana", "told: nobody", True),
        ("tick: {by: ana, item: 2}", "told: nobody", True),
        ("update: {by: ana, text: we roll back, status: mitigating, next: 30m}", "told: nobody", True),
        ("update: {by: ana, text: fine, status: resolved}", "told: nobody", False),
        ("resolve: {by: ana, override: nobody is awake}", "told: nobody", True),
        ("lift: ana", "told: nobody", True),
        ("broken: pager", "told: nobody", True),
        ("broken: []", "told: nobody", True),
        ("acknowledge: ana, lift: ana", "told: nobody", False),
        ("at: 5m", "told: nobody", False),
        ("at: 5m, shout: loud", "told: nobody", False),
        ("event: {source: report}", "told: nobody", False),
        ("event: {source: report, summary: a, action: shout}", "told: nobody", False),
        ("event: {source: report, summary: 12:30, labels: {version: 1.2, country: no}, late: 5m}", "told: nobody",
         True),
    ],
)  # fmt: skip
def test_the_schema_and_the_reader_agree(steps: str, expect: str, fits: bool) -> None:
    """On what one key tells: a red line where `tocsin test` would refuse it, and none where it would not."""
    text = f"tests:\n  - name: a story\n    steps: [{{{steps}}}]\n    expect: {{{expect}}}\n"
    assert (list(wrong(core(text), SCHEMA, SCHEMA)) == []) is fits
    said: list[str] = []
    try:
        trials({"a.test.yaml": text}, CONFIG, sample_names())
    except Wrong as refused:
        said = [str(problem) for problem in refused.problems]
    assert (said == []) is fits, said


@pytest.mark.parametrize(
    ("at", "fits"),
    [
        ("2026-03-02 11:00 Europe/Bucharest", True),
        ("2026-03-02T09:00Z", True),
        ("2026-03-02T09:00:00+02:00", True),
        ("Monday", False),
        ("2026-03-02", False),
    ],
)
def test_when_a_test_begins(at: str, fits: bool) -> None:
    """With its zone, which a pattern cannot ask for."""
    text = f"tests:\n  - {{name: a, at: '{at}', steps: [{{{EVENT}}}], expect: {{told: nobody}}}}\n"
    assert (list(wrong(core(text), SCHEMA, SCHEMA)) == []) is fits


def test_every_key_says_what_it_is_for() -> None:
    """And the glossary has every key, and no other."""
    assert not {name for name, said in parts(SCHEMA) if not said.get("description")}
    known = {**GLOSSARY, "Condition": OF_RULES["Condition"]}
    models = {name: each["properties"].keys() for name, each in SCHEMA["$defs"].items() if "properties" in each}
    models["Stories"] = SCHEMA["properties"].keys()
    assert {name: set(words) for name, words in known.items()} == {name: set(keys) for name, keys in models.items()}
