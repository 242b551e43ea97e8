"""Signing in elsewhere: at an issuer of OpenID Connect, or at a proxy in front of us."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from redis import Redis

from tests.accounts.issuer import CLIENT, SECRET, FakeIssuer, issuing, new_key
from tests.accounts.person import Person, api, joined
from tests.receiver.ear import Ear
from workers.settings import Settings, SettingsError, read_settings, require

WAY = "__Host-tocsin-oidc"


@pytest.fixture
def issuer() -> Iterator[FakeIssuer]:
    """Where people may sign in."""
    with issuing() as found:
        yield found


@pytest.fixture
def ear(valkey: str, redis: Redis, issuer: FakeIssuer) -> Ear:
    """A receiver that sends people there."""
    return Ear(
        valkey,
        redis,
        {
            "TOCSIN_OIDC_ISSUER": issuer.url,
            "TOCSIN_OIDC_CLIENT_ID": CLIENT,
            "TOCSIN_OIDC_CLIENT_SECRET": SECRET,
            "TOCSIN_OIDC_ROLES": "sre=admin,on call=responder",
            "TOCSIN_OIDC_NAME": "Example SSO",
            "TOCSIN_ALLOW_NET": "127.0.0.0/8",
            "TOCSIN_TRUSTED_PROXIES": "127.0.0.1/32",
        },
    )


def come_back(person: Person, issuer: FakeIssuer, then: str = "/account") -> httpx.Response:
    """There, yes, and back."""
    gone = person.get(f"/sign-in/oidc?then={then}")
    assert gone.status_code == 303, gone.text
    assert gone.headers["location"].startswith(f"{issuer.url}/authorize?tenant=1&")
    return person.get(f"/sign-in/oidc/back?{issuer.authorize(gone.headers['location'])}")


def accounts(ear: Ear) -> list[dict[str, Any]]:
    """Who there is."""
    found: list[dict[str, Any]] = api(ear, "GET", "/api/accounts").json()["accounts"]
    return found


def test_whom_the_issuer_vouches_for_is_in(ear: Ear, issuer: FakeIssuer) -> None:
    """With the role of the best of their groups, led to where they wanted to go; the code is exchanged by PKCE."""
    issuer.person |= {"groups": ["everybody", "on call"]}
    ana = Person(ear)
    assert "Sign in with Example SSO" in ana.get("/sign-in").text
    back = come_back(ana, issuer)
    assert (back.status_code, back.headers["location"]) == (303, "/account")
    assert ana.is_in
    assert WAY not in ana.cookies
    assert issuer.exchanged[0]["redirect_uri"] == "https://tocsin.example.com/sign-in/oidc/back"
    (account,) = accounts(ear)
    assert (account["role"], account["signs_in"], account["person"]) == ("responder", "elsewhere", None)
    issuer.person |= {"groups": []}
    come_back(Person(ear), issuer)
    assert [one["role"] for one in accounts(ear)] == ["viewer"]


def test_a_name_is_no_proof(ear: Ear, issuer: FakeIssuer) -> None:
    """Who calls themselves as somebody here does is another account; only a verified address makes a person of them."""
    joined(ear, "boss", "admin")
    issuer.person = {"sub": "u-9", "preferred_username": "boss", "email": "ana@example.com", "email_verified": False}
    ear.ruleset.config.people["ana"] = ear.ruleset.config.people["ana"].model_copy(update={"email": "ana@example.com"})
    come_back(Person(ear), issuer)
    found = {one["name"]: one for one in accounts(ear)}
    assert found["boss"]["role"] == "admin"
    assert found["boss (Example SSO)"]["role"] == "viewer"
    assert found["boss (Example SSO)"]["person"] is None
    issuer.person = {"sub": "u-10", "preferred_username": "anna", "email": "Ana@example.com", "email_verified": True}
    come_back(Person(ear), issuer)
    assert {one["name"]: one["person"] for one in accounts(ear)}["anna"] == "ana"


Spoil = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda claims: {**claims, "nonce": "another"}, "another sign-in"),
        (lambda claims: {**claims, "aud": "another client"}, "InvalidAudienceError"),
        (lambda claims: {**claims, "aud": [CLIENT, "another"]}, "made for somebody else"),
        (lambda claims: {**claims, "iss": "https://evil.example"}, "InvalidIssuerError"),
        (lambda claims: {**claims, "exp": time.time() - 120}, "ExpiredSignatureError"),
        (lambda claims: {name: one for name, one in claims.items() if name != "sub"}, "MissingRequiredClaimError"),
        (lambda claims: {name: one for name, one in claims.items() if name != "nonce"}, "another sign-in"),
    ],
)
def test_a_token_that_does_not_hold_lets_nobody_in(ear: Ear, issuer: FakeIssuer, spoil: Spoil, why: str) -> None:
    """And the page says what was wrong with it."""
    issuer.spoil = spoil
    ana = Person(ear)
    back = come_back(ana, issuer)
    assert back.status_code == 502
    assert why in back.text
    assert not ana.is_in
    assert accounts(ear) == []


def test_a_token_of_another_key_or_of_the_clients_secret_is_none(ear: Ear, issuer: FakeIssuer) -> None:
    """Neither a thief's key nor a symmetric signature."""
    true_key, issuer.spoil = issuer.key, _signed_otherwise(issuer)
    assert come_back(Person(ear), issuer).status_code == 502
    issuer.key, issuer.spoil, issuer.algorithm = true_key, lambda claims: claims, "HS256"
    back = come_back(Person(ear), issuer)
    assert back.status_code == 502
    assert "id token does not hold" in back.text
    assert accounts(ear) == []


def _signed_otherwise(issuer: FakeIssuer) -> Spoil:
    """The keys are read first, and then another one signs under the same name."""
    real, thief = issuer.answer, new_key()

    def answer(path: str, form: dict[str, str], authorization: str) -> tuple[int, Any]:
        kept, issuer.key = issuer.key, thief if path == "/token" else issuer.key
        try:
            return real(path, form, authorization)
        finally:
            issuer.key = kept

    issuer.answer = answer  # type: ignore[method-assign]
    return lambda claims: claims


def test_a_new_key_of_the_issuer_is_found(ear: Ear, issuer: FakeIssuer) -> None:
    """Issuers change theirs; nobody has to restart anything."""

    async def twice(client: httpx.AsyncClient) -> list[int]:
        statuses = []
        for kid in ("first", "second"):
            issuer.key, issuer.kid = new_key(), kid
            gone = await client.get("/sign-in/oidc")
            back = await client.get(f"/sign-in/oidc/back?{issuer.authorize(gone.headers['location'])}")
            statuses.append(back.status_code)
        return statuses

    assert ear.converse(twice) == [303, 303]


def test_a_sign_in_begun_by_somebody_else_ends_nowhere(ear: Ear, issuer: FakeIssuer) -> None:
    """Nobody is signed in to a stranger's account by a link; nor twice by one code, nor after ten minutes."""
    eve, ana = Person(ear), Person(ear)
    query = issuer.authorize(eve.get("/sign-in/oidc").headers["location"])
    assert ana.get(f"/sign-in/oidc/back?{query}").status_code == 403
    ana.get("/sign-in/oidc")
    assert ana.get(f"/sign-in/oidc/back?{query}").status_code == 403
    eve.cookies[WAY] = eve.cookies[WAY][:-1] + ("0" if eve.cookies[WAY][-1] != "0" else "1")
    assert eve.get(f"/sign-in/oidc/back?{query}").status_code == 403
    late = Person(ear)
    query = issuer.authorize(late.get("/sign-in/oidc").headers["location"])
    ear.clock.at += 601
    assert late.get(f"/sign-in/oidc/back?{query}").status_code == 403
    refused = Person(ear)
    state = issuer.authorize(refused.get("/sign-in/oidc").headers["location"]).rpartition("state=")[2]
    said = refused.get(f"/sign-in/oidc/back?error=access_denied&error_description=<b>no</b>&state={state}")
    assert said.status_code == 403
    assert "&lt;b&gt;no" in said.text
    assert accounts(ear) == []


def test_made_up_codes_are_limited_like_passwords(ear: Ear, issuer: FakeIssuer) -> None:
    """Each would make us ask the issuer."""
    eve = Person(ear)
    state = issuer.authorize(eve.get("/sign-in/oidc").headers["location"]).rpartition("state=")[2]
    statuses = [eve.get(f"/sign-in/oidc/back?code=guess{n}&state={state}").status_code for n in range(7)]
    assert statuses == [502] * 5 + [429] * 2


def test_an_issuer_that_cannot_be_used_says_why(ear: Ear, issuer: FakeIssuer) -> None:
    """Another name than we were told, or nobody at home: and passwords go on working."""
    issuer.named = "https://evil.example"
    said = Person(ear).get("/sign-in/oidc")
    assert said.status_code == 502
    assert "another issuer" in said.text
    ear.settings = ear.settings.model_copy(update={"oidc_issuer": "http://127.0.0.1:9"})
    said = Person(ear).get("/sign-in/oidc")
    assert said.status_code == 502
    assert "takes no connection" in said.text
    joined(ear, "dan", "admin")
    ear.settings = ear.settings.model_copy(update={"oidc_issuer": None})
    assert Person(ear).get("/sign-in/oidc").status_code == 404


def test_the_issuer_is_called_only_where_one_may_call(valkey: str, redis: Redis, issuer: FakeIssuer) -> None:
    """Like everything that goes outward: to a private address only when TOCSIN_ALLOW_NET says so."""
    settings = {
        "TOCSIN_OIDC_ISSUER": issuer.url,
        "TOCSIN_OIDC_CLIENT_ID": CLIENT,
        "TOCSIN_OIDC_CLIENT_SECRET": SECRET,
    }
    said = Person(Ear(valkey, redis, settings)).get("/sign-in/oidc")
    assert said.status_code == 502
    assert "TOCSIN_ALLOW_NET" in said.text


PROXY = {
    "TOCSIN_TRUSTED_PROXIES": "127.0.0.1/32",
    "TOCSIN_PROXY_USER_HEADER": "X-Remote-User",
    "TOCSIN_PROXY_ROLE_HEADER": "X-Remote-Groups",
    "TOCSIN_PROXY_ROLES": "sre=admin,on call=responder",
}


@pytest.mark.parametrize(
    ("headers", "shown"),
    [
        ({"X-Remote-User": "maria", "X-Remote-Groups": "all, on call"}, "maria</a><span> · responder"),
        ({"X-Remote-User": "eve", "X-Remote-Groups": "on call,sre"}, "eve</a><span> · admin"),
        ({"X-Remote-User": "<b>x</b>"}, "&lt;b&gt;x&lt;/b&gt;</a><span> · viewer"),
    ],
)
def test_whom_a_trusted_proxy_names_is_in(valkey: str, redis: Redis, headers: dict[str, str], shown: str) -> None:
    """With the role of the best of their groups."""
    page = Ear(valkey, redis, PROXY).ask("GET", "/account", headers=headers)
    assert page.status_code == 200
    assert shown in page.text


@pytest.mark.parametrize("changes", [{"TOCSIN_TRUSTED_PROXIES": "10.0.0.0/8"}, {"TOCSIN_PROXY_USER_HEADER": ""}])
def test_nobody_else_is_believed(valkey: str, redis: Redis, changes: dict[str, str]) -> None:
    """Neither from another address, nor where nobody asked for it."""
    ear = Ear(valkey, redis, {**PROXY, **changes})
    assert ear.ask("GET", "/account", headers={"X-Remote-User": "maria"}).status_code == 303


def test_a_proxy_that_lets_the_clients_own_header_through_is_not_believed(valkey: str, redis: Redis) -> None:
    """Twice is once too often; and an empty one names nobody."""
    ear = Ear(valkey, redis, PROXY)
    twice: list[tuple[str, str]] = [("X-Remote-User", "maria"), ("X-Remote-User", "eve")]
    assert ear.ask("GET", "/account", headers=twice).status_code == 303
    assert ear.ask("GET", "/account", headers={"X-Remote-User": " "}).status_code == 303


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"TOCSIN_PROXY_ROLES": "sre=king"}, "expected group=role"),
        ({"TOCSIN_OIDC_ROLES": "admin"}, "expected group=role"),
        ({"TOCSIN_PROXY_USER_HEADER": "X-User"}, "TOCSIN_TRUSTED_PROXIES: not set"),
        ({"TOCSIN_OIDC_ISSUER": "https://sso.example"}, "TOCSIN_OIDC_CLIENT_SECRET: not set"),
        ({"TOCSIN_OIDC_ISSUER": "http://sso.example"}, "begins with https://"),
    ],
)
def test_a_way_to_sign_in_that_cannot_work_stops_the_start(given: dict[str, str], said: str) -> None:
    """With what to set; nobody finds out at the door."""

    def start() -> None:
        settings: Settings = read_settings(given)
        require(settings)

    with pytest.raises(SettingsError) as wrong:
        start()
    assert said in str(wrong.value)
