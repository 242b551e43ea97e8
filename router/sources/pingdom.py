"""Pingdom: state-change webhooks of uptime and transaction checks.

Source of the facts: https://www.pingdom.com/resources/webhooks/. Pingdom signs nothing; a check keeps its `check_id`.
"""

from __future__ import annotations

from router.sources.contract import Delivery, Options, Setup, SourceType, Unreadable
from router.sources.reading import event, first, listing, parse_object, text
from rules.event import Action, Event

_STATES = {
    "DOWN": ("down", Action.TRIGGER),
    "FAILING": ("down", Action.TRIGGER),
    "UP": ("up", Action.RESOLVE),
    "SUCCESS": ("up", Action.RESOLVE),
}
"""Uptime checks say UP and DOWN, transaction checks SUCCESS and FAILING."""


def parse(delivery: Delivery, _options: Options) -> list[Event]:
    """The check's new state. Raises Unreadable for a body without a check, or with an undocumented state."""
    body = parse_object(delivery.body)
    check, word = text(body, "check_id"), text(body, "current_state")
    if not check or word.upper() not in _STATES:
        raise Unreadable(f"no check_id, or a current_state we do not know: {word[:40]!r}")
    state, action = _STATES[word.upper()]
    return [
        event(
            delivery,
            kind=f"pingdom.{state}",
            action=action,
            key=f"pingdom check {check}",
            summary=_summary(body, check, state),
            severity=text(body, "importance_level"),
            labels=_labels(body),
            url=text(body, "check_params", "full_url"),
            occurred_at=body.get("state_changed_timestamp"),
        )
    ]


def _summary(body: dict[str, object], check: str, state: str) -> str:
    name = first(text(body, "check_name"), f"Check {check}")
    why = first(text(body, "long_description"), text(body, "description"))
    return f"{name} is {state.upper()}: {why}" if why else f"{name} is {state.upper()}"


def _labels(body: dict[str, object]) -> dict[str, str]:
    tags = listing(body, "tags")
    return {
        "monitor": text(body, "check_name"),
        "monitor_type": text(body, "check_type").lower(),
        "target": text(body, "check_params", "hostname"),
        "tags": ", ".join(sorted(filter(None, (text(tag) for tag in tags)))),
        "seen_from": text(body, "first_probe", "location"),
    }


SOURCE = SourceType(
    name="pingdom",
    title="Pingdom",
    family="uptime",
    parse=parse,
    kinds=frozenset(f"pingdom.{state}" for state, _ in _STATES.values()),
    setup=Setup(
        steps=(
            ("In Pingdom open **Settings → Integrations → Add integration**, choose **Webhook**, and paste `{url}`."),
            "Open each check you care about and tick the integration under **Alerting**.",
        ),
        notes=(
            (
                "Pingdom signs nothing and sends no headers of yours, so the token stands in the address: treat the"
                " address as a secret."
            ),
            "A check's **importance level** arrives as the severity hint `high` or `low`.",
        ),
    ),
)
