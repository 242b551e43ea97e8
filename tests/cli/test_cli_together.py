"""What belongs together and what follows from what, at a terminal: checked, tried, explained and listed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from router.cli import main
from tests.cli.pretended import INCIDENT, OTHER, Tocsin
from tests.cli.pretended import tell as tell_it

STORIES = """\
tests:
  - name: errors wait while the site is down, and are told when it is up
    steps:
      - {at: 0m,  sample: uptimerobot/down_json}
      - {at: 2m,  sample: sentry/metric_alert_critical}
      - {at: 10m, sample: uptimerobot/up_json}
    until: 12m
    expect:
      incidents: 2
      severity: [P1, P2]
      told:
        - {at: 0m,  who: on-call engineer, by: [pager, slack, mail], reason: opened, incident: 1}
        - {at: 10m, who: on-call engineer, by: [pager, slack, mail], reason: recovered, incident: 1}
        - {at: 10m, who: on-call engineer, by: [pager, slack],       reason: opened, incident: 2}

  - name: two senders speak of one service
    steps:
      - {at: 0m,  event: {source: own-scripts, key: queue, summary: The queue grows, labels: {service: shop}}}
      - {at: 4m,  event: {source: uptime-kuma, key: shop,  summary: shop is down,    labels: {service: shop}}}
      - {at: 15m, event: {source: own-scripts, key: disk,  summary: The disk fills,  labels: {service: shop}}}
    until: 16m
    expect:
      incidents: 2
      severity: [P1, P3]
      told:
        - {at: 0m,  who: on-call engineer, by: [slack, mail],        reason: opened, incident: 1}
        - {at: 4m,  who: on-call engineer, by: [pager, slack, mail], reason: severity raised, incident: 1}
        - {at: 15m, who: on-call engineer, by: [slack, mail],        reason: opened, incident: 2}
"""


def tell(*words: object) -> Result:
    """`tocsin …`, as typed."""
    return CliRunner().invoke(main, list(map(str, words)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shipped rules, with the examples in their comments made true."""
    folder = tmp_path / "config"
    assert tell("init", folder).exit_code == 0
    example = folder / "together.yaml"
    text = example.read_text(encoding="utf-8")
    example.write_text(text[text.index("\n# groups:") :].replace("\n# ", "\n"), encoding="utf-8")
    for shipped in folder.glob("*.test.yaml"):
        shipped.unlink()
    (folder / "together.test.yaml").write_text(STORIES, encoding="utf-8")
    return folder


def test_the_shipped_examples_can_be_used_and_do_what_they_say(folder: Path) -> None:
    """`check` has nothing to say of them, and `test` plays them as production does."""
    assert tell("check", folder).output.endswith("nothing is wrong.\n")
    said = tell("test", folder)
    assert said.exit_code == 0, said.output


def test_a_story_that_expects_too_much_is_red(folder: Path) -> None:
    """Without `inhibit` the errors are told at once, and the test says so."""
    together = folder / "together.yaml"
    together.write_text(together.read_text(encoding="utf-8").partition("inhibit:")[0], encoding="utf-8")
    said = tell("test", folder)
    assert said.exit_code == 1
    assert "(on-call engineer) by pager, slack: opened" in said.output


def explained(folder: Path, event: dict[str, Any], *words: str) -> Result:
    """What `explain` says of an event of our own scripts."""
    body = folder / "body.json"
    body.write_text(json.dumps(event), encoding="utf-8")
    return tell("explain", "own-scripts", body, "--config", folder, *words)


def test_explain_says_which_group_and_what_follows(folder: Path) -> None:
    """With the values that count, and why there is none."""
    event = {"key": "a", "summary": "Something", "labels": {"service": "shop"}}
    said = explained(folder, event)
    assert "Group «one service»: joins what others say of the same within 10m" in said.output
    decision = json.loads(explained(folder, event, "-o", "json").output)["decisions"][0]
    assert decision["group"] == {"name": "one service", "within": "10m"}
    assert decision["groups"] == ["one service: takes it"]
    said = explained(folder, {"key": "a", "summary": "Something"})
    assert "No group: one service: it has no labels.service" in said.output


def test_explain_says_what_keeps_an_event_quiet(folder: Path) -> None:
    """Both sides: the cause, and what follows from it."""
    samples = Path(__file__).parents[2] / "router" / "sources" / "samples"
    cause = tell("explain", "uptime-robot", samples / "uptimerobot" / "down_json.json", "--config", folder)
    assert "«errors while the site is down»: while it lasts, nobody is told of what follows from it" in cause.output
    assert "with labels.environment = production" in cause.output
    headers = json.loads((samples / "sentry" / "metric_alert_critical.headers.json").read_bytes())
    words = [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
    body = samples / "sentry" / "metric_alert_critical.json"
    follows = tell("explain", "shop-sentry", body, *words, "--config", folder)
    assert "«errors while the site is down»: nobody is told while its cause is in trouble" in follows.output


def test_a_child_is_listed_as_what_waits(tocsin: Tocsin, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody reads `acknowledge it` of something that nobody is told of."""
    monkeypatch.setitem(OTHER, "state", "triggered")
    monkeypatch.setitem(OTHER, "parent", INCIDENT["id"])
    said = tell_it("incidents", "list").output
    assert f"quiet while {INCIDENT['id']} lasts" in said.replace("\n", " ")


def test_show_lists_alerts_and_children(tocsin: Tocsin, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each alert with its own state, each child with what becomes of it."""
    signals = {
        "uptime/web": {"source": "uptime", "summary": "web is down", "firing": True, "severity": "P1"},
        "sentry/1": {"source": "sentry", "summary": "Boom\x1b[2J", "firing": False, "severity": "P3"},
    }
    child = {"id": "CHILD", "title": "Errors", "severity": "P2", "state": "triggered", "quiet": True}
    monkeypatch.setitem(INCIDENT, "signals", signals)
    monkeypatch.setitem(INCIDENT, "children", [child, {**child, "id": "FREE", "quiet": False}])
    said = tell_it("incidents", "show", "7f3a").output
    assert "2 alerts" in said
    assert "  uptime: web is down (firing P1)" in said
    assert "(cleared P3)" in said
    assert "\x1b" not in said
    assert "  CHILD P2 Errors: quiet while this lasts" in said
    assert "  FREE P2 Errors: triggered" in said
