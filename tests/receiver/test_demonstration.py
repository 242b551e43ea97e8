"""The receiver of `up --demo`: what a browser finds there."""

from __future__ import annotations

from router.demo import demo
from tests.receiver.ear import BEARER, Ear


def test_the_address_of_the_demonstration_leads_to_its_outbox(ear: Ear) -> None:
    """Whoever opens what `up --demo` printed sees the one page there is, whatever Host header was sent."""
    ear.mounts = {"/demo": demo()}
    answer = ear.ask("GET", "/", headers={"Host": "evil.example"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/demo/outbox")
    assert ear.ask("GET", answer.headers["location"], headers=BEARER).status_code == 200


def test_a_real_receiver_has_nothing_at_its_root(ear: Ear) -> None:
    """Without the demonstration there is no page to be led to."""
    assert ear.ask("GET", "/").status_code == 404
