"""Somebody with a browser of their own: it keeps cookies, and says where a form was."""

from __future__ import annotations

import re
from http.cookies import SimpleCookie
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher

from router.accounts import passwords
from tests.receiver.ear import BEARER, Ear

GOOD = "four quite unrelated words"
COOKIE = "__Host-tocsin"


class Person:
    """One browser at one address."""

    def __init__(self, ear: Ear, address: str = "203.0.113.7") -> None:
        self.ear = ear
        self.address = address
        self.cookies: dict[str, str] = {}

    def get(self, path: str) -> httpx.Response:
        """Look at a page."""
        return self._ask("GET", path)

    def post(self, path: str, *, site: str = "same-origin", csrf: str | None = None, **form: str) -> httpx.Response:
        """Press a button, with the token of the page unless another is given."""
        given = {**form, "csrf": self.csrf if csrf is None else csrf}
        return self._ask("POST", path, data=given, headers={"Sec-Fetch-Site": site})

    def sign_in(self, name: str, password: str = GOOD, then: str = "/") -> httpx.Response:
        """The form of the sign-in page."""
        return self.post("/sign-in", csrf="", name=name, password=password, then=then)

    def accept(self, link: str, name: str = "", password: str = GOOD) -> httpx.Response:
        """The form behind a one-time link."""
        return self.post(link, csrf="", name=name, password=password, again=password)

    @property
    def csrf(self) -> str:
        """What the page about one's own account gives its forms."""
        found = re.search(r'name="csrf" value="(\w+)"', self.get("/account").text)
        return found.group(1) if found else ""

    @property
    def is_in(self) -> bool:
        """Does the console open?"""
        return self.get("/account").status_code == 200

    def _ask(self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {"X-Forwarded-For": self.address, **({"Cookie": cookies} if cookies else {}), **(headers or {})}
        answer = self.ear.ask(method, path, headers=sent, **more)
        for line in answer.headers.get_list("set-cookie"):
            for name, one in SimpleCookie(line).items():
                if one["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = one.value
        return answer


def hashes_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords are hashed as ever, but for what it costs: 64 MiB and a fifth of a second for each try."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_HASHER", quick)
    monkeypatch.setattr(passwords, "_NOBODYS", quick.hash("nobody has it"))


def api(ear: Ear, method: str, path: str, body: object = None, token: str = "") -> httpx.Response:
    """One question to the API, with TOCSIN_API_TOKEN or a token of one's own."""
    headers = {"Authorization": f"Bearer {token}"} if token else BEARER
    return ear.ask(method, path, json=body, headers=headers)


def invited(ear: Ear, name: str | None = None, **more: str) -> str:
    """The path of a new one-time link."""
    answer = api(ear, "POST", "/api/accounts/invites", {"name": name, **more} if name else more)
    assert answer.status_code == 201, answer.text
    return path_of(answer.json()["link"])


def path_of(link: str) -> str:
    """What follows the host."""
    assert link.startswith("https://tocsin.example.com/welcome/")
    return link.removeprefix("https://tocsin.example.com")


def joined(ear: Ear, name: str, role: str, address: str = "203.0.113.7", **more: str) -> Person:
    """Somebody who has an account and is signed in."""
    person = Person(ear, address)
    assert person.accept(invited(ear, name, role=role, **more)).status_code == 303
    return person
