"""`tocsin replay`: what new rules would have made of what came in, before they are in force."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result
from redis import Redis

from router.cli import main
from router.hooks.discretion import REDACTED
from rules.commands import Acknowledge, Resolve
from tests.cli.kept import HOUR, NOW, PEOPLE, Kept
from tests.cli.test_cli_rules import RULES
from workers import keys
from workers.rulebook import silences
from workers.rulebook.configuration import Written, written
from workers.rulebook.edition import Edition, publish

OLD = (
    RULES.replace(
        "{ana: {email: a@example.com}, maria: {email: m@example.com}, victor: {email: v@example.com}}", PEOPLE
    ).replace(
        "sources: {shop:",
        'sources: {bugs: {type: sentry, secret: "${env:T}"}, own: {type: generic, token: "${env:T}", redact: [user]},'
        ' other: {type: generic, token: "${env:T}"}, shop:',
    )
    + "  - {name: the rest, then: {severity: P3}}\n"
)
P2 = OLD.replace("rules:\n", "rules:\n  - {name: batch, when: {labels: {area: batch}}, then: {severity: P1}}\n")
DOWN = json.loads(Path("router/sources/samples/pingdom/http_down.json").read_text(encoding="utf-8"))
UP = DOWN | {"previous_state": "DOWN", "current_state": "UP", "state_changed_timestamp": None}


def rules(folder: Path, name: str, text: str) -> Path:
    """A folder with these rules."""
    where = folder / name
    where.mkdir(exist_ok=True)
    (where / "rules.yaml").write_text(text, encoding="utf-8")
    return where


@pytest.fixture
def kept(redis: Redis, valkey: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kept:
    """The old rules are in force, and it is noon."""
    monkeypatch.setenv("REDIS_URL", valkey)
    noon = SimpleNamespace(time=lambda: NOW)
    for module in ("router.cli.replay", "router.cli.deliveries"):
        monkeypatch.setattr(sys.modules[module], "time", noon)
    folder = rules(tmp_path, "old", OLD)
    found = Kept(redis, folder)
    publish(redis, Edition(version=found.ruleset.version, at=NOW - 90 * HOUR, by="a start", written=written(folder)))
    return found


def tell(*words: object) -> Result:
    """`tocsin replay …`, as typed."""
    return CliRunner().invoke(main, ["replay", *map(str, words)])


def found(code: int, *words: object) -> dict[str, Any]:
    """What it says to a program."""
    said = tell(*words, "-o", "json")
    assert said.exit_code == code, said.output
    answer: dict[str, Any] = json.loads(said.stdout)
    return answer


def own(key: str, **more: Any) -> dict[str, Any]:
    """What our own scripts say."""
    return {"id": key, "title": f"{key} is late", "labels": {"area": "batch"}, **more}


def test_the_same_rules_make_no_difference(kept: Kept, tmp_path: Path) -> None:
    """Exit code 0, whatever came in; and it says how far back the inbox reaches."""
    kept.hears("shop", DOWN, NOW - 5 * HOUR)
    kept.hears("own", own("job"), NOW - 4 * HOUR)
    said = tell(rules(tmp_path, "new", OLD + "# a remark\n"))
    assert said.exit_code == 0, said.output
    assert "2 deliveries since" in said.output
    assert "(the inbox reaches back to" in said.output
    assert "No difference: the same incidents, and the same people told at the same times." in said.output


def test_a_worse_severity_is_told_with_its_rules_and_its_pages(kept: Kept, tmp_path: Path) -> None:
    """A P3 becomes a P1: the incident once, and everybody who is called for it now, with the time."""
    kept.hears("own", own("job"), NOW - 5 * HOUR)
    answer = found(1, rules(tmp_path, "new", P2))
    (change,) = answer["incident_changes"]
    assert (change["kind"], change["title"]) == ("severity", "job is late")
    assert change["before"] == {"severity": "P3", "rule": "the rest"}
    assert change["now"] == {"severity": "P1", "rule": "batch"}
    pages = [
        (one["kind"], one["who"], one["reason"], one["now"] and one["now"] - NOW) for one in answer["page_changes"]
    ]
    begins, minute = -5 * HOUR, 60.0
    assert pages == [
        ("added", "ana", "opened", begins),
        ("moved", "maria", "escalated", begins + 15 * minute),
        ("added", "victor", "escalated", begins + 30 * minute),
        ("added", "victor", "exhausted", begins + 45 * minute),
        ("removed", "maria", "exhausted", None),
    ]
    assert (answer["pages"]["before"], answer["pages"]["now"]) == (2, 4)


def test_what_is_suppressed_vanishes_with_its_pages(kept: Kept, tmp_path: Path) -> None:
    """And the sums by person say who sleeps better for it."""
    kept.hears("own", own("job"), NOW - 9 * HOUR)
    quiet = P2.replace("area: batch}}, then: {severity: P1}", "area: batch}}, then: {suppress: known}")
    said = tell(rules(tmp_path, "new", quiet))
    assert said.exit_code == 1, said.output
    assert "Incidents: 0 appear, 1 vanish, 0 change severity. Pages: 0 added, 2 removed, 0 moved." in said.output
    assert "- P3 by «the rest»" in said.output
    assert [line.split() for line in said.output.splitlines() if line.startswith("maria")] == [
        ["maria", "2", "0", "0", "2", "0", "1", "0"]
    ]


def test_the_night_is_that_of_whoever_is_called(kept: Kept, tmp_path: Path) -> None:
    """Pages at 03:00 and 07:00 UTC: one wakes somebody in London; in Auckland it is afternoon and evening."""
    kept.hears("own", own("job"), NOW - 9 * HOUR)
    there = OLD.replace("maria: {slack: U0M}", "maria: {slack: U0M, timezone: Pacific/Auckland}")
    answer = found(0, rules(tmp_path, "new", there))
    assert answer["people"]["maria"]["night_before"] == 1
    assert answer["people"]["maria"]["night_now"] == 0


def test_one_incident_instead_of_many_says_where_they_went(kept: Kept, tmp_path: Path) -> None:
    """`group_by`: the first stays, the others vanish into it."""
    for number in range(3):
        kept.hears("own", own(f"job {number}"), NOW - 5 * HOUR + number)
    grouped = P2.replace("area: batch}}, then: {severity: P1}", "area: batch}}, then: {severity: P3, group_by: source}")
    answer = found(1, rules(tmp_path, "new", grouped))
    assert [(one["kind"], one["title"], one["other"]) for one in answer["incident_changes"]] == [
        ("vanishes", "job 1 is late", "job 0 is late"),
        ("vanishes", "job 2 is late", "job 0 is late"),
    ]


def test_answers_of_people_are_given_again(kept: Kept, tmp_path: Path) -> None:
    """Ana acknowledged after five minutes: by neither rules is the lead called, and it says so."""
    kept.hears("shop", DOWN, NOW - 5 * HOUR)
    kept.answers(Acknowledge(by="ana", via="link"), NOW - 5 * HOUR + 300)
    answer = found(0, rules(tmp_path, "new", P2))
    assert (answer["pages"]["before"], answer["pages"]["now"]) == (1, 1)
    assert any(one.startswith("1 answer of people given again") for one in answer["notes"])
    assert answer["unanswered"] == {"before": 0, "now": 0}


def test_an_answer_to_what_is_no_incident_any_more_is_counted(kept: Kept, tmp_path: Path) -> None:
    """Nothing opens by the new rules, so nothing is acknowledged."""
    kept.hears("own", own("job"), NOW - 5 * HOUR)
    kept.answers(Acknowledge(by="ana", via="link"), NOW - 5 * HOUR + 300)
    quiet = P2.replace("area: batch}}, then: {severity: P1}", "area: batch}}, then: {suppress: known}")
    answer = found(1, rules(tmp_path, "new", quiet))
    assert answer["unanswered"] == {"before": 0, "now": 1}
    assert [(one["kind"], one["who"]) for one in answer["page_changes"]] == [("removed", "maria")]


def test_what_recovered_is_heard_again_too(kept: Kept, tmp_path: Path) -> None:
    """A resolve ends it on both sides, after the time it took."""
    kept.hears("shop", DOWN, NOW - 5 * HOUR)
    kept.hears("shop", UP, NOW - 5 * HOUR + 20 * 60)
    answer = found(0, rules(tmp_path, "new", P2))
    assert answer["pages"]["now"] == 2


def test_deliveries_of_a_source_that_is_gone_are_counted(kept: Kept, tmp_path: Path) -> None:
    """They say nothing to the new rules, and that is said."""
    kept.hears("other", own("job"), NOW - 5 * HOUR)
    answer = found(1, rules(tmp_path, "new", OLD.replace(' other: {type: generic, token: "${env:T}"},', "")))
    assert answer["lacking"] == {"before": {}, "now": {"other": 1}}
    assert "1 delivery of other not heard: the new rules lack it." in answer["notes"]
    assert [one["kind"] for one in answer["incident_changes"]] == ["vanishes"]


def test_what_cannot_be_read_is_a_p3_on_both_sides(kept: Kept, tmp_path: Path) -> None:
    """As it was when it came."""
    kept.hears("own", b"no json", NOW - 5 * HOUR)
    answer = found(0, rules(tmp_path, "new", P2))
    assert answer["unreadable"] == {"before": 1, "now": 1}
    assert answer["incidents"] == {"before": 1, "now": 1}


def test_of_a_redacted_body_what_was_read_then_is_judged(kept: Kept, tmp_path: Path) -> None:
    """What is not kept cannot be read again; its events are."""
    kept.hears("own", own("job", user="eve"), NOW - 5 * HOUR)
    answer = found(1, rules(tmp_path, "new", P2))
    assert answer["redacted"] == 1
    assert answer["incident_changes"][0]["title"] == "job is late"
    assert any("1 body redacted" in one for one in answer["notes"])
    assert REDACTED not in json.dumps(answer["incident_changes"])


def test_what_a_person_handed_in_again_is_news_again(kept: Kept, tmp_path: Path) -> None:
    """What its sender repeats is not: two incidents on both sides, as in reality."""
    boom = {"action": "created", "data": {"issue": {"id": "1", "title": "Boom"}}}
    kept.hears("bugs", boom, NOW - 5 * HOUR)
    kept.answers(Resolve(by="ana", via="link"), NOW - 4 * HOUR)
    kept.hears("bugs", boom, NOW - 3 * HOUR)
    assert len(kept.store.incidents(open_only=False)) == 1
    kept.hears("bugs", boom, NOW - 2 * HOUR, again=True)
    assert len(kept.store.incidents(open_only=False)) == 2
    assert found(0, rules(tmp_path, "new", P2))["incidents"] == {"before": 2, "now": 2}


def test_without_an_edition_in_force_the_folder_of_config_is_the_old_one(kept: Kept, tmp_path: Path) -> None:
    """As in an inbox that was restored, before anything runs again."""
    kept.hears("own", own("job"), NOW - 5 * HOUR)
    kept.redis.delete(keys.RULES)
    answer = found(1, rules(tmp_path, "new", P2), "--config", tmp_path / "old")
    assert "(none are in force)" in answer["before"]["rules"]
    assert len(answer["incident_changes"]) == 1


def test_an_edition_that_this_release_cannot_read_is_asked_for(kept: Kept, tmp_path: Path) -> None:
    """Exit code 2, and the option that helps."""
    publish(
        kept.redis, Edition(version="x", at=NOW, by="x", written=Written(texts={"a.yaml": "rules: 1"}, runbooks={}))
    )
    said = tell(rules(tmp_path, "new", P2))
    assert said.exit_code == 2
    assert "--against" in said.output


def test_silences_of_people_hold_on_both_sides(kept: Kept, tmp_path: Path) -> None:
    """Nobody is told on either side while one lasts, and it is named."""
    said = {"name": "deploy", "reason": "2.4", "when": {"source": "shop"}, "start": "2020-01-01T00:00:00Z"}
    silences.put(kept.redis, said | {"end": "2099-01-01T00:00:00Z"}, NOW)
    kept.hears("shop", DOWN, NOW - 5 * HOUR)
    answer = found(0, rules(tmp_path, "new", P2))
    assert answer["pages"]["before"] == answer["pages"]["now"] == 0
    assert any("deploy" in one for one in answer["notes"])


def test_since_leaves_out_what_came_before(kept: Kept, tmp_path: Path) -> None:
    """Two hours are two hours."""
    kept.hears("own", own("old"), NOW - 5 * HOUR)
    kept.hears("own", own("new"), NOW - 1 * HOUR)
    answer = found(1, rules(tmp_path, "new", P2), "--since", "2h")
    assert [one["title"] for one in answer["incident_changes"]] == ["new is late"]


def test_an_empty_inbox_is_no_difference(kept: Kept, tmp_path: Path) -> None:
    """And it says that there was nothing."""
    said = tell(rules(tmp_path, "new", P2))
    assert said.exit_code == 0, said.output
    assert "The inbox is empty: nothing can be replayed." in said.output


def test_the_report_for_a_pull_request_calls_nobody(kept: Kept, tmp_path: Path) -> None:
    """A sender's title is a code span there: no mention, no link, no HTML, no table of its own."""
    kept.hears("own", own("job", title="@team see `x` <img> | [a](http://b)"), NOW - 5 * HOUR)
    file = tmp_path / "report.md"
    assert tell(rules(tmp_path, "new", P2), "--markdown", file).exit_code == 1
    text = file.read_text(encoding="utf-8")
    assert text.startswith("### What these rules change\n")
    assert "`@team see 'x' <img> | [a](http://b)`" in text
    assert "| pages | 2 | 4 |" in text
    straight = tell(rules(tmp_path, "new", P2), "--markdown", "-")
    assert straight.stdout == text


def test_of_very_many_the_first_are_shown(kept: Kept, tmp_path: Path) -> None:
    """The rest is counted."""
    for number in range(30):
        kept.hears("own", own(f"job {number}"), NOW - 5 * HOUR + number)
    said = tell(rules(tmp_path, "new", P2))
    assert "  and 5 more" in said.output
    assert "30 change severity" in said.output


def test_rules_that_cannot_be_used_are_no_difference(kept: Kept, tmp_path: Path) -> None:
    """Asked wrongly: exit code 2, and the command that says what is wrong."""
    said = tell(rules(tmp_path, "new", OLD.replace("type: pingdom", "type: pingdon")))
    assert said.exit_code == 2
    assert "tocsin check" in said.output
    said = tell(rules(tmp_path, "new", OLD), "--against", rules(tmp_path, "bad", "rules: [{"))
    assert said.exit_code == 2


def test_a_folder_may_stand_for_the_old_rules(kept: Kept, tmp_path: Path) -> None:
    """`--against`: two folders, whatever is in force."""
    kept.hears("own", own("job"), NOW - 5 * HOUR)
    assert tell(rules(tmp_path, "new", P2), "--against", rules(tmp_path, "new2", P2)).exit_code == 0


def test_without_redis_it_is_unreachable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 3."""
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    assert tell(rules(tmp_path, "new", OLD)).exit_code == 3
