"""What a token of each role may ask of the API: every route, every role; and in whose name it speaks."""

from __future__ import annotations

import httpx
import pytest
from starlette.routing import Route

from router.accounts.policy import LEAST, least
from router.api import routes as router_api
from router.console.visitor import Role
from router.serve import fast_redis
from tests.accounts.person import api, joined
from tests.receiver.ear import Ear

ADMINS = {
    "POST /deliveries/purge",
    "POST /rules/reload",
    *(row for row in LEAST if "/accounts" in row or "/audit" in row),
}


def routes(ear: Ear) -> set[str]:
    """Every method and path of the API."""
    found = router_api.routes(ear.context(fast_redis(ear.url))).routes
    return {
        f"{method} {route.path}"
        for route in found
        if isinstance(route, Route)
        for method in route.methods or ()
        if method != "HEAD"
    }


def test_every_route_has_its_row(ear: Ear) -> None:
    """A new route without one is an admin's until somebody has thought about it; a row without a route is a mistake."""
    assert routes(ear) == LEAST.keys()


def test_the_table_is_what_was_meant(ear: Ear) -> None:
    """Viewers look and report, responders act, but for what cannot be taken back and for accounts."""
    for row, role in LEAST.items():
        looks = (row.startswith("GET ") or row == "POST /incidents") and row not in ADMINS
        assert role is (Role.ADMIN if row in ADMINS else Role.VIEWER if looks else Role.RESPONDER), row


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nothing"),
        ("DELETE", "/incidents"),
        ("POST", "/rules"),
        ("POST", "/incidents/x/y/z"),
        ("GET", "//rules"),
    ],
)
def test_what_is_not_in_the_table_is_an_admins(method: str, path: str) -> None:
    """Denied by default."""
    assert least(method, path) is Role.ADMIN


def test_each_role_reaches_what_it_may_and_nothing_else(ear: Ear) -> None:
    """S19: every route with a token of every role, through the whole app: 403 where its role is too low, else never."""
    tokens = {role: _token(ear, f"machine-{role}", role) for role in Role}

    async def ask(client: httpx.AsyncClient) -> list[str]:
        wrong = []
        for row, needed in LEAST.items():
            method, _, path = row.partition(" ")
            address = f"/api{path.replace('{id}', 'X1').replace('{name}', 'nobody')}"
            for role, token in tokens.items():
                headers = {"Authorization": f"Bearer {token}"}
                answer = await client.request(method, address, headers=headers, json={"no": "sense"})
                if (answer.status_code == 403) is role.may(needed) or answer.status_code == 401:
                    wrong.append(f"{row} as {role}: {answer.status_code}")
            nobody = await client.request(method, address, headers={"Authorization": "Bearer tocsin_guessed"})
            if nobody.status_code != 401:
                wrong.append(f"{row} as nobody: {nobody.status_code}")
        return wrong

    assert ear.converse(ask) == []


def test_the_refusal_says_what_is_needed(ear: Ear) -> None:
    """And /metrics is open to all of them."""
    token = _token(ear, "probe", Role.VIEWER)
    answer = api(ear, "POST", "/api/rules/reload", token=token)
    assert answer.status_code == 403
    assert "role admin; this one's is viewer" in answer.json()["detail"]
    assert api(ear, "GET", "/metrics", token=token).status_code == 200


def test_a_personal_token_speaks_in_its_owners_name(ear: Ear) -> None:
    """Whoever it says it is; TOCSIN_API_TOKEN may still say who asks."""
    joined(ear, "boss", "admin")
    joined(ear, "ana.p", "responder", person="ana")
    token = api(ear, "POST", "/api/accounts/tokens", {"name": "ana.p"}).json()["token"]
    incident = ear.is_down()
    path = f"/api/incidents/{incident.id}"
    answer = api(ear, "POST", f"{path}/acknowledge", {"by": "maria"}, token)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["acknowledged_by"], answer.json()["by"]) == ("ana", "ana")
    api(ear, "POST", f"{path}/note", {"text": "looking"}, token)
    assert ear.store.timeline(incident.id)[-1].by == "ana"
    api(ear, "POST", f"{path}/note", {"text": "hello", "by": "maria"})
    assert ear.store.timeline(incident.id)[-1].by == "maria"
    quiet = {"by": "maria", "reason": "a drill", "for": "10m", "everything": True}
    assert api(ear, "POST", "/api/silences", quiet, token).json()["by"] == "ana"
    assert api(ear, "POST", f"{path}/note", ["no object"], token).status_code == 422


def test_a_token_is_never_more_than_its_owner(ear: Ear) -> None:
    """Lowered, the owner's tokens are lowered with them."""
    joined(ear, "boss", "admin")
    joined(ear, "dan", "responder")
    refused = api(ear, "POST", "/api/accounts/tokens", {"name": "dan", "role": "admin"})
    assert refused.status_code == 409
    token = api(ear, "POST", "/api/accounts/tokens", {"name": "dan", "role": "responder"}).json()["token"]
    assert api(ear, "POST", "/api/agenda/x/retry", token=token).status_code == 404
    api(ear, "POST", "/api/accounts/dan/role", {"role": "viewer"})
    assert api(ear, "POST", "/api/agenda/x/retry", token=token).status_code == 403


def test_a_token_is_listed_with_its_last_use_and_revoked(ear: Ear) -> None:
    """The word itself is in the answer that made it, and nowhere else."""
    made = api(ear, "POST", "/api/accounts/tokens", {"name": "deploy-bot", "label": "the pipeline"}).json()
    assert made["token"].startswith("tocsin_")
    assert (made["role"], made["account"]) == ("viewer", None)
    (listed,) = api(ear, "GET", "/api/accounts/tokens").json()["tokens"]
    assert (listed["used_at"], listed["label"], listed["machine"]) == (None, "the pipeline", True)
    assert made["token"] not in str(listed)
    api(ear, "GET", "/api/gates", token=made["token"])
    (listed,) = api(ear, "GET", "/api/accounts/tokens").json()["tokens"]
    assert listed["used_at"] == ear.clock.at
    assert api(ear, "POST", f"/api/accounts/tokens/{listed['id']}/revoke").status_code == 200
    assert api(ear, "GET", "/api/gates", token=made["token"]).status_code == 401
    assert api(ear, "POST", f"/api/accounts/tokens/{listed['id']}/revoke").status_code == 404
    assert api(ear, "POST", "/api/accounts/tokens//revoke").status_code in (403, 404)


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [({"name": "maria"}, 409, "make the account first"), ({"name": "x y"}, 422, "letters"), ({}, 422, "missing")],
)
def test_a_token_for_nobody_is_refused(ear: Ear, body: object, status: int, said: str) -> None:
    """A machine does not speak as a person of the rules does."""
    answer = api(ear, "POST", "/api/accounts/tokens", body)
    assert answer.status_code == status
    assert said in answer.text


def test_without_redis_a_personal_token_is_not_called_wrong(ear: Ear) -> None:
    """Nobody should make a new one for that: 503, and TOCSIN_API_TOKEN still passes the guard."""
    token = _token(ear, "probe", Role.VIEWER)
    ear.url = "redis://127.0.0.1:1/0"
    answer = api(ear, "GET", "/api/incidents", token=token)
    assert answer.status_code == 503
    assert "whose token" in answer.text
    assert api(ear, "GET", "/api/incidents").status_code == 200


def test_the_audit_log_tells_who_did_what(ear: Ear) -> None:
    """The newest first, with the way and the address; guesses have a list of their own and push nothing out."""
    dan = joined(ear, "dan", "admin")
    dan.sign_in("dan", "not the right one")
    dan.sign_in("my password, by mistake", "x")
    token = _token(ear, "bot", Role.RESPONDER)
    quiet = {"by": "x", "reason": "a drill", "for": "10m", "everything": True}
    name = api(ear, "POST", "/api/silences", quiet, token).json()["name"]
    api(ear, "POST", f"/api/silences/{name}/lift", {"by": "x"}, token)
    api(ear, "POST", "/api/deliveries/purge", {"before": 1})
    acts = api(ear, "GET", "/api/audit").json()["acts"]
    assert {act["at"] for act in acts} == {ear.clock.at}
    told = [(act["who"], act["what"], act["about"], act["via"]) for act in acts]
    assert set(told) == {
        ("TOCSIN_API_TOKEN", "purged deliveries", "", "api"),
        ("bot", "lifted a silence", name, "api"),
        ("bot", "set a silence", "", "api"),
        ("TOCSIN_API_TOKEN", "made a token", "bot, responder", "api"),
        ("an unknown name", "could not sign in", "", "password"),
        ("dan", "could not sign in", "", "password"),
        ("dan", "signed in", "", "password"),
        ("dan", "made their account", "as admin, invited by TOCSIN_API_TOKEN", "link"),
        ("TOCSIN_API_TOKEN", "invited", "dan, admin", "api"),
    }
    assert {act["address"] for act in acts if act["who"] == "dan"} == {"203.0.113.7"}
    assert "by mistake" not in str(acts)


def _token(ear: Ear, name: str, role: Role) -> str:
    made = api(ear, "POST", "/api/accounts/tokens", {"name": name, "role": role})
    assert made.status_code == 201, made.text
    return str(made.json()["token"])
