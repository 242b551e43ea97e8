"""How people come to an account: the first link, and those that admins send."""

from __future__ import annotations

import pytest

from tests.accounts.person import COOKIE, GOOD, Person, api, invited, joined, path_of
from tests.receiver.ear import Ear
from workers import keys


def first_link(ear: Ear) -> str | None:
    """What `up` and `serve` print."""
    link = api(ear, "POST", "/api/accounts/first").json()["link"]
    return None if link is None else path_of(link)


def test_the_first_link_makes_the_first_admin_and_works_once(ear: Ear) -> None:
    """It is the same in every receiver and after a restart; once there is an account, there is none."""
    link = first_link(ear)
    assert link is not None
    assert link == first_link(ear)
    ana = Person(ear)
    assert ana.accept(link, "Ana ").status_code == 303
    assert ana.is_in
    (account,) = api(ear, "GET", "/api/accounts").json()["accounts"]
    assert (account["name"], account["role"], account["person"]) == ("ana", "admin", "ana")
    assert Person(ear).accept(link, "eve").status_code == 410
    assert first_link(ear) is None


def test_the_first_link_is_void_once_another_is_made(ear: Ear) -> None:
    """Whoever found it in an old log is too late; the new one is an admin's too."""
    old = first_link(ear)
    assert old is not None
    new = invited(ear, "maria")
    assert Person(ear).get(old).status_code == 410
    assert Person(ear).accept(new).status_code == 303
    assert api(ear, "GET", "/api/accounts").json()["accounts"][0]["role"] == "admin"


def test_looking_uses_no_link_up(ear: Ear) -> None:
    """Mail scanners follow links; only the button counts, and only once."""
    link = invited(ear, "dan", role="admin")
    for _ in range(3):
        page = Person(ear).get(link)
        assert page.status_code == 200
        assert page.headers["referrer-policy"] == "no-referrer"
    assert Person(ear).accept(link).status_code == 303
    assert Person(ear).get(link).status_code == 410
    assert "works once" in Person(ear).accept(link).text


def test_a_link_is_good_for_a_day(ear: Ear) -> None:
    """Then it says so, and what to do."""
    link = invited(ear, "dan", role="admin")
    ear.clock.at += 86401
    gone = Person(ear).accept(link)
    assert gone.status_code == 410
    assert "tocsin accounts invite" in gone.text


def test_neither_links_nor_passwords_nor_sessions_can_be_read_in_redis(ear: Ear) -> None:
    """Whoever reads a backup cannot sign in by it."""
    first, link = first_link(ear), invited(ear, "dan", role="admin")
    dan = Person(ear)
    dan.accept(link)
    token = api(ear, "POST", "/api/accounts/tokens", {"name": "dan"}).json()["token"]
    kept = b""
    for key in ear.redis.scan_iter("tocsin:*"):
        kept += ear.redis.dump(key) or b""
    assert b"argon2id" in kept
    for secret in (str(first).rsplit("/", 1)[1], link.rsplit("/", 1)[1], GOOD, dan.cookies[COOKIE], token):
        assert secret.encode() not in kept


@pytest.mark.parametrize(
    ("name", "password", "said"),
    [
        ("", GOOD, "Choose a name"),
        ("ana maria", GOOD, "letters a to z"),
        ("oidc:0", GOOD, "letters a to z"),
        ("ana", "", "Choose a password"),
        ("ana", "short", "has 5 characters; take at least 12"),
        ("ana", "aaaaaaaaaaaaaaaa", "among the first that are tried"),
        ("ana", "password12345", "among the first that are tried"),
        ("anamaria", "Anamaria2026!", "among the first that are tried"),
        ("ana", "x" * 300 + "yzvw", "256 are enough"),
    ],
)
def test_what_will_not_do_is_said_and_the_link_stays_good(ear: Ear, name: str, password: str, said: str) -> None:
    """What was wrong, and what would be right; nothing is made."""
    link = first_link(ear)
    assert link is not None
    answer = Person(ear).accept(link, name, password)
    assert answer.status_code == 422
    assert said in answer.text
    assert password not in answer.text or not password
    assert ear.redis.hlen(keys.ACCOUNTS) == 0
    assert Person(ear).accept(link, "ana").status_code == 303


def test_two_passwords_that_differ_are_none(ear: Ear) -> None:
    """A slip of the finger would lock one out of a new account."""
    link = invited(ear, "dan")
    answer = Person(ear).post(link, csrf="", name="dan", password=GOOD, again=GOOD + "!")
    assert answer.status_code == 422
    assert "not the same" in answer.text


def test_nobody_makes_themselves_somebody_else(ear: Ear) -> None:
    """A name that is taken, and that of a person of the rules, are not to be had; the given name cannot be changed."""
    joined(ear, "boss", "admin")
    link = invited(ear, role="viewer")
    taken = Person(ear).accept(link, "boss")
    assert taken.status_code == 409
    claimed = Person(ear).accept(link, "maria")
    assert claimed.status_code == 422
    assert "ask whoever invited you for a link" in claimed.text
    assert Person(ear).accept(link, "newcomer").status_code == 303
    named = invited(ear, "maria", role="viewer")
    assert Person(ear).accept(named, "boss").status_code == 303
    found = {one["name"]: one for one in api(ear, "GET", "/api/accounts").json()["accounts"]}
    assert found["maria"]["person"] == "maria"
    assert found["newcomer"]["person"] is None


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"role": "king"}, 422, "admin"),
        ({"name": "boss"}, 409, "tocsin accounts reset boss"),
        ({"name": "x y"}, 422, "letters a to z"),
        ({"person": "marie"}, 422, "maria"),
        ({"nam": "x"}, 422, "not a field"),
    ],
)
def test_an_invitation_that_makes_no_sense_is_refused(ear: Ear, body: object, status: int, said: str) -> None:
    """And says what would."""
    joined(ear, "boss", "admin")
    answer = api(ear, "POST", "/api/accounts/invites", body)
    assert answer.status_code == status
    assert said in answer.text


def test_a_forgotten_password_is_set_anew_by_a_link(ear: Ear) -> None:
    """Every browser that was signed in with the old one is out."""
    dan = joined(ear, "dan", "admin")
    link = path_of(api(ear, "POST", "/api/accounts/dan/reset").json()["link"])
    again = Person(ear)
    assert "A new password for dan" in again.get(link).text
    assert again.accept(link, password="another good long one").status_code == 303
    assert again.is_in
    assert not dan.is_in
    assert Person(ear).sign_in("dan").status_code == 403
    assert Person(ear).sign_in("dan", "another good long one").status_code == 303
    assert Person(ear).accept(link).status_code == 410
