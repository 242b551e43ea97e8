"""The receiver of `up --demo`: what a browser finds there."""

from __future__ import annotations

from router.demo import demo
from tests.receiver.ear import BEARER, Ear


def test_the_demonstration_lets_this_machines_browser_in(ear: Ear) -> None:
    """Whoever opens what `up --demo` printed sees what is open, without an account; a name that leads here does not."""
    ear.settings = ear.settings.model_copy(update={"demo": True})
    ear.mounts = {"/demo": demo()}
    assert ear.ask("GET", "/", headers={"Host": "127.0.0.1"}).status_code == 200
    stranger = ear.ask("GET", "/", headers={"Host": "evil.example"})
    assert (stranger.status_code, stranger.headers["location"]) == (303, "/sign-in?then=%2F")
    assert ear.ask("GET", "/demo/outbox", headers=BEARER).status_code == 200


def test_a_real_receiver_asks_who_is_there(ear: Ear) -> None:
    """Without the demonstration nobody sees anything before they have signed in, and is led back afterwards."""
    answer = ear.ask("GET", "/incidents/ABC?q=x", headers={"Host": "127.0.0.1"})
    assert answer.status_code in (303, 404)
    assert ear.ask("GET", "/", headers={"Host": "127.0.0.1"}).status_code == 303
