"""The rules in force, asked for and renewed through the API, and what the readiness says of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.receiver.ear import BEARER, DOWN, KUMA, RULES, RUNBOOKS, Ear


@pytest.fixture
def folder(ear: Ear, tmp_path: Path) -> Path:
    """The file of rules that the receiver was started with."""
    ear.rules = tmp_path
    path = tmp_path / "rules.yaml"
    path.write_text(RULES)
    (tmp_path / "runbooks").mkdir()
    for name, text in RUNBOOKS.items():
        (tmp_path / "runbooks" / f"{name}.md").write_text(text)
    return path


def conversation(ear: Ear, *asked: tuple[str, str, object]) -> list[httpx.Response]:
    """Several questions to one process, in their order; a function among them is called in its turn."""

    async def talk(client: httpx.AsyncClient) -> list[httpx.Response]:
        answers = []
        for method, path, body in asked:
            if callable(body):
                body()
            else:
                answers.append(await client.request(method, path, json=body, headers=BEARER))
        return answers

    answers: list[httpx.Response] = ear.converse(talk)
    return answers


def said(answer: httpx.Response) -> Any:
    """The body, of an answer that is a success."""
    assert answer.status_code < 300, answer.text
    return answer.json()


def test_new_rules_judge_the_next_delivery(ear: Ear, folder: Path) -> None:
    """And what was judged before keeps its severity; both name their version."""
    first, reloaded, second, shown = conversation(
        ear,
        ("POST", KUMA, DOWN),
        ("", "", lambda: folder.write_text(RULES.replace("{severity: P1, runbook", "{severity: P2, runbook"))),
        ("POST", "/api/rules/reload", None),
        ("POST", KUMA, DOWN),
        ("GET", "/api/rules", None),
    )
    assert (said(first)["severity"], said(second)["severity"]) == ("P1", "P2")
    assert said(reloaded)["changed"]
    assert said(reloaded)["before"] == ear.ruleset.version
    assert said(shown)["version"] == said(shown)["here"] == said(reloaded)["version"]
    assert said(shown)["since"] == ear.clock.now()
    assert said(shown)["trouble"] is None
    assert said(shown)["files"] == ["rules.yaml"]
    versions = [
        one["judged"][0]["decision"]["rules_version"]
        for one in (
            said(ear.ask("GET", f"/api/deliveries/{said(d)['delivery']}", headers=BEARER)) for d in (first, second)
        )
    ]
    assert versions == [ear.ruleset.version, said(reloaded)["version"]]


def test_wrong_rules_are_409_with_every_reason(ear: Ear, folder: Path) -> None:
    """The old ones judge on, the readiness says why, and so does /metrics; when mended, all is well again."""
    refused, judged, ready, metrics, mended, ready_again = conversation(
        ear,
        ("", "", lambda: folder.write_text(RULES.replace("severity: P1, runbook", "severty: P1, runbok"))),
        ("POST", "/api/rules/reload", None),
        ("POST", KUMA, DOWN),
        ("GET", "/readyz", None),
        ("GET", "/metrics", None),
        ("", "", lambda: folder.write_text(RULES)),
        ("POST", "/api/rules/reload", None),
        ("GET", "/readyz", None),
    )
    assert refused.status_code == 409
    assert len(refused.json()["why"]) >= 2
    assert all(why.startswith("rules.yaml:") for why in refused.json()["why"])
    assert said(judged)["severity"] == "P1"
    assert any("new rules are refused, the old ones stay: rules.yaml:" in line for line in said(ready)["degraded"])
    assert "tocsin_rules_refused 1.0" in metrics.text
    assert not said(mended)["changed"]
    assert not any("refused" in line for line in said(ready_again)["degraded"])


def test_a_source_that_is_new_is_heard_and_one_that_is_gone_is_not(ear: Ear, folder: Path) -> None:
    """Sources are of the rules: their secrets are read anew with them."""
    new = RULES.replace("  anything: {type: generic", "  other: {type: generic")
    before, _, after, gone = conversation(
        ear,
        ("POST", "/hooks/anything", {"title": "x"}),
        ("", "", lambda: folder.write_text(new)),
        ("POST", "/api/rules/reload", None),
        ("POST", "/hooks/other", {"title": "x"}),
        ("POST", "/hooks/anything", {"title": "x"}),
    )
    assert (before.status_code, after.status_code, gone.status_code) == (202, 202, 404)


def test_without_a_token_nobody_reloads(ear: Ear, folder: Path) -> None:
    """401, and nothing is read."""
    folder.write_text("nonsense")
    assert ear.ask("POST", "/api/rules/reload").status_code == 401
    assert ear.ask("GET", "/api/rules/reload", headers=BEARER).status_code == 405


def test_a_process_without_a_folder_says_so(ear: Ear) -> None:
    """Its rules never change."""
    answer = ear.ask("POST", "/api/rules/reload", headers=BEARER)
    assert answer.status_code == 409
    assert "never change" in answer.json()["detail"]
