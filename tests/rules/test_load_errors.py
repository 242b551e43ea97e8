"""The messages an operator reads at night: twenty usual mistakes, each with exactly what is said and where."""

from __future__ import annotations

import pytest

from rules.reading.load import Wrong, load
from tests.rules.configuration import GOOD, SentryKeys, SlackKeys


def said(text: str) -> list[str]:
    """What load says about one file."""
    with pytest.raises(Wrong) as wrong:
        load(
            {"rules.yaml": text},
            source_options={"sentry": SentryKeys, "stripe": SentryKeys},
            channel_options={"slack": SlackKeys},
            runbooks={"site-down": "# Down"},
        )
    return [str(problem) for problem in wrong.value.problems]


MISTAKES = [
    (
        "a misspelt key",
        ("respond_within: 15m", "respnd_within: 15m"),
        [
            "rules.yaml:2:3: P1 needs 'respond_within'",
            "rules.yaml:2:23: unknown key 'respnd_within' (did you mean respond_within?)",
        ],
    ),
    (
        "a misspelt section",
        ("escalation:\n", "escalations:\n"),
        [
            "rules.yaml:6:1: unknown key 'escalations' (did you mean escalation?)",
        ],
    ),
    (
        "a duration without its unit",
        ("after: 15m", "after: 15"),
        [
            "rules.yaml:7:56: after: expected a duration with its unit, like 90s, 15m, 4h or 7d, found '15'",
        ],
    ),
    (
        "a severity that does not exist",
        ("then: {severity: P3}", "then: {severity: P33}"),
        ["rules.yaml:27:22: severity: expected P1, P2, P3 or P4, found 'P33' (did you mean P3?)"],
    ),
    (
        "a role that nobody has",
        ("responder: lead", "responder: laed"),
        [
            "rules.yaml:8:31: there is no role 'laed' (did you mean lead?)",
            "rules.yaml:8:31: P1 was escalated to 'lead', so this row's responder is 'lead', found 'laed'",
        ],
    ),
    (
        "a person who left",
        ("ceo: {person: maria}", "ceo: {person: mario}"),
        ["rules.yaml:12:17: there is no person 'mario' (did you mean maria?)"],
    ),
    (
        "a channel that is not configured",
        ("15m, channels: [slack]", "15m, channels: [slak]"),
        ["rules.yaml:2:55: there is no channel 'slak' (did you mean slack?)"],
    ),
    (
        "a runbook without a file",
        ("runbook: site-down", "runbook: site-dwon"),
        ["rules.yaml:25:35: there is no runbook 'site-dwon' (did you mean site-down?)"],
    ),
    (
        "a source in a condition that nothing is called",
        ("source: shop", "source: shpo"),
        ["rules.yaml:24:20: there is no source 'shpo' (did you mean shop?)"],
    ),
    (
        "a type of source that we do not hear",
        ("type: sentry", "type: sentri"),
        ["rules.yaml:19:16: there is no source type 'sentri' (did you mean sentry?)"],
    ),
    (
        "a source called like a family",
        ("  shop: {", "  uptime: {"),
        [
            (
                "rules.yaml:19:3: a source cannot be called 'uptime': rules use that word for every source of the kind "
                "(call it shop-uptime)"
            ),
            (
                "rules.yaml:24:20: there is no source 'shop' (sources: betterstack, check, manual, people, pingdom, "
                "postmark, sentry, stripe)"
            ),
        ],
    ),
    (
        "the secret itself",
        ('secret: "${env:SENTRY_SECRET}"', "secret: hunter2"),
        [
            (
                "rules.yaml:19:32: secret: expected a reference like ${env:NAME} or ${file:/run/secrets/name}, "
                "never the secret itself"
            )
        ],
    ),
    (
        "a reference where people read",
        ("name: everything else", 'name: "${env:HOME}"'),
        ["rules.yaml:26:11: a reference (${…}) stands only where a secret belongs, and name is plain text"],
    ),
    (
        "a key of another type of channel",
        ('url: "${env:SLACK_URL}"', 'uri: "${env:SLACK_URL}"'),
        [
            "rules.yaml:21:3: slack needs 'url'",
            "rules.yaml:21:24: unknown key 'uri' (did you mean url?)",
        ],
    ),
    (
        "a tab",
        ("  ana:", "\tana:"),
        ["rules.yaml:14:1: a tab in the indentation (YAML wants spaces)"],
    ),
    (
        "a key twice",
        ("  ana: {email: ana@example.com}", "  ana: {}\n  ana: {email: ana@example.com}"),
        ["rules.yaml:15:3: the key 'ana' stands twice in this map (first in line 14)"],
    ),
    (
        "a quote that is not closed",
        ("name: everything else", "name: 'everything else"),
        ["rules.yaml:26:11: this quote is never closed"],
    ),
    (
        "a reference in { } without quotes",
        ('{type: slack, url: "${env:SLACK_URL}"}', "{type: slack, url: ${env:SLACK_URL}}"),
        ["rules.yaml:21:30: expected a ',' or '}' before this (check the commas, and quote \"${…}\" inside { })"],
    ),
    (
        "a row that does not wait longer than the one before",
        ("after: 30m", "after: 15m"),
        [
            (
                "rules.yaml:8:44: expected more than the 15m of the P1 row before, found 15m ('after' counts from "
                "when the severity began; for row by row write escalation_clock: previous_step)"
            )
        ],
    ),
    (
        "a severity forgotten",
        ("  P4: {means: Low, respond_within: 24h, channels: [slack], first_responder: on-call engineer}\n", ""),
        ["rules.yaml:1:1: severity P4 is missing; P1, P2, P3 and P4 must all be here"],
    ),
    (
        "a time zone of no country",
        ("Europe/Bucharest", "Europe/Bukarest"),
        [
            (
                "rules.yaml:17:23: timezone: 'Europe/Bukarest' is not a time zone; expected one like Europe/Bucharest "
                "(did you mean Europe/Bucharest?)"
            )
        ],
    ),
    (
        "turns of weeks that hand over every day",
        ("Mon 09:00", "09:00"),
        ["rules.yaml:17:52: primary: hand_over of turns of 1w has a day, like 'Mon 09:00', found '09:00'"],
    ),
    (
        "a hand-over that is none",
        ("Mon 09:00", "Mon 9am"),
        [
            (
                "rules.yaml:17:52: hand_over: expected a hand-over like 'Mon 09:00', or '09:00' for turns of days, "
                "found 'Mon 9am'"
            )
        ],
    ),
    (
        "a variable as the shell writes it",
        ("${env:SENTRY_SECRET}", "${SENTRY_SECRET}"),
        [
            (
                "rules.yaml:19:32: secret: expected a reference like ${env:NAME} or ${file:/run/secrets/name}, "
                "never the secret itself (did you mean ${env:SENTRY_SECRET}?)"
            )
        ],
    ),
    (
        "a key without its colon",
        ("  - name: everything else", "  - name everything else"),
        ["rules.yaml:26:5: a key without its ':' (write 'key: value', or indent text that goes on)"],
    ),
    (
        "a key without its colon before a map",
        ("  P1: {means", "  P1 {means"),
        ["rules.yaml:2:3: a key without its ':' (write 'key: value', or indent text that goes on)"],
    ),
    (
        "a key of a rule without its colon",
        ("    when: {source", "    when {source"),
        ["rules.yaml:24:5: a key without its ':' (write 'key: value', or indent text that goes on)"],
    ),
    (
        "a list where text belongs",
        ("name: everything else", "name: [everything, else]"),
        ["rules.yaml:26:11: name: expected text, found a list"],
    ),
    (
        "a last rule without a severity",
        ("then: {severity: P3}", "then: {labels: {a: b}}"),
        [
            (
                "rules.yaml:27:5: 'everything else' ends the search but says no severity "
                "(add severity: P3, or continue: true)"
            ),
        ],
    ),
    (
        "two rules of one name",
        ("name: everything else", "name: the site is down"),
        [
            "rules.yaml:26:11: two rules are called 'the site is down' (the name tells people which rule it was)",
        ],
    ),
    (
        "a pattern that is none",
        ("source: shop,", "summary: '(down',"),
        ["rules.yaml:24:21: summary: '(down' is not a pattern: missing ): (down"],
    ),
    (
        "a source without any proof",
        (', secret: "${env:SENTRY_SECRET}"', ""),
        ["rules.yaml:19:3: 'shop' has nothing to prove itself by (add secret or token, or unsigned: true for anyone)"],
    ),
    (
        "an alias",
        ("[ana]", "*everybody"),
        ["rules.yaml:17:71: anchors and aliases (&name, *name) are not read here (write it out, or quote the text)"],
    ),
    (
        "a tag that would run code",
        ("means: Low", "means: !!python/object/apply:os.system [ls]"),
        ["rules.yaml:5:15: tags (!name) are not read here (remove it, or quote the text)"],
    ),
]


@pytest.mark.parametrize(("change", "expected"), [case[1:] for case in MISTAKES], ids=[case[0] for case in MISTAKES])
def test_the_message_says_where_what_and_what_was_meant(change: tuple[str, str], expected: list[str]) -> None:
    """Each usual mistake gives exactly these messages: no silence, and no second complaint about the same thing."""
    assert change[0] in GOOD
    assert said(GOOD.replace(*change, 1)) == expected


def test_an_empty_file_is_told_of_itself() -> None:
    """What is missing is said where it should stand, and not at the top of whatever file comes first."""
    rules = GOOD[GOOD.index("rules:") :]
    with pytest.raises(Wrong) as wrong:
        load({"a.yaml": GOOD.removesuffix(rules), "rules.yaml": "# nothing yet\n"})
    assert str(wrong.value) == "rules.yaml:1:1: the file says nothing, and the configuration needs 'rules'"


def test_a_file_that_is_missing_is_one_mistake() -> None:
    """Names that lead into a section nobody wrote are told once, with where it usually stands."""
    people = GOOD[GOOD.index("roles:") : GOOD.index("sources:")]
    with pytest.raises(Wrong) as wrong:
        load({"rules.yaml": GOOD.replace(people, "")})
    (problem,) = wrong.value.problems
    assert problem.message == "there are no roles, and 'on-call engineer' and 2 more must be one of them"
    assert problem.hint == "write them under 'roles:', in people.yaml for example"
