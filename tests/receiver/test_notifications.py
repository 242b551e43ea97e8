"""`/api/notifications` and the test of a channel, over a real Valkey, with workers that send to a story's outside."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from redis import Redis

from router import notifications
from rules.load import load
from tests.outside import Outside
from tests.receiver.ear import BEARER, RULES, SECRETS, Ear
from tests.world import Inline, settings
from workers import jobs
from workers.agenda import DESKS
from workers.house import House
from workers.settings import Environment

PAGER = {"PD": "pd-ana-secret-00000000000"}
MORE = """
  mail: {type: mail, host: mail.example.com, port: 25, tls: none, sender: tocsin@example.com}
  pager: {type: pagerduty}
"""


@pytest.fixture
def ear(valkey: str, redis: Redis) -> Ear:
    """A receiver whose rules have a room, a mailbox and a pager."""
    ear = Ear(valkey, redis)
    rules = RULES.replace('url: "${env:SLACK}"}}', 'url: "${env:SLACK}"}' + MORE.replace("\n  ", ", ").rstrip() + "}")
    rules = rules.replace("ana: {slack: U02ANA}", 'ana: {slack: U02ANA, email: ana@example.com, pagerduty: "${env:PD}"}')
    ear.ruleset = load({"rules.yaml": rules})
    from router.in_force import in_force
    from router.sources import TYPES

    ear.in_force = in_force(ear.ruleset, TYPES, Environment(SECRETS).reveal)
    return ear
