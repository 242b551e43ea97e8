"""Somebody sits before the console: an ear with workers that send to a story's outside, asked as a browser asks."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import httpx
from redis import Redis

from router.in_force import in_force
from router.sources import TYPES
from rules.reading.load import load
from tests.outside import Outside
from tests.receiver.ear import RULES, RUNBOOKS, SECRETS, Ear
from tests.world import Inline
from workers import jobs
from workers.agenda import DESKS
from workers.channels import OPTIONS
from workers.house import House
from workers.settings import Environment

ALL = {**SECRETS, "PD": "pd-ana-secret-00000000000"}
WAYS = """
  slack: {type: slack, url: "${env:SLACK}"}
  mail: {type: mail, host: mail.example.com, port: 25, tls: none, sender: tocsin@example.com}
  pager: {type: pagerduty}
"""
HOME = {"Host": "127.0.0.1:8080", "Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1:8080"}


class Sitting(Ear):
    """The demonstration on somebody's own machine: signed in as `Demo admin`."""

    def __init__(self, url: str, redis: Redis) -> None:
        super().__init__(url, redis, {"TOCSIN_DEMO": "1"})
        rules = RULES.replace('channels: {slack: {type: slack, url: "${env:SLACK}"}}', "channels:" + WAYS)
        rules = rules.replace("{slack: U02ANA}", '{slack: U02ANA, email: ana@example.com, pagerduty: "${env:PD}"}')
        self.ruleset = load({"rules.yaml": rules}, runbooks=RUNBOOKS, channel_options=OPTIONS)
        self.in_force = in_force(self.ruleset, TYPES, Environment(ALL).reveal)
        self.outside = Outside(self.clock.now)
        self.house = House(
            redis=redis,
            rules=lambda: self.ruleset,
            settings=self.settings,
            environment=Environment(ALL),
            perform=self.outside.perform,
            clock=self.clock,
            outside=self.outside,
            pools=Inline(),
        )

    def use_books(self, runbooks: dict[str, str]) -> None:
        """The rules carry these runbooks from now on."""
        self.ruleset = replace(self.ruleset, runbooks=runbooks)
        self.in_force = in_force(self.ruleset, TYPES, Environment(ALL).reveal)

    def all_work(self) -> None:
        """Every desk deals with what is due, until nothing is."""
        while sum(jobs.drain(self.house, *desk) for desk in DESKS):
            pass

    def opens(self, path: str) -> httpx.Response:
        """A page."""
        return self.ask("GET", path, headers=HOME)

    def presses(self, page: str, path: str, **fields: str) -> httpx.Response:
        """A button of a page: with what its form carries."""
        found = re.search(r'name="csrf" value="([^"]+)"', self.opens(page).text)
        assert found is not None
        return self.ask("POST", path, data={"csrf": found[1], "back": page, **fields}, headers=HOME)

    def reports(self, **body: Any) -> str:
        """Something is wrong, as `anything` tells it; the id of the incident it became."""
        before = {one.id for one in self.store.incidents(open_only=False)}
        assert self.post("/hooks/anything", {"summary": "Shop is down", **body}).status_code == 202
        self.clock.at += 1
        self.all_work()
        (opened,) = {one.id for one in self.store.incidents(open_only=False)} - before
        return opened
