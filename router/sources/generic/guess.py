"""Guessing an event from names that webhooks commonly use, for senders nobody has described to us."""

from __future__ import annotations

import re

from router.sources.reading import mapping, text
from rules.event import Action

SUMMARY = (
    *("title", "summary", "subject", "alert_name", "alertname", "alarm_name", "check_name", "monitor_name"),
    *("monitorname", "condition_name", "search_name", "rule_name", "policy_name", "name", "message", "msg", "text"),
    *("description", "alarm_description", "details", "reason", "error"),
)
KEY = (
    *("dedup_key", "alert_uid", "fingerprint", "incident_key", "alarm_arn", "alert_id", "incident_id", "monitor_id"),
    *("check_id", "key", "uid", "uuid", "id"),
)
HOST = ("host", "hostname", "node", "instance", "server")
WHAT = (
    *("service", "alertname", "alert_name", "alarm_name", "check_name", "monitor_name", "monitorname"),
    *("condition_name", "search_name", "alert", "alarm", "chart"),
)
"""What names a thing where nothing else identifies it: a host, and what is looked at there."""
STATE = (
    *("action", "status", "state", "current_state", "new_state_value", "alert_status", "alert_state", "event_status"),
    *("incident_status", "component_status"),
    *("event", "event_type", "event_name", "alert_transition", "transition", "check_state_name", "alert_type", "type"),
)
SEVERITY = ("severity", "level", "priority", "urgency")
URL = (
    *("url", "link", "html_url", "web_url", "permalink", "link_to_upstream_details", "details_url", "dashboard_url"),
    *("incident_url", "alert_url", "issue_url", "subscribe_url", "href"),
)
TIME = ("occurred_at", "timestamp", "time", "date", "datetime", "created_at", "started_at")
LABELS = ("environment", "env", "host", "hostname", "service", "project", "team", "region", "application", "app")

_WORDS = {
    Action.TRIGGER: "trigger triggered firing fired alerting alert alarm down critical error failed failing failure "
    "open opened problem warning warn unhealthy started created create new reopened unacknowledge degraded unreachable "
    "offline expired missed missing late activated occurred outage",
    Action.ACKNOWLEDGE: "acknowledge acknowledged ack acked",
    Action.RESOLVE: "resolve resolved ok up recovered recovery closed close normal healthy success passing passed "
    "cleared clear fixed restored online available inactive deactivated reachable",
    Action.INFO: "info informational test ping pending maintenance paused updated comment subscriptionconfirmation "
    "addnote addtags removetags addteam addrecipient assignownership takeownership escalate customaction",
}
ACTIONS = {word: action for action, words in _WORDS.items() for word in words.split()}
"""What the usual words for a state mean; none of them: a trigger, since silence is the worse mistake."""
_NOUNS = frozenset(("alert", "alarm", "error", "problem", "test", "new"))
"""Beside other words these say what it is about, and not how it is: `alert_recovery`."""
_DENIES = frozenset(("not", "no", "non"))
_PHRASE = 4
"""Words of a state that is more than one word; a longer text is a sentence."""

_ENVELOPES = (
    *("alert", "incident", "monitor", "check", "data", "payload", "attributes", "event", "item", "component"),
    *("condition", "context", "result", "check_result", "webhook_event_data", "annotations", "labels"),
)
_DEPTH = 3
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_LETTERS = re.compile(r"[a-z]+")
_BEFORE = re.compile(r"\[([A-Za-z]+)[^\]]*\]|([A-Z]{2,}): ")
"""A state before a title: `[Recovered on db1] …`, `OK: …`."""


def flatten(item: object) -> dict[str, str]:
    """The plain values of an object and of the envelopes in it, by snake_case names; the outermost of a name wins."""
    found: dict[str, str] = {}
    layer = [item]
    for _ in range(_DEPTH):
        for data in layer:
            for raw in mapping(data):
                found.setdefault(_snake(raw), text(data, raw))
        layer = [mapping(data, envelope) for data in layer for envelope in _ENVELOPES if mapping(data, envelope)]
    return {name: value for name, value in found.items() if value}


def pick(found: dict[str, str], names: tuple[str, ...]) -> str:
    """The value of the first of `names` that is there, or ""."""
    return next((found[name] for name in names if name in found), "")


def title(found: dict[str, str]) -> str:
    """The first text that says something to a person: a bare number is none. "" where there is none."""
    return next((found[name] for name in SUMMARY if any(map(str.isalpha, found.get(name, "")))), "")


def untitled(found: dict[str, str], where: str) -> str:
    """A title for what has none: what it is about, else `where` it comes from, and the word for its state."""
    about = identity(found) or pick(found, URL) or where
    word, _ = said(found, "")
    return f"{about}: {word}" if word else f"{about}: an event without a title"


def identity(found: dict[str, str]) -> str:
    """`db1 disk`: what the event is about, by host and by what is looked at there; "" where nothing says."""
    what = pick(found, WHAT)
    return f"{pick(found, HOST)} {what}".strip() if what else ""


def key(found: dict[str, str], summary: str) -> str:
    """What tells this entity from others, and is the same when it recovers."""
    named = pick(found, KEY) or identity(found)
    return named or f"{pick(found, HOST)} {_lasting(summary)}".strip()


def _lasting(summary: str) -> str:
    """The title without its words for a state: `[OK] db1 is up` and `[Alerting] db1 is down` are of one thing."""
    kept = [word for word in summary.split() if not _is_state("".join(_LETTERS.findall(word.lower())))]
    return " ".join(kept).rstrip(": ") or summary


def _is_state(word: str) -> bool:
    return ACTIONS.get(word) in (Action.TRIGGER, Action.RESOLVE) and word not in _NOUNS


def said(found: dict[str, str], summary: str) -> tuple[str, Action]:
    """The word for its state, and what it asks for; a trigger when there is no known one.

    After the fields that name a state the title is asked (`[Recovered] …`), and then whether its severity is none.
    """
    for name in STATE:
        word = _state(found.get(name, ""))
        if word:
            return word, ACTIONS[word]
    before = _BEFORE.match(summary)
    word = (before[1] or before[2]).lower() if before else ""
    if word in ACTIONS:
        return word, ACTIONS[word]
    over = (found.get(name, "").lower() for name in SEVERITY)
    return next(((one, Action.RESOLVE) for one in over if ACTIONS.get(one) is Action.RESOLVE), ("", Action.TRIGGER))


def action(found: dict[str, str], summary: str = "") -> Action:
    """What its state asks for."""
    return said(found, summary)[1]


def _state(value: str) -> str:
    """The known word in the value of a field: the whole of it, its last part, or the only one that it means."""
    low = value.lower()
    for whole in (low, low.rpartition(".")[2]):
        if whole in ACTIONS:
            return whole
    words = _LETTERS.findall(_snake(value))
    if len(words) > _PHRASE or _DENIES.intersection(words):
        return ""
    known = [word for word in words if word in ACTIONS and word not in _NOUNS]
    return known[-1] if len({ACTIONS[word] for word in known}) == 1 else ""


def labels(item: object, found: dict[str, str]) -> dict[str, str]:
    """The sender's own `labels` and `tags`, if they are objects, and what commonly tells places apart."""
    given = {name: text(part, name) for part in (mapping(item, "tags"), mapping(item, "labels")) for name in part}
    return {name: found[name] for name in LABELS if name in found} | given


def _snake(raw: str) -> str:
    return _HUMP.sub("_", raw[:64].lstrip("_")).replace("-", "_").replace(" ", "_").lower()
