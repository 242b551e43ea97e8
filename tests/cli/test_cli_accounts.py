"""`tocsin accounts …` at a terminal."""

from __future__ import annotations

import time

import pytest

from router.cli import first_link
from tests.cli.pretended import INCIDENT, NOW, Tocsin, tell
from workers.settings import Settings

LINK = "https://tocsin.example.com/welcome/abc"
MADE = {"link": LINK, "role": "responder", "name": None, "expires": time.time() + 86400}
ANA = {"name": "ana", "role": "admin", "person": "ana", "made_at": NOW, "made_by": "", "signs_in": "password"}
OPEN = {"name": None, "role": "viewer", "expires": NOW + 3600, "resets": False, "made_by": "ana", "id": "1"}


def test_an_invitation_is_a_link_alone_on_its_line(tocsin: Tocsin) -> None:
    """It copies well; below it stands for whom, and how long. Only what was written is sent."""
    tocsin.says["/api/accounts/invites"] = (201, MADE)
    said = tell("accounts", "invite", "--role", "responder", "--person", "ana")
    assert said.exit_code == 0
    assert said.output.splitlines() == [
        LINK,
        "For whoever opens it as responder. It works once, within 24 h; whoever has it can use it.",
    ]
    assert tocsin.asked[-1][2] == {"role": "responder", "person": "ana"}


def test_the_list_has_people_and_links_still_open(tocsin: Tocsin) -> None:
    """How they sign in, and who they are."""
    tocsin.says["/api/accounts"] = (200, {"accounts": [ANA], "invitations": [OPEN]})
    lines = tell("accounts", "list").output.splitlines()
    assert lines[1].split()[:4] == ["ana", "admin", "ana", "password"]
    assert lines[2].startswith("Open link: viewer, whoever opens it, until ")
    tocsin.says["/api/accounts"] = (200, {"accounts": [], "invitations": []})
    assert "tocsin accounts invite" in tell("accounts", "list").output


def test_a_token_is_shown_once_with_how_to_use_it(tocsin: Tocsin) -> None:
    """And in whose name it speaks."""
    made = {"token": "tocsin_x", "name": "deploy-bot", "role": "viewer", "account": None}
    tocsin.says["/api/accounts/tokens"] = (201, made)
    said = tell("accounts", "token", "deploy-bot", "--for", "the pipeline")
    assert said.output.splitlines()[0] == "tocsin_x"
    assert "Speaks as deploy-bot" in said.output
    assert tocsin.asked[-1][2] == {"name": "deploy-bot", "label": "the pipeline"}


@pytest.mark.parametrize(
    ("words", "path", "answer", "said"),
    [
        (["role", "ana", "viewer"], "/api/accounts/ana/role", {**ANA, "role": "viewer"}, "ana is now a viewer."),
        (["person", "ana"], "/api/accounts/ana/person", {**ANA, "person": None}, "stands in timelines as ana."),
        (["remove", "a/b"], "/api/accounts/a%2Fb/remove", {"removed": "a/b"}, "a/b is removed and signed out."),
        (["revoke", "12345678"], "/api/accounts/tokens/12345678/revoke", {"revoked": "12345678"}, "is revoked."),
    ],
)
def test_what_was_done_is_said(tocsin: Tocsin, words: list[str], path: str, answer: object, said: str) -> None:
    """In one sentence."""
    tocsin.says[path] = (200, answer)
    result = tell("accounts", *words)
    assert result.exit_code == 0, result.output
    assert said in result.output


def test_a_role_that_is_too_low_is_told_as_such(tocsin: Tocsin) -> None:
    """Not as a wrong token."""
    tocsin.says["/api/audit?limit=50"] = (
        403,
        {"detail": "This needs a token of the role admin; this one's is viewer."},
    )
    said = tell("accounts", "audit")
    assert said.exit_code == 2
    assert "role admin" in said.output
    assert "does not accept" not in said.output


def test_the_audit_log_is_a_table(tocsin: Tocsin) -> None:
    """With what was written by others made harmless."""
    act = {"at": NOW, "who": "ana\x1b[31m", "what": "invited", "about": "dan", "via": "password", "address": "::1"}
    tocsin.says["/api/audit?limit=50"] = (200, {"acts": [act]})
    said = tell("accounts", "audit").output
    assert "invited" in said
    assert "\x1b" not in said


def test_with_a_token_of_ones_own_the_answer_names_its_owner(tocsin: Tocsin) -> None:
    """What is printed is what was recorded, and not the user of the shell."""
    path = f"/api/incidents/{INCIDENT['id']}"
    tocsin.says[f"{path}/acknowledge"] = (200, {**INCIDENT, "acknowledged_by": "ana", "by": "ana", "changed": True})
    said = tell("incidents", "ack", INCIDENT["id"], "--by", "root")
    assert said.exit_code == 0
    assert "acknowledged by ana" in said.output


def test_the_first_link_is_said_once_all_runs(tocsin: Tocsin, capsys: pytest.CaptureFixture[str]) -> None:
    """On stderr; and nothing once there is an admin."""
    host, _, port = tocsin.url.removeprefix("http://").partition(":")
    settings = Settings.model_validate({"HOST": host, "PORT": port, "TOCSIN_API_TOKEN": "right"})
    tocsin.says["/api/accounts/first"] = (200, {"link": LINK})
    first_link.say_first_link(settings)
    assert LINK in capsys.readouterr().err
    tocsin.says["/api/accounts/first"] = (200, {"link": None})
    first_link.say_first_link(settings)
    assert capsys.readouterr().err == ""
