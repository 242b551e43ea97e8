"""People notice it first: a mail, an answer to it, what machines add; and a runbook worked through by three people."""

from __future__ import annotations

import json
from typing import Any

import pytest
from redis import Redis

from router.in_force import in_force
from router.sources import TYPES
from router.sources.samples import samples
from rules.commands import Resolve
from rules.incident import Incident, Reason, State
from rules.reading.load import load
from tests.receiver.ear import BEARER, RULES
from tests.receiver.sitting import ALL, Sitting
from tests.receiver.test_answer import OURS, link
from workers.channels import OPTIONS
from workers.settings import Environment

MAILS = "/hooks/mails/mail-token-1"
BOOK = """\
# Payments

1. Check Stripe
2. Check our logs

## Decide: roll back?

- Deployed lately?
  - yes: Roll back
  - no: continue
- Quick fix?
  - yes: Apply it
  - no: Roll back first
"""
SOURCE = '  mails: {type: postmark, token: "${env:MAILS}", senders: ["@example.com"], dkim: true}\n'
RULE = (
    "  - {name: cannot pay, when: {source: people, summary: 'cannot pay'}, then: {severity: P2, runbook: payments}}\n"
)


@pytest.fixture
def house(valkey: str, redis: Redis) -> Sitting:
    """Support may write to an address."""
    made = Sitting(valkey, redis)
    text = RULES.replace("\nrules:\n", f"\nrules:\n{RULE}").replace("sources:\n", f"sources:\n{SOURCE}")
    made.ruleset = load(
        {"rules.yaml": text}, runbooks={"payments": BOOK, "site-down": "1. Look\n"}, channel_options=OPTIONS
    )
    secrets = Environment({**ALL, "MAILS": "mail-token-1"})
    made.in_force = in_force(made.ruleset, TYPES, secrets.reveal)
    return made


def comes(house: Sitting, name: str, **fields: Any) -> None:
    """One of the sample mails is delivered, and dealt with."""
    body = json.loads(next(one.body for one in samples("postmark") if one.name == name))
    answer = house.ask("POST", MAILS, json={**body, **fields})
    # Anything but exactly 200 is tried again for ten hours.
    assert answer.status_code == 200, answer.text
    house.clock.at += 1
    house.all_work()


def history(house: Sitting, incident: Incident, kind: str) -> list[tuple[str | None, str]]:
    """Lines of one kind: who, and what."""
    return [(line.by, line.text) for line in house.store.timeline(incident.id) if line.kind == kind]


def test_a_mail_wakes_somebody_once(house: Sitting) -> None:
    """Postmark's retry, the answer of a colleague, an out-of-office note, a bounce and spam wake nobody any more."""
    comes(house, "report")
    (told,) = house.outside.heard_exactly([("slack", Reason.OPENED)])
    assert "reported by Maria Popa (maria@example.com); details: Three customers called since 10:15" in str(told.body)
    comes(house, "report")
    comes(house, "answer")
    comes(house, "out_of_office")
    comes(house, "bounce")
    comes(house, "spam")
    stranger = {"Email": "eve@example.org", "Name": "Eve", "MailboxHash": ""}
    comes(house, "answer", FromFull=stranger, MessageID="other", StrippedTextReply="Me too")
    house.outside.heard_nothing()
    incident = house.incident()
    assert (incident.severity, incident.title, incident.rule) == ("P2", "Customers cannot pay by card", "cannot pay")
    maria, dan = "Maria Popa (maria@example.com)", "Dan Ionescu (dan@example.com)"
    reported = history(house, incident, "reported")
    assert [by for by, _ in reported] == [maria, dan]
    assert reported[0][1].startswith(f"reported by {maria}; details: Three customers called since 10:15")
    assert reported[1][1] == (
        f"reported again by {dan}: Customers cannot pay by card; details: Bank transfers work, only cards do not."
    )
    assert history(house, incident, "heard") == [
        (
            "Eve (eve@example.org)",
            "mails: eve@example.org, who may not open incidents writes: Me too",
        )
    ]


def test_what_breaks_again_after_it_was_resolved_wakes_somebody_again(house: Sitting) -> None:
    """An answer in the old thread opens a new incident, which leads to the old one."""
    comes(house, "report")
    first = house.incident()
    house.ledger.answer(first.id, Resolve(by="ana", via="slack"))
    house.all_work()
    house.outside.heard_exactly([("slack", Reason.OPENED), ("slack", Reason.RESOLVED)])
    comes(house, "answer")
    house.outside.heard_exactly([("slack", Reason.OPENED)])
    (again,) = house.store.incidents()
    assert again.previous == first.id


def test_a_stranger_and_a_forger_wake_nobody(house: Sitting) -> None:
    """Neither somebody from elsewhere, nor somebody who writes in Maria's name without her domain's signature."""
    comes(house, "report", FromFull={"Email": "eve@example.org", "Name": "Maria Popa", "MailboxHash": ""})
    unsigned = [{"Name": "Message-ID", "Value": "<forged@example.org>"}, {"Name": "X-Spam-Tests", "Value": "SPF_FAIL"}]
    comes(house, "report", MessageID="forged", Headers=unsigned)
    house.outside.heard_nothing()
    assert house.store.incidents(open_only=False) == []
    kept = house.ask("GET", "/api/deliveries?source=mails", headers=BEARER).json()["deliveries"]
    assert {event["kind"] for one in kept for event in one["events"]} == {"postmark.stranger", "postmark.unproven"}


def test_what_is_attached_is_named_and_not_kept(house: Sitting) -> None:
    """Screenshots would fill the inbox."""
    comes(house, "report")
    assert house.incident().labels["attachments"] == "checkout.png"
    (kept,) = house.ask("GET", "/api/deliveries?source=mails", headers=BEARER).json()["deliveries"]
    body = house.kept(kept["id"])
    assert body is not None
    whole = house.ask("GET", f"/api/deliveries/{kept['id']}", headers=BEARER).text
    assert "checkout.png" in whole
    assert "iVBORw0KGgo" not in whole


def test_three_people_work_through_one_runbook(house: Sitting) -> None:
    """In the console, behind a link, and by a program: one list, each with a name, the path in words."""
    comes(house, "report")
    house.outside.heard_exactly([("slack", Reason.OPENED)])
    one = house.incident().id
    page = f"/incidents/{one}"
    step = house.ask("GET", f"/api/incidents/{one}/runbook", headers=BEARER).json()["steps"][0]["id"]
    assert house.presses(page, f"{page}/runbook", runbook="payments", tick=step).status_code == 303
    path = f"{link(one, 'maria')}/runbook"
    assert house.ask("POST", path, data={"tick": "2"}, headers=OURS).status_code == 303
    for said in ({"answer": "no"}, {"answer": "no"}):
        answer = house.ask("POST", f"/api/incidents/{one}/runbook", headers=BEARER, json={"by": "dan", **said})
        assert answer.status_code == 200
    assert answer.json()["decisions"][0]["outcome"] == "Roll back first"
    house.all_work()
    house.outside.heard_nothing()
    incident = house.incident()
    assert incident.state is State.TRIGGERED
    assert history(house, incident, "ticked") == [
        ("Demo admin", "done: 1. Check Stripe"),
        ("maria", "done: 2. Check our logs"),
    ]
    assert history(house, incident, "decided") == [
        ("dan", "decided: Deployed lately? no → continue"),
        ("dan", "decided: Quick fix? no → Roll back first"),
    ]
