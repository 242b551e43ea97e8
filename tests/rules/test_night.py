"""What an SRE mistypes at night, in the rules that are shipped: each with exactly what `tocsin check` says of it."""

# ruff: noqa: E501 messages stand here as they are printed

from __future__ import annotations

import pytest

from router.sources import TYPES as SOURCES
from rules.reading.load import Wrong, load
from workers.channels import OPTIONS
from workers.rulebook.configuration import packaged

TEXTS = {path.name: path.read_text(encoding="utf-8") for path in packaged().glob("*.yaml")}
RUNBOOKS = {path.stem: "" for path in (packaged() / "runbooks").glob("*.md")}

NIGHT: list[tuple[str, str, tuple[str, str], list[str]]] = [
    (
        "a reference without quotes in { }",
        "sources.yaml",
        ('secret: "${env:SENTRY_SECRET}"', "secret: ${env:SENTRY_SECRET}"),
        ["sources.yaml:6:41: expected a ',' or '}' before this (check the commas, and quote \"${…}\" inside { })"],
    ),
    (
        "a variable as the shell writes it",
        "sources.yaml",
        ('"${env:STRIPE_SECRET}"', '"$STRIPE_SECRET"'),
        [
            "sources.yaml:7:40: secret: expected a reference like ${env:NAME} or ${file:/run/secrets/name}, never the secret itself (did you mean ${env:STRIPE_SECRET}?)"
        ],
    ),
    (
        "a severity as another house calls it",
        "rules.yaml",
        ("then: {severity: P1, runbook: site-down}", "then: {severity: SEV1, runbook: site-down}"),
        ["rules.yaml:46:22: severity: expected P1, P2, P3 or P4, found 'SEV1' (did you mean P1?)"],
    ),
    (
        "a unit spelt out",
        "severities.yaml",
        ("respond_within: 15m", "respond_within: 15min"),
        [
            "severities.yaml:6:21: respond_within: expected a duration with its unit, like 90s, 15m, 4h or 7d, found '15min' (did you mean 15m?)"
        ],
    ),
    (
        "a comma forgotten",
        "severities.yaml",
        ("responder: on-call engineer, after: 15m", "responder: on-call engineer after: 15m"),
        ["severities.yaml:32:53: expected a ',' or '}' before this (check the commas, and quote \"${…}\" inside { })"],
    ),
    (
        "an indentation that is one space off",
        "severities.yaml",
        ("    respond_within: 15m", "   respond_within: 15m"),
        ["severities.yaml:6:4: no key can begin here (check the indentation, and quotes inside quotes)"],
    ),
    (
        "a tab",
        "rules.yaml",
        ("    when: {kind: stripe.invoice.payment_failed}", "\twhen: {kind: stripe.invoice.payment_failed}"),
        ["rules.yaml:68:1: a tab in the indentation (YAML wants spaces)"],
    ),
    (
        "another product's word for a key",
        "rules.yaml",
        ("when: {kind: stripe.invoice.payment_failed}", "if: {kind: stripe.invoice.payment_failed}"),
        ["rules.yaml:68:5: unknown key 'if' (here it is called when)"],
    ),
    (
        "a key that belongs one level lower",
        "rules.yaml",
        ("    then: {severity: P2, runbook: high-error-rate}", "    severity: P2"),
        ["rules.yaml:91:5: unknown key 'severity' (it belongs under then or when)"],
    ),
    (
        "a label asked for like a field",
        "rules.yaml",
        ("when: {labels: {environment: [staging, test, development]}}", "when: {environment: staging}"),
        [
            "rules.yaml:25:12: unknown key 'environment' (expected source, kind, labels, summary, severity, weekday, hours, timezone, not or any; a label stands under labels: {environment: …})"
        ],
    ),
    (
        "a pattern that looks ahead",
        "rules.yaml",
        ("'cosmetic|typo\\b|misaligned|wrong colou?r'", "'(?!test)cosmetic'"),
        [
            "rules.yaml:122:21: summary: '(?!test)cosmetic' is not a pattern: invalid perl operator: (?! (RE2 looks neither ahead nor behind; what must not be stands under not)"
        ],
    ),
    (
        "a glob for a pattern",
        "rules.yaml",
        ("'cosmetic|typo\\b|misaligned|wrong colou?r'", "'*cosmetic*'"),
        [
            "rules.yaml:122:21: summary: '*cosmetic*' is not a pattern: no argument for repetition operator: * (write .* for anything; a word alone is found anywhere)"
        ],
    ),
    (
        "somebody who left, and is still on call",
        "people.yaml",
        (
            '  dan:    {name: Dan,    email: dan@example.com,    slack: U05DAN,    pagerduty: "${env:PD_DAN}",    timezone: Europe/Bucharest}\n',
            "",
        ),
        [
            "people.yaml:7:30: there is no person 'dan' (people: ana, maria, victor)",
            "people.yaml:16:23: there is no person 'dan' (people: ana, maria, victor)",
            "people.yaml:23:19: there is no person 'dan' (people: ana, maria, victor)",
        ],
    ),
    (
        "a name where a map belongs",
        "people.yaml",
        ("ceo:              {person: victor}", "ceo:              victor"),
        ["people.yaml:6:21: ceo: expected a map of keys, found 'victor' (its keys are schedule or person)"],
    ),
    (
        "an offset for a time zone",
        "people.yaml",
        ("    timezone: Europe/Bucharest\n", "    timezone: UTC+2\n"),
        [
            "people.yaml:21:15: timezone: 'UTC+2' is not a time zone; expected one like Europe/Bucharest (name a city: it knows when the clocks change)"
        ],
    ),
    (
        "a date as it is written on paper",
        "people.yaml",
        ("start: 2026-12-24 09:00", "start: 24.12.2026 09:00"),
        ["people.yaml:26:17: start: expected a time like 2026-12-24T09:00, found '24.12.2026 09:00'"],
    ),
    (
        "a list without its brackets",
        "severities.yaml",
        ("channels: [pager, slack, mail]", "channels: pager, slack, mail"),
        [
            "severities.yaml:7:15: channels: expected a list, like [a, b], found 'pager, slack, mail' (write [pager, slack, mail])"
        ],
    ),
    (
        "a key of a mail program",
        "channels.yaml",
        ("sender: tocsin@example.com", "from: tocsin@example.com"),
        ["channels.yaml:8:3: mail needs 'sender'", "channels.yaml:8:61: unknown key 'from' (here it is called sender)"],
    ),
    (
        "a gate one level too low",
        "rules.yaml",
        (
            "    more_than: {count: 10, within: 5m, quiet_for: 15m, distinct: labels.payment_intent}   # Stripe tells each failure twice\n    then: {severity: P1,",
            "    then: {more_than: {count: 10, within: 5m}, severity: P1,",
        ),
        ["rules.yaml:51:12: unknown key 'more_than' (it stands one level higher, beside then)"],
    ),
    (
        "a label to group by",
        "rules.yaml",
        ("group_by: source, team", "group_by: service, team"),
        [
            "rules.yaml:52:63: group_by: an event has no field 'service'; expected source, source_type, kind, severity, dedup_key or labels.<name> (did you mean source or labels.service?)"
        ],
    ),
    (
        "a merge that was not finished",
        "rules.yaml",
        ("  - name: cosmetic\n", "<<<<<<< HEAD\n  - name: cosmetic\n=======\n  - name: cosmetics\n>>>>>>> b\n"),
        [
            "rules.yaml:121:1: a merge was not finished here (keep one side, and remove the lines with <<<<<<<, ======= and >>>>>>>)"
        ],
    ),
    (
        "an entry without its '-'",
        "rules.yaml",
        ("  - name: cosmetic\n", "    name: cosmetic\n"),
        ["rules.yaml:121:5: the key 'name' stands twice in this map (first in line 115; a new entry begins with '- ')"],
    ),
    (
        "a ':' without its space, in { }",
        "rules.yaml",
        ("    then: {severity: P2}\n", "    then: {severity:P2}\n"),
        ["rules.yaml:12:12: unknown key 'severity:P2' (a space comes after the ':', so write 'severity: …')"],
    ),
    (
        "a ':' without its space",
        "severities.yaml",
        ("    respond_within: 15m", "    respond_within:15m"),
        ["severities.yaml:6:5: a ':' without a space after it (write 'respond_within: …')"],
    ),
    (
        "hours without minutes",
        "rules.yaml",
        ("when: {kind: stripe.charge.dispute.*}", "when: {hours: 9-17, kind: stripe.charge.dispute.*}"),
        ["rules.yaml:112:19: hours: expected hours like 09:00-17:00, found '9-17'"],
    ),
    (
        "quotes out of a chat",
        "rules.yaml",
        ("'cosmetic|typo\\b|misaligned|wrong colou?r'", "\u201ccosmetic: typo\u201d"),
        ["rules.yaml:122:21: a typographic quote (use ' or \")"],
    ),
    (
        "a space out of a web page",
        "severities.yaml",
        ("    respond_within: 15m", "\u00a0   respond_within: 15m"),
        ["severities.yaml:6:1: a space in the indentation that is none (type it anew)"],
    ),
    (
        "a severity renamed into another",
        "severities.yaml",
        ("  P2:\n", "  P1:\n"),
        [
            "severities.yaml:3:1: severity P2 is missing; P1, P2, P3 and P4 must all be here",
            "severities.yaml:13:3: the key 'P1' stands twice in this map (first in line 4)",
        ],
    ),
]


@pytest.mark.parametrize(("file", "change", "expected"), [case[1:] for case in NIGHT], ids=[case[0] for case in NIGHT])
def test_a_mistake_at_night_is_answered_with_the_way_out(
    file: str, change: tuple[str, str], expected: list[str]
) -> None:
    """The place, the cause and the nearest right word: one mistake, one message, unless it breaks several things."""
    assert change[0] in TEXTS[file]
    with pytest.raises(Wrong) as wrong:
        load(
            {**TEXTS, file: TEXTS[file].replace(*change, 1)},
            source_options={name: one.options for name, one in SOURCES.items()},
            channel_options=OPTIONS,
            runbooks=RUNBOOKS,
        )
    assert [str(problem) for problem in wrong.value.problems] == expected


def test_the_rules_without_a_mistake_have_none() -> None:
    """The table above breaks what is whole."""
    assert load(TEXTS, runbooks=RUNBOOKS).version
