"""Whoever changed something can be found: every button of the console leaves a line in the audit log."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import orjson
import pytest
from redis import Redis

from router.api import checks, notifications
from router.console.pages import tables
from router.demo.outbox import Outbox
from rules.commands import Resolve
from rules.reading.load import load
from tests.accounts.person import GOOD, Person, api, hashes_quickly, invited, joined
from tests.console.test_schedules import FORM
from tests.receiver.ear import KUMA, Ear
from tests.receiver.test_promising import fails
from tests.receiver.test_schedules_api import SCHEDULED
from workers import keys, maintenance
from workers.agenda import Kind
from workers.rulebook import overrides, silences

CHECKS = "checks: {site: {type: http, url: 'https://shop.example.com/'}}\n"
SILENT = {
    "/playground": "it asks what would be; nothing is kept",
    "/maintenance/{name}/publish": "this office has no status page, so nothing can be published",
    "/incidents/{id}/publish": "this office has no status page, so nothing can be published",
}
"""What a press changes nothing by, each with the reason."""
ENDS = ("/account/password", "/sign-out")
"""Pressed last: they end sessions."""


class Office(Ear):
    """A receiver whose console people sign in to, with everything that has a button."""

    def __init__(self, url: str, redis: Redis) -> None:
        super().__init__(url, redis, {"TOCSIN_DEMO": "1", "TOCSIN_TRUSTED_PROXIES": "127.0.0.1/32"})
        self.use(load({"rules.yaml": SCHEDULED, "checks.yaml": CHECKS}, runbooks={"site-down": "1. Look at it.\n"}))
        self.outbox = Outbox()
        self._monitors = 100
        self.dan = joined(self, "dan", "admin")

    def context(self, fast: Any) -> Any:
        """With the demonstration's outbox, and so its button."""
        context = super().context(fast)
        context.outbox = self.outbox
        return context

    def opens(self) -> str:
        """A further incident."""
        self.works()
        self._monitors += 1
        return self.is_down(self._monitors, f"Shop {self._monitors}").id

    def ends(self) -> str:
        """A P1 that is over, and needs a post-mortem."""
        incident = self.opens()
        self.ledger.answer(incident, Resolve(by="dan", via="cli"))
        return incident

    def hears(self) -> str:
        """A further delivery."""
        delivery: str = self.post(KUMA, {"msg": "a test"}).json()["delivery"]
        return delivery

    def field(self, page: str, name: str) -> str:
        """What a form of that page carries."""
        found = re.search(rf'name="{name}" value="([^"]+)"', self.dan.get(page).text)
        assert found, (page, name)
        return found[1]

    def acts(self) -> list[dict[str, Any]]:
        """The audit log, the newest first."""
        stored: Any = self.redis.lrange(keys.ACTS, 0, -1)
        return [orjson.loads(one) for one in stored]


Press = Callable[[Office], tuple[str, Mapping[str, str]]]
"""Makes something that can be pressed; returns the address and the form."""


def _colleague(name: str, **more: str) -> Callable[[Office], Mapping[str, str]]:
    def made(office: Office) -> Mapping[str, str]:
        joined(office, name, "viewer")
        return {"account": name, **more}

    return made


def _signed_in_elsewhere(office: Office) -> Mapping[str, str]:
    Person(office).sign_in("dan")
    return {"session": "all"}


def _silenced(office: Office) -> Mapping[str, str]:
    office.dan.post("/rules/silence", label="service=api", reason="a drill", **{"for": "1h"})
    return {"name": silences.every(office.redis)[-1].name}


def _maintained(office: Office) -> str:
    if not maintenance.every(office.redis, office.clock.at):
        office.dan.post("/maintenance/start", service="api", reason="a drill", **{"for": "1h"})
    return maintenance.every(office.redis, office.clock.at)[-1].name


def _overridden(office: Office) -> Mapping[str, str]:
    if not overrides.every(office.redis):
        office.dan.post("/schedules/override", **FORM)
    return {"schedule": "primary", "id": overrides.every(office.redis)[-1].id}


def _token(office: Office) -> Mapping[str, str]:
    office.dan.post("/account/tokens", role="viewer", label="a laptop")
    return {"token": office.field("/account", "token")}


def _invitation(office: Office) -> Mapping[str, str]:
    invited(office, "guest")
    return {"invite": office.field("/accounts", "invite")}


def _step(office: Office) -> Mapping[str, str]:
    return {"entry": f"{Kind.STEP}-{office.opens()}", "step": "1", "do": "postpone", "for": "15m"}


FORMS: dict[str, Callable[[Office], Mapping[str, str]]] = {
    "/act": lambda office: {"do": f"acknowledge {office.opens()}"},
    "/try": lambda _: {},
    "/agenda/move": _step,
    "/agenda/failed": lambda office: {"job": fails(office.redis, "KeyError: 'x'"), "do": "remove"},
    "/sign-out": lambda _: {},
    "/account/sessions/end": _signed_in_elsewhere,
    "/account/password": lambda _: {"old": GOOD, "new": f"{GOOD} more", "again": f"{GOOD} more"},
    "/account/tokens": lambda _: {"role": "viewer", "label": "a laptop"},
    "/account/tokens/revoke": _token,
    "/accounts/invite": lambda _: {"role": "viewer", "name": "eve"},
    "/accounts/withdraw": _invitation,
    "/accounts/reset": _colleague("forgets"),
    "/accounts/role": _colleague("rises", role="responder"),
    "/accounts/person": _colleague("maria-k", person="maria"),
    "/accounts/remove": _colleague("leaves"),
    "/accounts/token": lambda _: {"name": "bot", "role": "viewer", "label": "deployments"},
    "/accounts/revoke": _token,
    "/deliveries/{id}/redeliver": lambda office: {"id": office.hears()},
    "/deliveries/{id}/purge": lambda office: {"id": office.hears()},
    "/rules/silence": lambda _: {"label": "service=api", "for": "1h", "reason": "a drill"},
    "/rules/lift": _silenced,
    "/schedules/override": lambda _: FORM,
    "/schedules/lift": _overridden,
    "/incidents/{id}/act": lambda office: {"id": office.opens(), "do": "note", "text": "seen"},
    "/maintenance/start": lambda _: {"service": "api", "for": "1h", "reason": "a drill"},
    "/maintenance/prolong": lambda office: {"name": _maintained(office), "for": "30m"},
    "/maintenance/end": lambda office: {"name": _maintained(office)},
    "/postmortems/{id}/act": lambda office: {"id": office.ends(), "do": "waive", "reason": "it was a drill"},
    "/postmortems/{id}/actions": lambda office: {"id": office.ends(), "text": "Alert on queue length"},
    "/postmortems/{id}/save": lambda office: {"id": office.ends(), "text": "# Mine\n", "revision": "1", "do": "save"},
    "/report": lambda _: {"summary": "Nobody can log in", "severity": "P2"},
    "/incidents/{id}/runbook": lambda office: {"id": office.opens(), "runbook": "site-down", "tick": "1"},
    "/checks/{name}/run": lambda _: {"name": "site"},
    "/channels/{name}/test": lambda _: {"name": "slack"},
}
"""What to fill into each form; a name in the address is taken from it. A new button needs a line here, or in SILENT."""


@pytest.fixture
def office(valkey: str, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> Office:
    """Where nobody works: a test of a channel, or a check, is promised, and not waited for."""
    monkeypatch.setattr(notifications, "LOOKS", 1)
    monkeypatch.setattr(checks, "LOOKS", 1)
    hashes_quickly(monkeypatch)
    return Office(valkey, redis)


def press(office: Office, path: str) -> tuple[int, list[dict[str, Any]]]:
    """Press the button; its status, and the lines it left."""
    fields = dict(FORMS[path](office))
    for name in re.findall(r"\{(\w+)\}", path):
        path = path.replace(f"{{{name}}}", fields.pop(name))
    before = len(office.acts())
    answer = office.dan.post(path, **fields)
    return answer.status_code, office.acts()[: len(office.acts()) - before]


def test_every_button_leaves_a_line(office: Office) -> None:
    """Who, what, of what, by which way and from where; of every form there is but those listed with a reason."""
    pages = [page.path for page in tables(office.context(None)) if page.method == "POST"]
    assert sorted(pages) == sorted([*FORMS, *SILENT]), "a new button needs a line in FORMS, or in SILENT"
    ordered = sorted(FORMS, key=lambda path: ENDS.index(path) if path in ENDS else -1)
    left = {path: press(office, path) for path in ordered}
    assert {path: status for path, (status, _) in left.items() if status not in (200, 303)} == {}
    assert [path for path, (_, acts) in left.items() if not acts] == []
    for path, (_, acts) in left.items():
        assert all((one["who"], one["address"]) == ("dan", "203.0.113.7") for one in acts), (path, acts)


@pytest.mark.parametrize(
    ("path", "what", "about"),
    [
        ("/incidents/{id}/act", "answered an incident", r"note \w+"),
        ("/agenda/move", "put a promise off", r"step-\w+"),
        ("/deliveries/{id}/redeliver", "handed a delivery in again", r"\w+, now \w+"),
        ("/deliveries/{id}/purge", "purged deliveries", r"\w+ of kuma"),
        ("/rules/silence", "set a silence", r"S-\w+ until 11:00 UTC: a drill"),
        ("/rules/lift", "lifted a silence", r"S-\w+"),
        ("/schedules/override", "put somebody else on call", "dan for primary until Mon 23 Nov 09:00 EET: a wedding"),
        ("/schedules/lift", "lifted an override", "dan for primary"),
        ("/channels/{name}/test", "tested a channel", "slack"),
        ("/try", "sent a test alert", "Test alert.*"),
    ],
)
def test_the_line_says_what_it_was_about(office: Office, path: str, what: str, about: str) -> None:
    """So that it can be read without anything else."""
    _, (act, *_) = press(office, path)
    assert act["what"] == what
    assert re.fullmatch(about, act["about"]), act
    assert act["via"] == "password"


def test_what_was_refused_leaves_none(office: Office) -> None:
    """A log of what was done: of buttons that did nothing it is silent."""
    before = len(office.acts())
    for path, form in (
        ("/act", {"do": "acknowledge NOSUCH"}),
        ("/agenda/move", {"entry": "n-1", "do": "run"}),
        ("/agenda/failed", {"job": "x", "do": "requeue"}),
        ("/deliveries/NOSUCH/purge", {}),
        ("/rules/lift", {"name": "nothing"}),
        ("/rules/silence", {"reason": "x", "for": "1h"}),
        ("/schedules/lift", {"schedule": "primary", "id": "x"}),
        ("/channels/nosuch/test", {}),
    ):
        office.dan.post(path, **form)
    assert len(office.acts()) == before


def test_several_at_once_are_one_line(office: Office) -> None:
    """With how many, and the first of them."""
    ids = [office.opens() for _ in range(3)]
    before = len(office.acts())
    form = [f"csrf={office.dan.csrf}", "do=acknowledge", *(f"chosen={one}" for one in ids)]
    cookies = "; ".join(f"{name}={value}" for name, value in office.dan.cookies.items())
    own = {"Cookie": cookies, "Sec-Fetch-Site": "same-origin", "X-Forwarded-For": office.dan.address}
    page = office.ask("POST", "/act", content="&".join(form), headers=own)
    assert page.status_code == 303
    (act,) = office.acts()[: len(office.acts()) - before]
    assert act["about"] == f"acknowledge, 3 incidents: {', '.join(ids)}"


def test_programs_leave_the_same_lines(office: Office) -> None:
    """What moves promises, channels and schedules through the API; answers to incidents stand in their timelines."""
    entry = f"{Kind.STEP}-{office.opens()}"
    api(office, "POST", f"/api/agenda/{entry}/postpone", {"by": "bot", "for": "15m", "step": 1})
    api(office, "POST", "/api/channels/slack/test", {"by": "bot"})
    api(office, "POST", "/api/schedules/primary/overrides", {"by": "bot", **_override()})
    told = [(one["what"], one["about"], one["via"]) for one in office.acts()[:3]]
    assert told == [
        ("put somebody else on call", "primary", "api"),
        ("tested a channel", "slack", "api"),
        ("put a promise off", entry, "api"),
    ]


def _override() -> dict[str, str]:
    return {name: value for name, value in FORM.items() if name != "schedule"}
