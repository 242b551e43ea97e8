"""Rules tried at a terminal: no Redis, no secrets, no server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from router.cli import main

RULES = """
severities:
  P1: {means: Outage, respond_within: 15m, channels: [slack]}
  P2: {means: Major, respond_within: 1h, channels: [slack], first_responder: lead}
  P3: {means: Minor, respond_within: 4h, channels: [slack], first_responder: lead}
  P4: {means: Low, respond_within: 24h, channels: [slack], first_responder: lead}
escalation:
  - {severity: P1, responder: on-call engineer, after: 15m, escalate_to: lead}
  - {severity: P1, responder: lead, after: 30m, escalate_to: ceo}
roles: {on-call engineer: {person: ana}, lead: {person: maria}, ceo: {person: victor}}
people: {ana: {email: a@example.com}, maria: {email: m@example.com}, victor: {email: v@example.com}}
sources: {shop: {type: pingdom, token: "${env:TOCSIN_TEST_UNSET}"}}
channels: {slack: {type: slack, url: "${env:TOCSIN_TEST_UNSET}"}}
rules:
  - {name: shop down, when: {source: shop}, then: {severity: P1}}
"""
SAMPLE = "router/sources/samples/pingdom/http_down.json"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of rules that can be used."""
    (tmp_path / "rules.yaml").write_text(RULES, encoding="utf-8")
    return tmp_path


def tell(*words: str) -> Result:
    """`tocsin …`, as typed."""
    return CliRunner().invoke(main, list(words))


def test_check_of_good_rules_is_content(folder: Path) -> None:
    """Nothing wrong: exit code 0, and no secret is needed to know."""
    assert tell("check", str(folder)).exit_code == 0


def test_check_names_the_place_and_the_nearest_word(folder: Path) -> None:
    """A mistyped source type ends with 1, file:line:column and the right word."""
    (folder / "rules.yaml").write_text(RULES.replace("type: pingdom", "type: pingdon"), encoding="utf-8")
    said = tell("check", str(folder))
    assert said.exit_code == 1
    assert "rules.yaml:12:24:" in said.output
    assert "pingdom" in said.output


@pytest.mark.parametrize(
    ("clock", "times"),
    [("severity", ["T+0", "T+15m", "T+30m", "T+45m"]), ("previous_step", ["T+0", "T+15m", "T+45m", "T+1h15m"])],
)
def test_explain_tells_who_would_be_told_when(folder: Path, clock: str, times: list[str]) -> None:
    """The whole ladder stands there before anything has happened, by the operator's clock."""
    (folder / "rules.yaml").write_text(f"escalation_clock: {clock}\n{RULES}", encoding="utf-8")
    body = Path(__file__).parents[2] / SAMPLE
    said = json.loads(tell("explain", "shop", str(body), "--config", str(folder), "-o", "json").stdout)
    assert set(said) == {"events", "decisions", "timetable"}
    assert said["decisions"] == [{"rule": "shop down", "severity": "P1", "why": ["shop down: matched"]}]
    assert [row["at"] for row in said["timetable"]] == times
    assert said["timetable"][2]["to"] == "ceo (victor)"


def test_send_without_its_secret_says_which_variable_to_set(folder: Path) -> None:
    """A reference that leads nowhere is named; nothing is sent."""
    said = tell("send", "shop", "--config", str(folder))
    assert said.exit_code == 2
    assert "TOCSIN_TEST_UNSET" in said.output


def test_init_overwrites_nothing(folder: Path) -> None:
    """A folder that holds something is refused and stays as it is."""
    assert tell("init", str(folder)).exit_code == 2
    assert (folder / "rules.yaml").read_text(encoding="utf-8") == RULES
