"""What a person at a terminal sees of a running Tocsin, played here by a small server of our own."""

from __future__ import annotations

import json

import pytest

from tests.cli.pretended import INCIDENT, OTHER, Tocsin, tell

RESOLVED = {"state": "resolved", "resolved_by": "dan"}


def test_list_puts_the_worst_first_and_says_what_happens_next(tocsin: Tocsin) -> None:
    """A woken person sees the P1 above the P3, and who is told if nobody answers."""
    said = tell("incidents", "list")
    assert said.exit_code == 0
    assert said.output.index("7f3a") < said.output.index("9c00")
    assert "else engineering lead is told in" in said.output


def test_of_equally_bad_ones_what_nobody_has_answered_comes_first(
    tocsin: Tocsin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when it is the younger one."""
    monkeypatch.setitem(OTHER, "severity", "P1")
    monkeypatch.setitem(OTHER, "opened_at", INCIDENT["opened_at"] - 1)
    said = tell("incidents", "list").output
    assert said.index("7f3a") < said.index("9c00")


def test_sender_text_cannot_steer_the_terminal(tocsin: Tocsin) -> None:
    """Escape codes and line breaks of a title are gone before it is printed."""
    for said in (tell("incidents", "list"), tell("incidents", "show", "20260301-7")):
        assert "\x1b" not in said.output
        assert "Shop is down" in said.output


def test_no_color_means_no_escapes_at_all(tocsin: Tocsin, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even for bold: some screens, and some people, cannot read those."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "\x1b[" in tell("incidents", "show", "7f3a").output
    monkeypatch.setenv("NO_COLOR", "1")
    for words in (["incidents", "show", "7f3a"], ["incidents", "list"], ["pending"]):
        assert "\x1b" not in tell(*words).output


def test_show_names_the_next_action_and_times_in_utc(tocsin: Tocsin) -> None:
    """One incident: what to do, its steps, its history with the zone written out."""
    said = tell("incidents", "show", "7f3a").output
    assert said.index("Next: acknowledge it") < said.index("Timeline")
    assert "2026-03-01 10:00 UTC" in said
    assert "  1. on-call engineer (ana): sent" in said
    assert "14m ago" in said


def test_json_is_what_the_api_said(tocsin: Tocsin) -> None:
    """`-o json` gives a program the whole record, before or after the command."""
    for words in (["-o", "json", "incidents", "show", "7f3a"], ["incidents", "show", "7f3a", "-o", "json"]):
        assert json.loads(tell(*words).output) == INCIDENT


@pytest.mark.parametrize(
    ("words", "path", "body"),
    [
        (["ack"], "acknowledge", {}),
        (["mitigate"], "mitigate", {}),
        (["resolve"], "resolve", {}),
        (["severity", "p2"], "severity", {"severity": "P2"}),
        (["false-positive", "a test"], "false-positive", {"reason": "a test"}),
        (["assign", "dan"], "assign", {"to": "dan"}),
        (["note", "restarted it"], "note", {"text": "restarted it"}),
        (["escalate"], "escalate", {}),
        (["undo"], "undo", {}),
    ],
)
def test_each_action_reaches_its_incident(tocsin: Tocsin, words: list[str], path: str, body: dict[str, str]) -> None:
    """A shortened id is enough, and the timeline will know who did it."""
    verb, *rest = words
    said = tell("incidents", verb, "20260301-7", *rest, "--by", "ana")
    assert said.exit_code == 0, said.output
    assert tocsin.asked[-1] == (
        "POST",
        f"/api/incidents/{INCIDENT['id']}/{path}",
        {"by": "ana", "via": "command line", **body},
        "Bearer right",
    )


IS_OVER = "had been resolved by dan before: nothing was changed"


@pytest.mark.parametrize(
    ("asked", "became", "words", "code"),
    [
        (["ack"], {**RESOLVED, "changed": False}, IS_OVER, 1),
        (["resolve"], {**RESOLVED, "changed": False}, IS_OVER, 0),
        (["resolve"], {**RESOLVED, "resolved_by": "ana", "changed": True}, "is resolved by ana.", 0),
        (
            ["resolve"],
            {**RESOLVED, "false_positive": "a test", "changed": False},
            "as a false positive by dan before",
            1,
        ),
        (["false-positive", "x"], {**RESOLVED, "changed": False}, IS_OVER, 1),
        (
            ["false-positive", "x"],
            {**RESOLVED, "false_positive": "a test", "changed": False},
            "had been marked as a false positive by dan before: nothing was changed",
            0,
        ),
        (["severity", "P2"], {**RESOLVED, "changed": False}, IS_OVER, 1),
        (["note", "x"], {**RESOLVED, "changed": True}, "has your note in its timeline", 0),
        (["ack"], {"state": "acknowledged", "acknowledged_by": "dan", "changed": True}, "is dan's already", 1),
        (
            ["snooze", "--for", "2h"],
            {"state": "acknowledged", "acknowledged_by": "dan", "acknowledged_until": 1772359200.0, "changed": True},
            "is dan's already, until 2026-03-01 10:00 UTC; you are in its timeline",
            1,
        ),
        (["ack"], {"state": "acknowledged", "acknowledged_by": "ana", "changed": True}, "nobody else will be woken", 0),
        (
            ["ack"],
            {"state": "acknowledged", "acknowledged_by": "ana", "changed": False},
            "is yours already: nothing",
            0,
        ),
        (["mitigate"], {"state": "mitigated", "changed": False}, "had been mitigated before: nothing was changed", 0),
        (["severity", "P1"], {"changed": False}, "is P1 already: nothing was changed", 0),
        (["assign", "dan"], {"changed": False}, "is as it was: nothing was changed", 0),
    ],
)
def test_whoever_comes_late_is_told_so(
    tocsin: Tocsin, monkeypatch: pytest.MonkeyPatch, asked: list[str], became: dict[str, str], words: str, code: int
) -> None:
    """What is already so is no failure, what is otherwise than was asked ends with 1; neither claims a change."""
    for name, value in became.items():
        monkeypatch.setitem(INCIDENT, name, value)
    verb, *rest = asked
    said = tell("incidents", verb, "20260301-7", *rest, "--by", "ana")
    assert words in said.output
    assert said.exit_code == code


@pytest.mark.parametrize("asked", [["ack"], ["mitigate"], ["resolve"], ["snooze", "--for", "1h"], ["assign", "dan"]])
def test_an_answer_says_how_it_is_taken_back(tocsin: Tocsin, monkeypatch: pytest.MonkeyPatch, asked: list[str]) -> None:
    """With the name it was given in, for as long as that is possible; of what is not yours there is nothing to say."""
    verb, *rest = asked
    words = ["incidents", verb, "7f3a", *rest, "--by", "ana m"]
    monkeypatch.setitem(INCIDENT, "last_answer", {"by": "ana m", "at": 1.0})
    last = tell(*words).output.splitlines()[-1]
    assert last == "Not what you meant? Within 30s: tocsin incidents undo 20260301-7f3a --by 'ana m'"
    monkeypatch.setitem(INCIDENT, "last_answer", {"by": "dan", "at": 1.0})
    assert "undo" not in tell(*words).output
    monkeypatch.setitem(INCIDENT, "last_answer", {"by": "ana m", "at": 1.0})
    assert "undo" not in tell("incidents", "note", "7f3a", "x", "--by", "ana m").output


LEAD = {"role": "engineering lead", "person": "maria", "asked_by": "ana", "sent_at": 2.0}
TAKEN_BACK = {"kind": "taken back", "text": "ana took back the acknowledgement: it is P1, and nobody has it"}


@pytest.mark.parametrize(
    ("asked", "became", "words"),
    [
        ("escalate", {"steps": [LEAD]}, "calls in engineering lead (maria) now, and nobody else."),
        (
            "escalate",
            {"steps": [{**LEAD, "person": None}]},
            "cannot call in engineering lead: there is nobody to tell.",
        ),
        (
            "undo",
            {"timeline": [TAKEN_BACK]},
            (
                "is as before, P1, and nobody has it: ana took back the acknowledgement, and whoever had been told "
                "hears so.\nNext: acknowledge it; else engineering lead is told in 5m\n"
            ),
        ),
    ],
)
def test_what_came_of_it_is_said(
    tocsin: Tocsin, monkeypatch: pytest.MonkeyPatch, asked: str, became: dict[str, object], words: str
) -> None:
    """Who comes, or that nobody does; how it stands, now that the answer is gone."""
    for name, value in became.items():
        monkeypatch.setitem(INCIDENT, name, value)
    assert words in tell("incidents", asked, "20260301-7", "--by", "ana").output


def test_what_cannot_be_is_said_in_the_words_of_the_api(tocsin: Tocsin) -> None:
    """Too late, not theirs, or nobody left: the sentence says how it stands."""
    tocsin.says[f"/api/incidents/{INCIDENT['id']}/undo"] = (409, {"detail": "The last answer is that of dan."})
    said = tell("incidents", "undo", "20260301-7", "--by", "ana")
    assert "The last answer is that of dan." in said.output
    assert said.exit_code == 1


def test_an_ambiguous_id_changes_nothing(tocsin: Tocsin) -> None:
    """When a shortened id fits two incidents, both are named and none is touched."""
    said = tell("incidents", "ack", "20260301")
    assert said.exit_code == 2
    assert "7f3a" in said.output
    assert "9c00" in said.output
    assert all(method == "GET" for method, *_ in tocsin.asked)


def test_an_unknown_id_is_a_finding(tocsin: Tocsin) -> None:
    """An id that fits nothing says how to find the right one."""
    said = tell("incidents", "show", "zzz")
    assert said.exit_code == 1
    assert "tocsin incidents list --all" in said.output


def test_report_opens_an_incident_by_hand(tocsin: Tocsin) -> None:
    """A person's own observation becomes an incident with labels."""
    said = tell("report", "Users cannot log in", "--severity", "P2", "--label", "area=login", "--by", "ana")
    assert said.exit_code == 0, said.output
    body = {"summary": "Users cannot log in", "severity": "P2", "labels": {"area": "login"}, "by": "ana"}
    assert tocsin.asked[-1][:3] == ("POST", "/api/incidents", body)


def test_a_label_without_a_value_is_asked_wrongly(tocsin: Tocsin) -> None:
    """A mistyped label is refused before anything is sent."""
    assert tell("report", "Something", "--label", "area").exit_code == 2
    assert tocsin.asked == []


def test_a_wrong_token_says_which_variable_to_set(tocsin: Tocsin, monkeypatch: pytest.MonkeyPatch) -> None:
    """The refusal names TOCSIN_API_TOKEN and never prints the token."""
    monkeypatch.setenv("TOCSIN_API_TOKEN", "wrong-token")
    said = tell("pending")
    assert said.exit_code == 2
    assert "TOCSIN_API_TOKEN" in said.output
    assert "wrong-token" not in said.output


def test_nobody_answering_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a running Tocsin the exit code is 3 and the next step is named."""
    monkeypatch.setenv("TOCSIN_URL", "http://127.0.0.1:9")
    said = tell("pending")
    assert said.exit_code == 3
    assert "tocsin up --demo" in said.output
    assert "Traceback" not in said.output


def test_a_wrong_environment_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting that cannot be used ends with exit code 2 and its name, not with a traceback."""
    monkeypatch.setenv("TOCSIN_URL", "ftp://example.com")
    said = tell("pending")
    assert said.exit_code == 2
    assert "http://" in said.output
    assert "Traceback" not in said.output


@pytest.mark.parametrize(
    ("became", "state", "words"),
    [
        (
            {"state": "acknowledged", "acknowledged_by": "ana", "acknowledged_at": 1},
            "acknowledged",
            "ana answered before",
        ),
        ({"state": "recovered", "recovered_at": 1}, "recovered", "it recovered by itself before"),
        (
            {"state": "resolved", "recovered_at": 1, "resolved_at": 2, "resolved_by": "Tocsin"},
            "resolved",
            "it recovered by itself before",
        ),
        ({"state": "resolved", "resolved_at": 2, "resolved_by": "dan"}, "resolved", "dan resolved it"),
        (
            {"state": "resolved", "resolved_at": 2, "resolved_by": "dan", "false_positive": "a test"},
            "false positive",
            "dan marked it as a false positive",
        ),
    ],
)
def test_whoever_was_not_told_was_not_told_for_a_reason(
    tocsin: Tocsin, monkeypatch: pytest.MonkeyPatch, became: dict[str, object], state: str, words: str
) -> None:
    """The step says what came before it, and a false positive is not called resolved."""
    for name, value in became.items():
        monkeypatch.setitem(INCIDENT, name, value)
    said = tell("incidents", "show", "7f3a").output
    assert f"engineering lead: not told: {words}" in said
    assert f"state    {state}\n" in said
    assert state in tell("incidents", "list", "--all").output


def test_a_raise_of_what_somebody_has_says_that_it_calls_nobody(
    tocsin: Tocsin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever raises it must not believe that others are being woken."""
    assert "nobody is called" not in tell("incidents", "severity", "7f3a", "P1").output
    monkeypatch.setitem(INCIDENT, "state", "acknowledged")
    monkeypatch.setitem(INCIDENT, "acknowledged_by", "ana")
    assert "is now P1; ana has it, so nobody is called" in tell("incidents", "severity", "7f3a", "P1").output
    advised = " ".join(tell("incidents", "severity", "--help").output.split())
    assert "calls nobody once somebody has answered" in advised
