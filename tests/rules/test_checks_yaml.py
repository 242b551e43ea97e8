"""Checks in the YAML: what is wrong is said with its place, what was expected and the nearest right word."""

from __future__ import annotations

import pytest

from rules.reading.load import Wrong, load
from rules.trial.read import trials
from rules.trial.run import run
from tests.rules.clean import CLEAN, KINDS, NOW, WAYS
from workers.checks import OPTIONS
from workers.house import ways

CHECKS = """checks:
  site: {type: http, url: "https://shop.example.com/"}
  api: {type: http, url: "https://shop.example.com/health", every: 1m}
"""
LINES = CLEAN.count("\n")


def said(checks: str, rules: str = CLEAN) -> list[str]:
    """What is wrong with these checks beside clean rules; a file of their own."""
    with pytest.raises(Wrong) as wrong:
        load({"rules.yaml": rules, "checks.yaml": checks}, check_options=OPTIONS, channel_options=None)
    return [str(problem) for problem in wrong.value.problems]


@pytest.mark.parametrize(
    ("checks", "told"),
    [
        (
            "checks: {site: {type: htpp, url: 'https://a.example/'}}",
            ["checks.yaml:1:23: there is no check type 'htpp' (did you mean http?)"],
        ),
        (
            "checks: {site: {type: http}}",
            ["checks.yaml:1:10: site needs 'url'"],
        ),
        (
            "checks: {site: {type: http, url: 'https://a.example/', expct: 200}}",
            ["checks.yaml:1:56: unknown key 'expct' (did you mean expect?)"],
        ),
        (
            "checks: {site: {type: http, url: 'https://a.example/', within: 9s}}",
            ["checks.yaml:1:64: within: expected at most 8s: all checks of an incident have that long together"],
        ),
        (
            "checks: {site: {type: http, url: 'https://a.example/', every: 1s}}",
            ["checks.yaml:1:63: every: expected at least 10s between two runs"],
        ),
        (
            "checks: {site: {type: http, url: 'https://a.example/', failures: 3}}",
            ["checks.yaml:1:66: site: failures says nothing without every: only a schedule makes events"],
        ),
        (
            "checks: {site: {type: http, url: 'https://a.example/', when_ok: {}}}",
            ["checks.yaml:1:65: when_ok: expected a severity, or why it is a false positive"],
        ),
        (
            "checks: {site: {type: http, url: 'https://a.example/', when_ok: {severity: P5}}}",
            ["checks.yaml:1:76: severity: expected P1, P2, P3 or P4, found 'P5' (P1 is the worst)"],
        ),
        (
            "checks: {'my site': {type: http, url: 'https://a.example/'}}",
            ["checks.yaml:1:10: 'my site' is no name for a check (letters, digits, - and _, at most 64)"],
        ),
        (
            "checks: {db: {type: redis, url: 'redis://:hunter2@db/'}}",
            [("checks.yaml:1:33: url: expected a reference like ${env:NAME} or ${file:/run/secrets/name}, never the "
              "secret itself")],
        ),
        (
            "checks: {s: {type: stripe_webhooks, api_key: rk_live_1}}",
            [("checks.yaml:1:46: api_key: expected a reference like ${env:NAME} or ${file:/run/secrets/name}, never "
              "the secret itself")],
        ),
        (
            "checks: {site: {type: http, url: '${env:SITE}'}}",
            ["checks.yaml:1:34: a reference (${…}) stands only where a secret belongs, and url is plain text",
             "checks.yaml:1:34: url: expected an address like https://shop.example.com/health, found '${env:SITE}'"],
        ),
        (
            "checks: {c: {type: command, run: docker compose ps}}",
            [("checks.yaml:1:34: run: expected a list, like [a, b], found 'docker compose ps' (write [docker compose "
              "ps])")],
        ),
        (
            "checks: {c: {type: command, run: [docker compose ps]}}",
            [("checks.yaml:1:34: run: expected each word by itself: no shell takes it apart (write [docker, compose, "
              "ps])")],
        ),
        (
            "checks: {c: {type: tcp, host: a, port: 1, when_ok: {severity: P3}, when_failed: {severity: P3}}}",
            ["checks.yaml:1:68: when_ok and when_failed say the same (say what differs, or leave one out)"],
        ),
    ],
)  # fmt: skip
def test_a_wrong_check_is_told_with_its_place(checks: str, told: list[str]) -> None:
    """No start on it, and no secret repeated."""
    assert sorted(said(checks)) == sorted(told)


def test_a_name_that_leads_nowhere_is_told() -> None:
    """In a severity, and in a rule."""
    rules = CLEAN.replace("fallback: [mail]}", "fallback: [mail], triage: [stie]}").replace(
        "then: {severity: P2}", "then: {severity: P2, triage: [api, deployed]}"
    )
    assert said(CHECKS, rules) == [
        "rules.yaml:2:90: there is no check 'stie' (did you mean site?)",
        f"rules.yaml:{LINES - 2}:83: there is no check 'deployed' (checks: site, api)",
    ]
    (told,) = said("", CLEAN.replace("fallback: [mail]}", "fallback: [mail], triage: [site]}"))
    assert "there are no checks, and 'site' must be one of them (write them under 'checks:')" in told


def test_more_than_can_be_run_and_one_named_twice_are_told() -> None:
    """Each is run once, and twelve at most."""
    many = "checks:\n" + "".join(f"  c{number}: {{type: tcp, host: a, port: 1}}\n" for number in range(13))
    of_p1, of_rule = ", ".join(f"c{number}" for number in range(10)), "c10, c11, c12, c12"
    rules = CLEAN.replace("fallback: [mail]}", f"fallback: [mail], triage: [{of_p1}]}}").replace(
        "then: {severity: P1,", f"then: {{severity: P1, triage: [{of_rule}],"
    )
    told = said(many, rules)
    assert any("the check 'c12' stands twice (each is run once)" in one for one in told)
    assert any("with those of P1 these are 13 checks, and 12 are run at most" in one for one in told)


def test_the_word_check_is_no_name_for_a_source() -> None:
    """Rules use it for everything that checks say."""
    (told,) = said(CHECKS, CLEAN.replace("  pings: {type", "  check: {type"))
    assert "a source cannot be called 'check'" in told


def test_a_story_may_say_what_a_check_finds() -> None:
    """`tocsin test` knows the source `check`: rules about it can be tried like others."""
    rules = CLEAN.replace("  - {name: second,", f"  - {WATCHES}\n  - {{name: second,", 1)
    ruleset = load({"rules.yaml": rules, "checks.yaml": CHECKS}, check_options=OPTIONS)
    story = """tests:
  - name: the site fails our check
    steps:
      - at: 0m
        event: {source: check, kind: check.failed, key: api, summary: api answers 502, labels: {check: api}}
      - {at: 5m, event: {source: check, kind: check.recovered, key: api, summary: api healthy, action: resolve}}
    until: 10m
    expect:
      severity: P2
      state: recovered
      rule: watched
      told:
        - {at: 0m, who: on-call engineer, by: [slack], reason: opened}
        - {at: 5m, who: on-call engineer, by: [slack], reason: recovered}
"""
    (trial,) = trials({"checks.test.yaml": story}, ruleset.config, {})
    said = run(trial, ruleset, ways(ruleset), lambda *_: ())
    assert [one.text for one in said.differences] == []


def doubts(checks: str, rule: str) -> list[str]:
    """What the linter says of a rule, with these checks."""
    rules = CLEAN.replace("  - {name: second,", f"  - {rule}\n  - {{name: second,", 1)
    kinds = {**KINDS, "check": {"check.failed", "check.recovered"}}
    texts = {"rules.yaml": rules, "checks.yaml": checks}
    found = load(texts, check_options=OPTIONS, source_kinds=kinds, channel_ways=WAYS, now=NOW).doubts
    return [f"{one.code}: {one.message}" for one in found]


WATCHES = "{name: watched, when: {kind: check.failed}, then: {severity: P2, triage: site}}"


def test_rules_about_checks_are_linted_like_others() -> None:
    """A scheduled one sends; a kind that none sends is found; so is a check that nothing leads to."""
    assert doubts(CHECKS, WATCHES) == []
    assert doubts(CHECKS, WATCHES.replace("check.failed", "check.faild")) == [
        "unknown-kind: nothing sends the kind 'check.faild'"
    ]
    assert doubts(CHECKS.replace(", every: 1m", ""), WATCHES) == [
        "unused: nothing leads to the check 'api'",
        "no-sender: no source of type check is configured, so nothing sends this kind",
    ]
    assert doubts(CHECKS, WATCHES.replace(", triage: site", "")) == ["unused: nothing leads to the check 'site'"]
