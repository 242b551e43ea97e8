"""The page behind the link in a notification."""

from __future__ import annotations

import dataclasses

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.incident import State
from tests.receiver.ear import DOWN, ENVIRONMENT, KUMA, NOW, Ear
from workers.store import connect
from workers.telling.links import KEEP, Link, LinkExpired, LinkForged, acknowledge_url, read_link

SECRETS = [b"link-secret-2", b"link-secret-1"]
SITE = "https://tocsin.example.com"
OURS = {"Sec-Fetch-Site": "same-origin"}


def link(incident: str, person: str | None = "ana", expires: float = NOW + KEEP) -> str:
    """The path of a link as a notification carries it."""
    return acknowledge_url(SITE, SECRETS, incident, person, expires).removeprefix(SITE)


def press(
    ear: Ear, path: str, action: str = "acknowledge", headers: dict[str, str] | None = None, **form: str
) -> httpx.Response:
    """Press a button of the page."""
    return ear.ask("POST", path, data={"action": action, **form}, headers=OURS if headers is None else headers)


def test_a_link_says_what_was_signed() -> None:
    """Incident, person and the end of its time; any of the secrets may have signed it."""
    token = acknowledge_url(SITE, SECRETS[1:], "ABC", None, NOW).rpartition("/")[2]
    assert read_link(token, SECRETS, NOW) == Link(incident="ABC", person=None, expires=NOW)


def test_a_link_ends_with_its_time() -> None:
    """Not before, and surely after."""
    token = link("ABC").rpartition("/")[2]
    assert read_link(token, SECRETS, NOW + KEEP)
    with pytest.raises(LinkExpired):
        read_link(token, SECRETS, NOW + KEEP + 1)


@given(st.text(max_size=60))
def test_what_we_did_not_sign_is_no_link(token: str) -> None:
    """Whatever a stranger makes up."""
    with pytest.raises(LinkForged):
        read_link(token, SECRETS, NOW)


@given(st.integers(0, 200), st.characters(codec="ascii"))
def test_a_link_that_was_touched_is_no_link(where: int, what: str) -> None:
    """Not one character may change its meaning."""
    token = link("ABC").rpartition("/")[2]
    where %= len(token)
    touched = token[:where] + what + token[where + 1 :]
    try:
        read = read_link(touched, SECRETS, NOW)
    except LinkForged:
        return
    assert read == Link(incident="ABC", person="ana", expires=NOW + KEEP)


def test_a_secret_that_was_withdrawn_opens_nothing(ear: Ear) -> None:
    """Its links are forgeries now."""
    path = acknowledge_url("", [b"withdrawn"], "ABC", "ana", NOW + KEEP)
    assert ear.ask("GET", path).status_code == 403


def test_looking_changes_nothing(ear: Ear) -> None:
    """Mail scanners follow links: only the button acts."""
    incident = ear.is_down()
    for method in ("GET", "HEAD"):
        assert ear.ask(method, link(incident.id)).status_code == 200
    assert ear.incident() == incident


def test_the_page_says_what_a_woken_person_must_know(ear: Ear) -> None:
    """How bad, what, since when, and that nobody has it."""
    ear.is_down()
    ear.clock.at += 840
    said = ear.ask("GET", link(ear.incident().id)).text
    for words in ("P1", "Shop is DOWN: timeout", "for 14m", "Nobody has it yet.", "Acknowledge", "Resolve"):
        assert words in said


def test_acknowledging_leads_back_to_a_page_that_says_who_has_it(ear: Ear) -> None:
    """303, so that reloading asks nothing twice."""
    path = link(ear.is_down().id)
    answer = press(ear, path)
    assert answer.status_code == 303
    assert answer.headers["location"] == path
    assert ear.incident().acknowledged_by == "ana"
    said = ear.ask("GET", path).text
    assert "ana has it" in said
    assert ">Acknowledge<" not in said


def test_resolving_ends_it(ear: Ear) -> None:
    """And the page has no button left."""
    path = link(ear.is_down().id)
    assert press(ear, path, "resolve").status_code == 303
    assert ear.incident().state is State.RESOLVED
    said = ear.ask("GET", path).text
    assert "Resolved by ana" in said
    assert "<button" not in said


def test_a_link_posted_to_a_room_asks_for_a_name(ear: Ear) -> None:
    """And the timeline says that nobody checked it."""
    path = link(ear.is_down().id, person=None)
    refused = press(ear, path, name="  \u200b ")
    assert refused.status_code == 422
    assert "Please write your name" in refused.text
    assert ear.incident().state is State.TRIGGERED
    press(ear, path, name="Mihai")
    assert ear.incident().acknowledged_by == "Mihai (unverified)"


def test_a_personal_link_takes_no_other_name(ear: Ear) -> None:
    """Whose link it is, is signed."""
    press(ear, link(ear.is_down().id), name="Mallory")
    assert ear.incident().acknowledged_by == "ana"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": SITE},
        {"Origin": "https://evil.example"},
        {"Origin": "https://tocsin.example.com.evil.example"},
    ],
)
def test_another_site_cannot_press_the_button(ear: Ear, headers: dict[str, str]) -> None:
    """Even if it learned the address."""
    incident = ear.is_down()
    assert press(ear, link(incident.id), headers=headers).status_code == 403
    assert ear.incident() == incident


def test_an_origin_that_is_no_address_is_another_site(ear: Ear) -> None:
    """Whoever writes nonsense into the header is refused like every other stranger."""
    for path in ("/a/x", link(ear.is_down().id)):
        assert press(ear, path, headers={"Origin": "http://["}).status_code == 403
    assert ear.incident().state is State.TRIGGERED


def test_a_form_with_too_many_fields_does_nothing(ear: Ear) -> None:
    """Ours has two; one with hundreds is not read to its end."""
    answer = press(ear, link(ear.is_down().id), **{f"a{number}": "1" for number in range(40)})
    assert answer.status_code == 422
    assert "Nothing was done" in answer.text
    assert ear.incident().state is State.TRIGGERED


@pytest.mark.parametrize("headers", [{"Origin": SITE}, {"Origin": "null"}, {}])
def test_an_old_browser_or_plain_http_can_answer(ear: Ear, headers: dict[str, str]) -> None:
    """Over plain http a browser tells only the Origin, and under our referrer policy not even that."""
    assert press(ear, link(ear.is_down().id), headers=headers).status_code == 303


def test_an_expired_link_is_told_kindly_and_does_nothing(ear: Ear) -> None:
    """410 with what to do instead."""
    incident = ear.is_down()
    path = link(incident.id, expires=NOW - 1)
    assert ear.ask("GET", path).status_code == 410
    assert "expired" in press(ear, path).text
    assert ear.incident() == incident


def test_an_unknown_action_does_nothing(ear: Ear) -> None:
    """The form has two buttons."""
    incident = ear.is_down()
    assert press(ear, link(incident.id), "delete").status_code == 422
    assert ear.incident() == incident


def test_an_incident_long_forgotten_is_404(ear: Ear) -> None:
    """For looking and for acting."""
    assert ear.ask("GET", link("GONE")).status_code == 404
    assert press(ear, link("GONE")).status_code == 404


def test_without_redis_the_page_says_to_try_again(ear: Ear) -> None:
    """Never a stack trace for a woken person."""
    away = Ear(ENVIRONMENT["REDIS_URL"], connect(ENVIRONMENT["REDIS_URL"]))
    answer = away.ask("GET", link("ABC"))
    assert answer.status_code == 503
    assert "try again" in answer.text


def test_a_senders_words_stay_words(ear: Ear) -> None:
    """No markup of theirs reaches the page."""
    monitor = {**DOWN["monitor"], "name": '<script>alert(1)</script>"{{7*7}}'}
    ear.post(KUMA, {**DOWN, "monitor": monitor})
    ear.works()
    said = ear.ask("GET", link(ear.incident().id)).text
    assert "<script>" not in said
    assert "&lt;script&gt;" in said
    assert "{{7*7}}" in said


def test_the_pages_policy_lets_nothing_run_and_nothing_frame_it(ear: Ear) -> None:
    """No script at all, one stylesheet of ours, forms only to ourselves."""
    headers = ear.ask("GET", link(ear.is_down().id)).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "script-src" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self'" in policy
    assert headers["referrer-policy"] == "no-referrer"
    assert ear.ask("GET", "/static/answer.css").status_code == 200


def test_a_runbook_is_readable_and_escaped(ear: Ear) -> None:
    """The page leads to it: headings, steps and commands as such, everything else as it was typed."""
    path = link(ear.is_down().id)
    assert f'href="{path}/runbook"' in ear.ask("GET", path).text
    said = ear.ask("GET", f"{path}/runbook").text
    assert "<h1>The site is down</h1>" in said
    assert "Look &lt;b&gt;first&lt;/b&gt;." in said
    assert "<code>dig +short example.com</code>" in said
    assert "Check DNS" in said


def test_a_runbook_is_for_those_who_were_told(ear: Ear) -> None:
    """It tells how the house is built: without a link of ours, or after its time, nobody reads it."""
    incident = ear.is_down().id
    assert ear.ask("GET", "/runbooks/site-down").status_code == 404
    assert ear.ask("GET", f"{link(incident)}x/runbook").status_code == 403
    assert ear.ask("GET", f"{link(incident, expires=NOW - 1)}/runbook").status_code == 410


def test_reloaded_rules_show_their_runbooks(ear: Ear) -> None:
    """The page reads the rules in force, and says when they have no such runbook any more."""
    path = f"{link(ear.is_down().id)}/runbook"
    for runbooks, status in (({"site-down": "# New"}, 200), ({}, 404)):
        ruleset = dataclasses.replace(ear.ruleset, runbooks=runbooks)
        ear.in_force = dataclasses.replace(ear.in_force, ruleset=ruleset)
        said = ear.ask("GET", path)
        assert said.status_code == status
        assert ("<h1>New</h1>" in said.text) == (status == 200)
