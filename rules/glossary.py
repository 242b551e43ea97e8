"""What each key of the YAML means, in one sentence for whoever writes it: editors show it beside the key.

A test holds it against the models: every key is here, and nothing else.
"""

from __future__ import annotations

GLOSSARY: dict[str, dict[str, str]] = {
    "Config": {
        "severities": "How bad is it? All of P1 to P4, P1 the worst.",
        "escalation": "The matrix, row by row: who is told when nobody has answered.",
        "escalation_clock": "Count `after` from when the severity began, or each row from the row before.",
        "roles": "Whom the matrix names: a person, or whoever a schedule says.",
        "people": "Everybody who can be told, with their addresses.",
        "teams": "People who are told of a rule's incidents beside the role.",
        "schedules": "Who is on call: rotations, with overrides for holidays and swaps.",
        "sources": "Who may ring the bell. Each has its own address, /hooks/<name>.",
        "channels": "The ways out: Slack, PagerDuty, mail, a webhook.",
        "rules": "The first rule that matches decides; one with `continue: true` adds what it says.",
    },
    "SeverityPlan": {
        "means": "What people read beside the severity.",
        "respond_within": "How soon somebody must answer: 15m, 4h.",
        "channels": "Told at once, all of them.",
        "fallback": "Told when one of the channels fails for good.",
        "first_responder": "The role that is told first, where the severity has no row in the matrix.",
        "resolve_after": "How long a recovered incident stays quiet before it counts as resolved.",
        "repeat": "How often the whole ladder runs again when its end was reached without an answer.",
        "exhausted_after": "From the last step to the end of the ladder; as long as the last row waited by default.",
    },
    "MatrixRow": {
        "severity": "Which severity this row is for.",
        "responder": "The role that is waited for.",
        "after": "How long, from when the severity began; it grows from row to row.",
        "escalate_to": "The role that is told then; it is the responder of the next row.",
    },
    "Role": {"schedule": "Whoever this schedule says.", "person": "Always this person."},
    "Person": {
        "name": "What people read.",
        "email": "Used by channels of type mail.",
        "slack": "A member's id, like U02ANA: whom Slack mentions.",
        "pagerduty": "A reference to the routing key of this person's own PagerDuty service.",
        "timezone": "In what zone times are shown to this person.",
    },
    "Team": {"people": "Who is told.", "slack": "The id of the team's own room, like C0PAY."},
    "Override": {
        "start": "From when somebody else is on call; local time of the schedule where it has no offset.",
        "end": "Until when.",
        "person": "Who; null is nobody.",
    },
    "Schedule": {
        "timezone": "By whose wall clock turns are handed over: Europe/Bucharest.",
        "every": "How long a turn is: 1w, 2d.",
        "hand_over": "When a turn ends: Mon 09:00; 09:00 for turns of days.",
        "people": "Who take turns, in this order.",
        "starts": "A day of the first person's first turn.",
        "overrides": "Holidays and swaps; the last one listed wins.",
    },
    "SourceConfig": {
        "type": "Which product sends.",
        "secret": "References to the secret that it signs with; several while you rotate.",
        "token": "References to the token in its address, for senders that cannot sign.",
        "unsigned": "Let anybody speak for it.",
        "gzip": "May its bodies come compressed?",
        "redact": "Dotted paths into its JSON bodies whose values are not kept: data.user.email.",
        "labels": "Added to everything it says.",
    },
    "ChannelConfig": {"type": "What kind of way out it is."},
    "MoreThan": {
        "count": "Open only when more events than this fall within the time.",
        "within": "The time they are counted in.",
        "quiet_for": "So long without an event, and the incident recovers.",
        "per": "Count separately for each value of these fields.",
        "distinct": "Events with the same value of this field count once.",
    },
    "Then": {
        "severity": "How bad it is.",
        "runbook": "The name of a file in runbooks/, without .md.",
        "group_by": "Fields whose equal values make one incident.",
        "team": "The team that is told beside the role.",
        "channels": "Instead of the severity's.",
        "labels": "Added to the event's; the rule's word beats the sender's.",
        "suppress": "Why nobody is told.",
    },
    "Rule": {
        "name": "What people and timelines call it; no two rules have one name.",
        "when": "What must hold; without it the rule matches everything.",
        "more_than": "A gate: the rule matches, but an incident opens only above a count.",
        "then": "What the rule says about what it matches.",
        "continue": "The rule adds what it says, and the search goes on.",
    },
    "Condition": {
        "source": "The name of a source, a type like sentry, or the family uptime.",
        "kind": "Exact, or with a * at the end: stripe.charge.*",
        "labels": "Labels the event must have, each with one of the values.",
        "summary": "An RE2 pattern, searched anywhere, upper and lower case alike.",
        "severity": "The sender's own word: fatal, critical.",
        "weekday": "mon, [sat, sun], mon-fri.",
        "hours": "09:00-17:00, the end excluded; 22:00-06:00 crosses midnight.",
        "timezone": "Of weekday and hours; UTC by default.",
        "not": "A condition that must not hold.",
        "any": "Conditions of which one must hold.",
    },
}
