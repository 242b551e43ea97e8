"""Signing in and out, and who cannot."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import httpx
import pytest
from argon2 import extract_parameters
from redis import Redis

from router.accounts import passwords
from router.accounts.sessions import IDLE, LONGEST
from router.console import live
from tests.accounts.person import COOKIE, GOOD, Person, api, invited, joined
from tests.receiver.ear import Ear
from tests.receiver.wire import listening

FORM = {"name": "dan", "password": "not the right one", "then": "/"}


def test_name_and_password_open_the_console(ear: Ear) -> None:
    """One lands where one wanted to go, with a cookie no script reads and no other site sends along with a form."""
    joined(ear, "dan", "admin")
    dan = Person(ear)
    asked = dan.get("/agenda?state=parked")
    assert asked.status_code in (303, 404)
    answer = dan.sign_in(" Dan ", then="/account?x=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account?x=1")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert {"HttpOnly", "Secure", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    assert dan.is_in
    assert dan.get("/sign-in").status_code == 303


def test_over_plain_http_the_cookie_goes_without_what_browsers_refuse_there(valkey: str, redis: Redis) -> None:
    """`up` on one's own machine has no certificate."""
    ear = Ear(valkey, redis, {"PUBLIC_URL": "http://127.0.0.1:8080"})
    link = api(ear, "POST", "/api/accounts/first").json()["link"]
    dan = Person(ear)
    cookie = dan.accept(link.removeprefix("http://127.0.0.1:8080"), "dan").headers["set-cookie"]
    assert cookie.startswith("tocsin=")
    assert "Secure" not in cookie
    assert dan.is_in


@pytest.mark.parametrize("then", ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", ""])
def test_nobody_is_led_elsewhere_after_signing_in(ear: Ear, then: str) -> None:
    """A link to our sign-in page cannot end on another site."""
    joined(ear, "dan", "admin")
    assert Person(ear).sign_in("dan", then=then).headers["location"] == "/"


@pytest.mark.full_hashes
def test_a_wrong_name_and_a_wrong_password_are_answered_alike(ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same words, after the same work: an unknown name costs one hash as a known one does."""
    joined(ear, "dan", "admin")
    reckoned: list[Any] = []
    verified = passwords._verified

    def reckon(kept: str, password: str) -> bool:
        reckoned.append(dataclasses.replace(extract_parameters(kept), salt_len=0))
        return verified(kept, password)

    monkeypatch.setattr(passwords, "_verified", reckon)
    answers = {
        name: Person(ear, address).sign_in(name, "not the right one")
        for name, address in (("dan", "198.51.100.1"), ("nobody", "198.51.100.2"))
    }
    assert answers["dan"].status_code == answers["nobody"].status_code == 403
    assert answers["dan"].text.replace('value="dan"', "") == answers["nobody"].text.replace('value="nobody"', "")
    known, unknown = reckoned
    assert known == unknown
    assert (known.memory_cost, known.time_cost, known.parallelism) == (64 * 1024, 3, 4)


def test_a_locked_out_name_is_answered_as_one_that_does_not_exist(ear: Ear) -> None:
    """Too many tries say the same of both, and cost no hash."""
    joined(ear, "dan", "admin")
    told = {}
    for name, address in (("dan", "198.51.100.1"), ("nobody", "198.51.100.2")):
        person = Person(ear, address)
        told[name] = [person.sign_in(name, "wrong") for _ in range(6)][-1]
    assert {one.status_code for one in told.values()} == {429}
    assert told["dan"].text.replace('value="dan"', "") == told["nobody"].text.replace('value="nobody"', "")


def test_signing_in_always_makes_a_fresh_session(ear: Ear) -> None:
    """A session that somebody has planted in the browser before is not the one that is signed in."""
    joined(ear, "dan", "admin")
    dan = Person(ear)
    dan.cookies[COOKIE] = "planted"
    dan.sign_in("dan")
    assert dan.cookies[COOKIE] != "planted"
    first = dan.cookies[COOKIE]
    dan.sign_in("dan")
    assert dan.cookies[COOKIE] != first
    thief = Person(ear)
    for word in ("planted", first):
        thief.cookies = {COOKIE: word}
        assert not thief.is_in


def test_signing_out_ends_the_session_itself(ear: Ear) -> None:
    """Not the cookie alone: whoever has copied it is out too."""
    dan = joined(ear, "dan", "admin")
    thief = Person(ear)
    thief.cookies = dict(dan.cookies)
    assert thief.is_in
    out = dan.post("/sign-out")
    assert (out.status_code, out.headers["location"]) == (303, "/sign-in")
    assert COOKIE not in dan.cookies
    assert not thief.is_in


def test_sign_out_everywhere_else(ear: Ear) -> None:
    """A lost phone is signed out from the laptop, one by one or all at once; a stranger's session cannot be."""
    dan = joined(ear, "dan", "admin")
    phone, tablet = Person(ear), Person(ear)
    phone.sign_in("dan")
    tablet.sign_in("dan")
    eve = joined(ear, "eve", "admin")
    ids = re.findall(r'name="session" value="(\w{64})"', dan.get("/account").text)
    assert len(ids) == 2
    assert dan.post("/account/sessions/end", session=ids[0]).status_code == 303
    assert [phone.is_in, tablet.is_in].count(True) == 1
    assert eve.post("/account/sessions/end", session=ids[1]).status_code == 303
    assert [phone.is_in, tablet.is_in].count(True) == 1
    dan.post("/account/sessions/end", session="all")
    assert (dan.is_in, phone.is_in, tablet.is_in, eve.is_in) == (True, False, False, True)


def test_a_session_ends_when_it_is_not_used_and_in_any_case_after_a_month(ear: Ear) -> None:
    """A week without a page, or thirty days."""
    idle, busy = joined(ear, "idle", "admin"), joined(ear, "busy", "admin")
    ear.clock.at += IDLE - 60
    assert busy.is_in
    ear.clock.at += 120
    assert (idle.is_in, busy.is_in) == (False, True)
    for _ in range(3):
        ear.clock.at += IDLE - 60
        assert busy.is_in
    ear.clock.at += LONGEST - 4 * IDLE + 300
    assert not busy.is_in


def test_a_changed_password_signs_the_others_out(ear: Ear) -> None:
    """And needs the old one."""
    dan = joined(ear, "dan", "admin")
    phone = Person(ear)
    phone.sign_in("dan")
    new = "a wholly different phrase"
    assert dan.post("/account/password", old="wrong", new=new, again=new).status_code == 403
    assert dan.post("/account/password", old=GOOD, new="short", again="short").status_code == 422
    assert phone.is_in
    assert dan.post("/account/password", old=GOOD, new=new, again=new).status_code == 303
    assert (dan.is_in, phone.is_in) == (True, False)
    assert Person(ear).sign_in("dan", new).status_code == 303


def test_a_removed_account_is_out_at_once_and_its_successor_is_somebody_else(ear: Ear) -> None:
    """Its tokens end with it."""
    joined(ear, "boss", "admin")
    dan = joined(ear, "dan", "viewer")
    token = api(ear, "POST", "/api/accounts/tokens", {"name": "dan"}).json()["token"]
    assert api(ear, "GET", "/api/incidents", token=token).status_code == 200
    assert api(ear, "POST", "/api/accounts/dan/remove").json() == {"removed": "dan"}
    assert not dan.is_in
    assert api(ear, "GET", "/api/incidents", token=token).status_code == 401
    joined(ear, "dan", "viewer")
    assert not dan.is_in


def test_an_open_page_hears_nothing_more_once_its_account_is_removed(ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stream that keeps it current ends by itself, and is not opened again."""
    monkeypatch.setattr(live, "CLOCK_EVERY", 0.0)
    joined(ear, "boss", "admin")
    dan = joined(ear, "dan", "viewer")
    cookie = "; ".join(f"{name}={value}" for name, value in dan.cookies.items())
    with listening(ear) as connect:
        stream = connect()
        stream.sendall(f"GET /live HTTP/1.1\r\nHost: t\r\nConnection: close\r\nCookie: {cookie}\r\n\r\n".encode())
        assert b" 200 OK" in stream.recv(4096)
        assert api(ear, "POST", "/api/accounts/dan/remove").json() == {"removed": "dan"}
        while stream.recv(65536):
            pass
    assert dan.get("/live").headers["location"].startswith("/sign-in?")


def test_a_role_is_in_force_with_the_next_page(ear: Ear) -> None:
    """And the last admin stays one: somebody must be able to change accounts."""
    boss = joined(ear, "boss", "admin")
    assert boss.get("/accounts").status_code == 200
    refused = api(ear, "POST", "/api/accounts/boss/role", {"role": "viewer"})
    assert refused.status_code == 409
    assert "the last admin" in refused.text
    assert api(ear, "POST", "/api/accounts/boss/remove").status_code == 409
    joined(ear, "other", "admin")
    assert api(ear, "POST", "/api/accounts/boss/role", {"role": "viewer"}).json()["role"] == "viewer"
    assert boss.get("/accounts").status_code == 403
    assert boss.is_in


def test_redis_away_signs_nobody_out(ear: Ear) -> None:
    """The page says that it is away, the cookie stays, and afterwards one goes on."""
    dan = joined(ear, "dan", "admin")
    url, ear.url = ear.url, "redis://127.0.0.1:1/0"
    for answer in (dan.get("/account"), dan.get("/sign-in"), Person(ear).sign_in("dan")):
        assert answer.status_code == 503
        assert "Redis does not answer" in answer.text
        assert "set-cookie" not in answer.headers
    ear.url = url
    assert dan.is_in


def test_ten_thousand_guesses_become_five_a_minute(ear: Ear) -> None:
    """S18: from one address five tries a minute are looked at, however many come; each refusal says when to come."""
    joined(ear, "dan", "admin")

    async def guess(client: httpx.AsyncClient) -> list[httpx.Response]:
        headers = {"X-Forwarded-For": "198.51.100.9", "Sec-Fetch-Site": "same-origin"}
        return [await client.post("/sign-in", data=FORM, headers=headers) for _ in range(300)]

    answers = ear.converse(guess)
    assert [one.status_code for one in answers[:6]] == [403] * 5 + [429]
    assert [one.status_code for one in answers].count(403) == 5
    assert int(answers[-1].headers["retry-after"]) == 60
    assert "wait 60 s" in answers[-1].text
    dan = Person(ear, "198.51.100.9")
    assert dan.sign_in("dan").status_code == 429
    assert Person(ear, "198.51.100.10").sign_in("dan").status_code == 303
    ear.clock.at += 61
    assert dan.sign_in("dan").status_code == 303


def test_one_account_is_tried_twenty_times_a_minute_from_the_whole_world(ear: Ear) -> None:
    """Also one that does not exist; and an address that pretends to be many in X-Forwarded-For is still one."""
    joined(ear, "dan", "admin")

    async def guess(client: httpx.AsyncClient) -> list[int]:
        tries: list[Any] = []
        for number in range(25):
            forged = f"10.9.8.{number}, 198.51.100.{number}"
            headers = {"X-Forwarded-For": forged, "Sec-Fetch-Site": "same-origin"}
            tries.append((await client.post("/sign-in", data=FORM, headers=headers)).status_code)
        return tries

    assert ear.converse(guess) == [403] * 20 + [429] * 5
    many = [Person(ear, f"1.2.3.{number}, 192.0.2.1").sign_in("nobody", "x").status_code for number in range(7)]
    assert many == [403] * 5 + [429] * 2


def test_who_signs_in_rightly_is_not_counted(ear: Ear) -> None:
    """A whole office comes to work behind one address."""
    joined(ear, "dan", "admin")
    assert {Person(ear).sign_in("dan").status_code for _ in range(8)} == {303}


def test_a_form_of_another_site_signs_nobody_in_or_out(ear: Ear) -> None:
    """S15: where the form was counts, and the token of the session, for every button."""
    dan = joined(ear, "dan", "admin")
    form = {"name": "dan", "password": GOOD}
    assert dan.post("/sign-in", site="cross-site", csrf="", **form).status_code == 403
    assert dan.post("/sign-out", site="cross-site").status_code == 403
    assert dan.post("/sign-out", site="same-site").status_code == 403
    eve = joined(ear, "eve", "admin")
    assert dan.post("/sign-out", csrf=eve.csrf).status_code == 403
    assert dan.post("/sign-out", csrf="").status_code == 403
    link = invited(ear, "new")
    stolen = Person(ear).post(link, site="cross-site", csrf="", name="new", password=GOOD, again=GOOD)
    assert stolen.status_code == 403
    assert dan.get("/sign-out").status_code == 405
    assert dan.is_in
    page = Person(ear).get("/sign-in")
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
