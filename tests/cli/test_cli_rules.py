"""Rules tried at a terminal: no Redis, no secrets, no server."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from router.cli import main

RULES = """
severities:
  P1: {means: Outage, respond_within: 15m, channels: [slack], fallback: [room]}
  P2: {means: Major, respond_within: 1h, channels: [slack], first_responder: lead}
  P3: {means: Minor, respond_within: 4h, channels: [slack], first_responder: lead}
  P4: {means: Low, respond_within: 24h, channels: [slack], first_responder: lead}
escalation:
  - {severity: P1, responder: on-call engineer, after: 15m, escalate_to: lead}
  - {severity: P1, responder: lead, after: 30m, escalate_to: ceo}
roles: {on-call engineer: {person: ana}, lead: {person: maria}, ceo: {person: victor}}
people: {ana: {email: a@example.com}, maria: {email: m@example.com}, victor: {email: v@example.com}}
sources: {shop: {type: pingdom, token: "${env:TOCSIN_TEST_UNSET}"}}
channels: {slack: {type: slack, url: "${env:TOCSIN_TEST_UNSET}"}, room: {type: slack, url: "${env:TOCSIN_TEST_UNSET}"}}
rules:
  - {name: large, when: {severity: major}, then: {severity: P2}}
  - {name: small, when: {severity: minor}, then: {severity: P4}}
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
    (decision,) = said["decisions"]
    assert decision["rule"] == "shop down"
    assert decision["severity"] == "P1"
    assert decision["why"][0] == "large: the sender's severity is 'high', not one of: major"
    assert decision["why"][2] == "shop down: matched"
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


def explained(folder: Path, old: str, new: str, output: str = "text") -> str:
    """What `explain` says of the sample after one change of the rules."""
    (folder / "rules.yaml").write_text(RULES.replace(old, new), encoding="utf-8")
    body = Path(__file__).parents[2] / SAMPLE
    said = tell("explain", "shop", str(body), "--config", str(folder), "-o", output)
    assert said.exit_code == 0, said.output
    return said.stdout


def test_explain_names_whom_nothing_reaches(folder: Path) -> None:
    """A step that calls nobody is not shown as one that does."""
    said = explained(folder, "ana: {email: a@example.com}", "ana: {}")
    assert "on-call engineer (ana, whom none of these reaches)" in said
    assert "lead (maria)" in said


def test_explain_tells_of_further_rounds(folder: Path) -> None:
    """`repeat: 2`: the matrix three times, and only then its end."""
    rows = json.loads(explained(folder, "respond_within: 15m", "respond_within: 15m, repeat: 2", "json"))["timetable"]
    assert [(row["at"], row["step"]) for row in rows[-2:]] == [("T+45m", "repeat"), ("T+2h15m", "exhausted")]
    assert rows[-2]["to"] == "all of the above again, 2 times"


def test_explain_tells_what_stands_between_the_event_and_the_page(folder: Path) -> None:
    """A gate, a team beside the role, and a suppression are said before the timetable."""
    gated = "more_than: {count: 10, within: 5m}, then: {severity: P1, team: web}}\nteams: {web: {people: [ana]}}"
    said = explained(folder, "then: {severity: P1}}", gated)
    assert "Counted; an incident opens only above 10 within 5m. 15m of quiet end it." in said
    assert 'It is counted under ["shop down"]; `tocsin pending --gates`' in said
    assert said.index("counted from when it opens and only then") < said.index("T+0")
    assert "Team web (ana) is told beside every step." in said
    quiet = explained(folder, "then: {severity: P1}", "then: {suppress: a known nuisance}")
    assert "Suppressed, nobody is told: a known nuisance" in quiet
    assert "T+0" not in quiet


def test_init_copies_rules_that_can_be_used_and_overwrites_nothing(tmp_path: Path) -> None:
    """A new folder is a working, commented start; a folder with something in it is left as it is."""
    folder = tmp_path / "config"
    assert tell("init", str(folder)).exit_code == 0
    assert tell("check", str(folder)).exit_code == 0
    assert "# " in (folder / "rules.yaml").read_text(encoding="utf-8")
    assert (folder / "runbooks" / "site-down.md").is_file()
    (folder / "rules.yaml").write_text("rules: []", encoding="utf-8")
    again = tell("init", str(folder))
    assert again.exit_code == 2
    assert "is not empty" in again.output
    assert (folder / "rules.yaml").read_text(encoding="utf-8") == "rules: []"


def test_check_tells_what_is_hardly_meant_and_others_use_it_all_the_same(folder: Path) -> None:
    """A misspelt kind is a finding of `check`; the rules can be used."""
    (folder / "rules.yaml").write_text(RULES.replace("source: shop", "kind: pingdom.dwon"), encoding="utf-8")
    said = tell("check", str(folder))
    assert said.exit_code == 1
    assert "rules.yaml:17:36: warning: nothing sends the kind" in said.output
    assert "did you mean pingdom.down?" in said.output
    assert "a warning stops no start" in said.output
    (problem,) = json.loads(tell("check", str(folder), "-o", "json").output)["problems"]
    assert (problem["level"], problem["message"]) == ("warning", "nothing sends the kind 'pingdom.dwon'")
    assert tell("explain", "shop", str(Path(__file__).parents[2] / SAMPLE), "--config", str(folder)).exit_code == 0


@pytest.mark.parametrize("kind", ["device", "pipe", "large"])
def test_what_is_no_file_of_rules_is_not_read(folder: Path, kind: str) -> None:
    """A link to an endless device, a pipe nobody writes to, a file of 5 MiB: told at once, in a line, and not read."""
    rules = folder / "rules.yaml"
    rules.unlink()
    if kind == "device":
        rules.symlink_to("/dev/zero")
    elif kind == "pipe":
        os.mkfifo(rules)
    else:
        rules.write_bytes(b"#" * (5 * 1024 * 1024))
    said = tell("--config", str(folder), "check")
    assert said.exit_code == 1
    assert ("the file is larger than 4 MiB" if kind == "large" else "it is no regular file") in said.output
    assert len(said.output) < 2000
