"""UptimeRobot: webhook alert contacts, whose variables arrive in the query string, as a form, or as JSON.

Source of the facts: https://help.uptimerobot.com/ "Webhook Integration" and bodies seen in the field. Numbers come as
text, names HTML-escaped, and a variable that has no value arrives as its own name between asterisks.
"""

from __future__ import annotations

import html
import re

from router.sources import forms
from router.sources.contract import Delivery, Options, Setup, SourceType, Unreadable
from router.sources.reading import event, first, parse_object, text
from rules.event import Action, Event

_KINDS = {"1": "down", "2": "up", "3": "ssl_expiry"}
_ACTIONS = {"down": Action.TRIGGER, "up": Action.RESOLVE, "ssl_expiry": Action.TRIGGER}
_UNRESOLVED = re.compile(r"\*[A-Za-z]+\*")
_LONGEST = 2048


def parse(delivery: Delivery, _options: Options) -> list[Event]:
    """The monitor's new state. Raises Unreadable when no monitor is named, or for an alertType we do not know."""
    said = _variables(delivery)
    monitor = said.get("monitorid") or _named(said)
    word = said.get("alerttype", "")
    if not monitor or word not in _KINDS:
        raise Unreadable(f"no monitor, or an alertType we do not know: {word[:40]!r}")
    state = _KINDS[word]
    return [
        event(
            delivery,
            kind=f"uptimerobot.{state}",
            action=_ACTIONS[state],
            key=f"uptimerobot {'certificate' if state == 'ssl_expiry' else 'monitor'} {monitor}",
            summary=_summary(said, state),
            labels={"monitor": said.get("monitorfriendlyname", ""), "target": said.get("monitorurl", "")},
            url=said.get("monitorurl", ""),
            occurred_at=said.get("alertdatetime"),
        )
    ]


def _variables(delivery: Delivery) -> dict[str, str]:
    """What UptimeRobot said, by plain names: `monitorFriendlyName` and `monitor_friendly_name` are one variable."""
    given = {**forms.fields(delivery.query), **_body(delivery.body)}
    # Cut first: html.unescape raises on a character reference of more than 4,300 digits.
    plain = {name.replace("_", "").lower(): html.unescape(value[:_LONGEST]) for name, value in given.items()}
    return {name: value for name, value in plain.items() if not _UNRESOLVED.fullmatch(value)}


def _body(body: bytes) -> dict[str, str]:
    if body.lstrip().startswith(b"{"):
        said = parse_object(body)
        return {name: text(said, name) for name in said}
    return forms.fields(body)


def _named(said: dict[str, str]) -> str:
    """What identifies a monitor whose id the operator's own template leaves out."""
    name = first(said.get("monitorfriendlyname", ""), said.get("monitorurl", ""))
    return f"named {name}" if name else ""


def _summary(said: dict[str, str], state: str) -> str:
    name = first(
        said.get("monitorfriendlyname", ""), said.get("monitorurl", ""), f"Monitor {said.get('monitorid', '')}"
    )
    days, details = said.get("sslexpirydaysleft", ""), said.get("alertdetails", "")
    if state == "ssl_expiry":
        what = f"{name}: the certificate expires {f'in {days} days' if days else 'soon'}"
    else:
        what = f"{name} is {state.upper()}"
    return f"{what} ({details})" if details else what


SOURCE = SourceType(
    name="uptimerobot",
    title="UptimeRobot",
    family="uptime",
    parse=parse,
    kinds=frozenset(f"uptimerobot.{state}" for state in _ACTIONS),
    methods=frozenset({"GET", "POST"}),
    setup=Setup(
        steps=(
            (
                "In UptimeRobot open **Integrations & API**, add a **Webhook**, and paste `{url}?` (the question "
                "mark belongs to it: UptimeRobot appends its variables)."
            ),
            (
                "Keep the default values, or tick **Send as POST parameters** or **Send as JSON**: all three are "
                "understood. A POST value of your own must hold at least `monitorID`, `monitorFriendlyName` and "
                "`alertType`."
            ),
            "Choose **Up & down events**, so that recoveries arrive, and tick the contact in each monitor.",
        ),
        notes=("UptimeRobot signs nothing, so the token stands in the address: treat the address as a secret.",),
    ),
)
