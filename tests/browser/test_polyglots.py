"""S14: whatever a sender or a person writes stays text on every page, and every link leads to a page of the web.

All 300 strings stand in rules, notes, labels and the audit log; a few of them in every other field there is.
`--hypothesis-profile=long` tries all of them everywhere: minutes, not seconds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect
from redis import Redis

from router.accounts.audit import Act, What
from router.in_force import in_force
from router.sources import TYPES
from rules.incident import TimelineEntry
from rules.reading.load import load
from rules.record import encode
from tests.browser.polyglots import polyglots
from tests.receiver.ear import KUMA, NOW
from tests.receiver.sitting import ALL, Sitting
from tests.receiver.test_promising import fails
from tests.receiver.wire import listening
from workers import keys
from workers.channels import OPTIONS
from workers.settings import Environment
from workers.telling.links import KEEP, acknowledge_url

pytestmark = pytest.mark.browser
WORDS = polyglots()
FEW = 30
"""Every so many-eth of them is tried where each needs a page of its own."""
VIOLATED = "addEventListener('securitypolicyviolation', (e) => violated(`${e.violatedDirective} ${e.blockedURI}`))"
LIVE = "<img src=x onerror=alert(1)> it burns"

WRONG = """() => {
  const wrong = [], ours = location.origin;
  const say = (what, one) => wrong.push(`${what}: ${one.outerHTML.slice(0, 200)}`);
  const known = ["SCRIPT", "LINK", "META", "IFRAME", "OBJECT", "EMBED", "BASE", "STYLE", "VIDEO", "MATH", "ANIMATE"];
  const mine = ['script[type=module][src^="/static/console.js"]', 'link[href^="/static/"]', "meta[charset]",
                "meta[name]"];
  const head = new Set(document.querySelectorAll(mine.map((one) => `head > ${one}`).join(", ")));
  for (const one of document.querySelectorAll("*")) {
    if (known.includes(one.tagName.toUpperCase()) && !head.has(one)) say("element", one);
    for (const { name, value } of one.attributes) {
      const acts = /^on/i.test(name) || ["style", "srcdoc", "ping", "background", "xlink:href"].includes(name);
      if (acts) say("attribute", one);
      if (["href", "src", "action", "formaction", "data", "poster"].includes(name)) {
        const to = new URL(value, location.href);
        if (!["http:", "https:"].includes(to.protocol)) say("leads to " + to.protocol, one);
        if (to.origin !== ours) {
          if (one.tagName !== "A") say("from elsewhere", one);
          if (one.rel !== "noopener noreferrer" || one.target !== "_blank") say("without rel", one);
        }
      }
    }
  }
  return wrong;
}"""


class Desk(Sitting):
    """A console over rules, deliveries, incidents and people whose every word is hostile."""

    def __init__(self, url: str, redis: Redis, few: list[str]) -> None:
        super().__init__(url, redis)
        self.few = few
        self.ruleset = load({"rules.yaml": written(rules(few))}, runbooks=_runbooks(few), channel_options=OPTIONS)
        self.in_force = in_force(self.ruleset, TYPES, Environment(ALL).reveal)

    def publish(self, folder: Path) -> None:
        """The rules stand in Redis as text, so that the playground can lay them out."""
        (folder / "rules.yaml").write_text(written(rules(self.few)), encoding="utf-8")
        (folder / "runbooks").mkdir()
        (folder / "runbooks" / "danger.md").write_text("# Danger\n", encoding="utf-8")
        self.rules = folder
        reload = self.context(None).reload
        assert reload is not None
        reload.propose("a test")

    def fill(self) -> None:
        """Everything that is said by senders, by receivers and by people."""
        for number, word in enumerate(self.few):
            self.outside.slack.fails(status=500 + number % 3, body=word.encode())
            self.says(number, word)
        self.all_work()
        for one in self.store.incidents():
            self.tampers(one.id)
        self.people_say()

    def says(self, number: int, word: str) -> None:
        """A delivery that can be read, and one that cannot."""
        labels = {"n": str(number), "service": word, word: word}
        body = {"summary": word, "url": word, "id": f"{word}{number}", word: word, "labels": labels}
        agent = {"User-Agent": word.encode("ascii", "ignore").decode().replace("\r", "").replace("\n", "")}
        self.delivers(f"/hooks/anything?q={quote(word)}", json=body, headers=agent)
        self.delivers(KUMA, content=word.encode(), headers=agent)

    def delivers(self, path: str, **sent: Any) -> None:
        """As senders do: once more when it could not be kept just now, as where everything else runs too."""
        assert 202 in (self.ask("POST", path, **sent).status_code for _ in range(5)), path

    def tampers(self, incident_id: str) -> None:
        """As if no parser had cleaned it: the pages hold without them."""
        found = self.store.incident(incident_id)
        assert found is not None
        word = self.few[sum(incident_id.encode()) % len(self.few)]
        signals = {key: replace(one, summary=word, url=word, source=word) for key, one in found.signals.items()}
        labels = {each: each for each in WORDS}
        told = replace(found, title=word, url=word, labels=labels, signals=signals, acknowledged_by=word, assignee=word)
        self.redis.set(keys.incident(incident_id), encode(told))
        lines = [TimelineEntry(at=NOW, kind="note", text=each, by=each, via=each) for each in WORDS]
        self.redis.rpush(keys.timeline(incident_id), *map(encode, lines))

    def people_say(self) -> None:
        """Silences, overrides, reasons, tokens and whatever stands in the audit log."""
        for word in self.few:
            line = word[:80]
            self.presses("/rules", "/rules/silence", label=f"{line}={line}", reason=line, **{"for": "1h"})
            fails(self.redis, line)
        acts = [Act(at=NOW, who=word, what=What.SILENCED, about=word, via=word, address=word) for word in WORDS]
        self.redis.lpush(keys.ACTS, *(one.model_dump_json() for one in acts))
        self.parks_a_page()

    def everywhere(self) -> Iterator[str]:
        """The address of every page with something of it."""
        yield from (
            "/", "/?page=2", "/agenda", "/deliveries", "/deliveries?outcome=quarantined", "/notifications", "/rules",
            "/playground",
            "/schedules", "/sources", "/numbers", "/account", "/accounts", "/audit",
        )  # fmt: skip
        incidents = [one.id for one in self.store.incidents()]
        yield from (f"/incidents/{incidents[0]}?page={number}" for number in range(1, 5))
        yield from (f"/incidents/{one}" for one in incidents[1:])
        stored: Any = self.redis.zrange(keys.DELIVERIES, 0, -1)
        yield from (f"/deliveries/{one.decode()}" for one in stored)
        attempts = {json.loads(said[b"a"])["id"] for _, said in self._attempts()}
        yield from (f"/notifications/{one}" for one in sorted(attempts)[: len(self.few)])
        yield from (f"/sources/{name}" for name in self.in_force.sources)
        yield acknowledge_url("", self.context(None).secrets, incidents[0], None, NOW + KEEP)

    def _attempts(self) -> Any:
        return self.redis.xrange(keys.ATTEMPTS)

    def echoes(self, word: str) -> Iterator[str]:
        """The addresses that say a word again."""
        said = quote(word, safe="")
        yield from (
            f"/?q={said}&who={said}&state={said}&severity={said}&page={said}",
            f"/agenda?who={said}&kind={said}&after={said}",
            f"/deliveries?q={said}&source={said}&incident={said}&since={said}&until={said}&outcome={said}&before={said}",
            f"/notifications?channel={said}&person={said}&incident={said}&outcome={said}",
            f"/playground?source={said}&file={said}", f"/{said}", f"/incidents/{said}", f"/sources/{said}",
            f"/deliveries/{said}", f"/sign-in?then={said}", f"/welcome/{said}", f"/a/{said}",
        )  # fmt: skip


def rules(few: list[str]) -> dict[str, Any]:
    """Rules whose every free word is hostile; all 300 are names of rules. Other names may hold letters only."""
    word = iter([one.replace("${", "$ {") for one in few] * 50)
    level = {"respond_within": "15m", "channels": ["slack", "mail", "pager"], "first_responder": "duty"}
    return {
        "severities": {name: {**level, "means": next(word)} for name in ("P1", "P2", "P3", "P4")},
        "escalation": [{"severity": "P1", "responder": "duty", "after": "15m", "escalate_to": "lead"}],
        "roles": {"duty": {"person": "ana"}, "lead": {"schedule": "primary"}},
        "people": {
            "ana": {"name": next(word), "slack": "U02ANA", "email": "ana@example.com", "pagerduty": "${env:PD}"},
            "dan": {"name": next(word)},
        },
        "teams": {"shop": {"people": ["dan"]}},
        "schedules": {"primary": {"timezone": "UTC", "people": ["ana", "dan"]}},
        "channels": {
            "slack": {"type": "slack", "url": "${env:SLACK}"},
            "mail": {"type": "mail", "host": "mail.example.com", "port": 25, "tls": "none", "sender": "t@example.com"},
            "pager": {"type": "pagerduty"},
        },
        "sources": {
            "anything": {"type": "generic", "unsigned": True, "labels": {few[0]: few[1]}},
            "kuma": {"type": "uptimekuma", "token": "${env:KUMA}"},
        },
        "rules": [_rule(number, name, next(word)) for number, name in enumerate(WORDS)],
    }


def written(whole: dict[str, Any]) -> str:
    """As YAML: JSON is, but for characters that JSON says in two escapes."""
    return re.sub(r"(?:\\ud[89ab]..\\ud[c-f]..)+", lambda pairs: _whole(pairs[0]), json.dumps(whole))


def _whole(pairs: str) -> str:
    return "".join(f"\\U{ord(one):08x}" for one in json.loads(f'"{pairs}"'))


def _rule(number: int, name: str, word: str) -> dict[str, Any]:
    labels = {"said": word, word[:80]: word}
    then = {"severity": f"P{number % 4 + 1}", "labels": labels, "runbook": "danger", "team": "shop"}
    return {"name": name.replace("${", "$ {"), "when": {"labels": {"n": str(number)}}, "then": then}


def _runbooks(few: list[str]) -> dict[str, str]:
    return {"danger": "\n\n".join([f"# {few[0]}", *few, *(f"- {one}" for one in few), "```", *few, "```"])}


@pytest.fixture
def words(long: bool) -> list[str]:
    """All, or a few."""
    return WORDS if long else WORDS[::FEW]


def aside(act: Callable[[], None]) -> None:
    """In a thread of its own: Playwright's event loop has this one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(act).result()


def watched(chromium: Browser, base: str) -> tuple[Page, list[str]]:
    """A page, and what went wrong on it so far: dialogs, violations of the policy, requests to elsewhere."""
    wrong: list[str] = []
    page = chromium.new_context(viewport={"width": 1440, "height": 900}).new_page()

    def alarmed(dialog: Any) -> None:
        wrong.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    page.expose_function("violated", lambda what: wrong.append(f"policy: {what}"))
    page.add_init_script(VIOLATED)
    page.on("dialog", alarmed)
    page.on("console", lambda said: "Content Security Policy" in said.text and wrong.append(said.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda asked: asked.url.startswith(base) or wrong.append(f"asked {asked.url}"))
    return page, wrong


def _echoes(desk: Desk, long: bool) -> Iterator[str]:
    """Every word in every address that says it again, or every few of them in each in turn."""
    for number, word in enumerate(WORDS if long else WORDS[::10]):
        paths = list(desk.echoes(word))
        yield from paths if long else paths[number % len(paths) :][:1]


def test_words_stay_words_on_every_page(
    valkey: str, redis: Redis, chromium: Browser, words: list[str], long: bool
) -> None:
    """No dialog, no violation, no element or attribute of theirs; links lead to the web, and give nothing away."""
    desk = Desk(valkey, redis, words)
    aside(desk.fill)
    with listening(desk) as connect:
        base = f"http://127.0.0.1:{connect.port}"
        page, wrong = watched(chromium, base)
        for path in (*desk.everywhere(), *_echoes(desk, long)):
            answer = page.goto(base + path)
            assert answer is not None
            assert answer.status < 500, path
            found = page.evaluate(WRONG)
            assert (found, wrong) == ([], []), path
        page.goto(f"{base}/")
        expect(page.locator("#pulse")).to_have_text("live")
        aside(lambda: desk.says(9999, LIVE))
        desk.all_work()
        expect(page.locator(".row", has_text="it burns").first).to_be_visible()
        assert (page.evaluate(WRONG), wrong) == ([], [])
        page.context.close()


def test_forms_say_words_again_as_words(
    valkey: str, redis: Redis, chromium: Browser, words: list[str], long: bool, tmp_path: Path
) -> None:
    """What was typed wrongly stands in its field again: of a silence, and of the playground."""
    desk = Desk(valkey, redis, words)
    desk.publish(tmp_path)
    with listening(desk) as connect:
        base = f"http://127.0.0.1:{connect.port}"
        page, wrong = watched(chromium, base)
        for word in words if long else words[::2]:
            for path, fields in (
                ("/rules", {"q-source": word, "q-label": word, "q-for": word, "q-reason": word}),
                ("/playground", {"body": word, "text": word}),
            ):
                page.goto(base + path)
                for name, text in fields.items():
                    page.evaluate("([id, text]) => { document.getElementById(id).value = text; }", [name, text])
                button = "Judge" if path == "/playground" else "Be silent"
                with page.expect_navigation():
                    page.get_by_role("button", name=button, include_hidden=True).evaluate("(one) => one.click()")
                assert (page.evaluate(WRONG), wrong) == ([], []), (path, word)
        page.context.close()
