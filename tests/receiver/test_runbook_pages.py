"""A runbook worked through: on the incident's page, behind the link of a notification, and through the API."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import httpx
import pytest
from redis import Redis

from rules.commands import Resolve
from rules.load import load
from rules.progress import ticking
from rules.runbook import read
from tests.receiver.browsing import dangers, words
from tests.receiver.ear import BEARER, DOWN, KUMA, RULES
from tests.receiver.sitting import Sitting
from tests.receiver.test_answer import OURS, link

SITE = """\
# The site is down

Look <b>first</b>.

1. Check **DNS**

   ```
   dig +short example.com
   ```
2. Restart it, see [the database](database.md)

[Roll back?](rollback.md)
"""
ROLLBACK = """\
# Roll back

## Decide: roll back?

- Deployed <lately>?
  - yes: Roll back **now**
  - no: continue
- Quick fix?
  - yes: Apply it

    ```
    git revert HEAD
    ```
  - no: Roll back first
"""
BOOKS = {
    "site-down": SITE,
    "rollback": ROLLBACK,
    "database": "# Database\n\n1. Is it there?\n",
    "secret": "1. Hidden\n",
}


@pytest.fixture
def sitting(valkey: str, redis: Redis) -> Sitting:
    """Somebody at the console of a Tocsin in which the shop is down, with these runbooks."""
    made = Sitting(valkey, redis)
    made.use_books(BOOKS)
    return made


def is_down(sitting: Sitting) -> str:
    """A P1 with a runbook."""
    assert sitting.post(KUMA, DOWN).status_code == 202
    sitting.clock.at += 1
    sitting.all_work()
    return sitting.incident().id


def buttons(html: str) -> dict[str, str]:
    """What each button says, or is called for those who do not see it -> its name and value."""
    found = re.findall(r'<button[^>]*?name="(\w+)" value="([^"]*)"(?: aria-label="([^"]*)")?[^>]*>([^<]*)<', html)
    return {unescape(label or text): f"{name}={unescape(value)}" for name, value, label, text in found}


def press(sitting: Sitting, page: str, label: str, action: str | None = None) -> httpx.Response:
    """Press the button of the runbook that is called so."""
    html = sitting.opens(page).text
    name, _, value = buttons(html)[label].partition("=")
    hidden = re.search(r'name="runbook" value="([^"]*)"', html)
    assert hidden
    action = action or f"{page.partition('/runbook')[0]}/runbook"
    return sitting.presses(page, action, **{name: value, "runbook": unescape(hidden[1])})


def test_a_step_is_ticked_with_name_and_time_and_taken_back(sitting: Sitting) -> None:
    """Without any script: a form, a redirect, and a page that says who did it."""
    page = f"/incidents/{is_down(sitting)}"
    said = words(sitting.opens(page).text)
    assert "Runbook: The site is down 0 of 2 steps done" in said
    assert "dig +short example.com" in said
    answered = press(sitting, page, "Step 1 is done")
    assert (answered.status_code, answered.headers["location"]) == (303, f"{page}#runbook")
    said = words(sitting.opens(page).text)
    assert "1 of 2 steps done" in said
    assert re.search(r"Done by you , 10:00 UTC", said)
    assert "done: 1. Check DNS" in said
    press(sitting, page, "Take back step 1")
    assert "0 of 2 steps done" in words(sitting.opens(page).text)


def test_the_tree_asks_one_question_after_the_other(sitting: Sitting) -> None:
    """The path stands there with who took it, the command of the decision is there to be copied, and all is in words
    in the history."""
    page = f"/incidents/{is_down(sitting)}"
    assert "Quick fix?" not in words(sitting.opens(page).text)
    press(sitting, page, "no")
    said = words(sitting.opens(page).text)
    assert "Deployed <lately>? no you , 10:00 UTC Ask again Quick fix?" in said
    press(sitting, page, "yes")
    said = words(sitting.opens(page).text)
    assert "Decided: Apply it git revert HEAD" in said
    assert "decided: Deployed <lately>? no → continue" in said
    press(sitting, page, "Ask again")
    assert "Decided: Apply it" not in words(sitting.opens(page).text)


def test_of_two_who_tick_at_once_the_second_hears_the_truth(sitting: Sitting) -> None:
    """Who had done it already; it stays theirs."""
    one = is_down(sitting)
    page = f"/incidents/{one}"
    step = read("site-down", SITE).steps[0]
    html = sitting.opens(page).text
    sitting.ledger.answer(one, ticking(step, "ana", "link"))
    assert buttons(html)["Step 1 is done"] == f"tick={step.id}"
    answered = sitting.presses(page, f"{page}/runbook", tick=step.id, runbook="site-down")
    cookie = str(answered.headers["set-cookie"]).partition(";")[0]
    said = sitting.ask("GET", page, headers={"Host": "127.0.0.1:8080", "Cookie": cookie}).text
    assert "ana had done it already: 1. Check DNS" in words(said)
    assert sitting.incident().response.ticks[step.id].by == "ana"


def test_any_runbook_has_a_page_for_the_incident(sitting: Sitting) -> None:
    """Also where the rule names none; what is ticked there belongs to this incident."""
    one = is_down(sitting)
    page = f"/incidents/{one}/runbook/database"
    assert f'href="{page}"' in sitting.opens(f"/incidents/{one}").text
    answered = press(sitting, page, "Step 1 is done")
    assert answered.headers["location"] == page
    assert "1 of 1 steps done" in words(sitting.opens(page).text)
    missing = sitting.opens(f"/incidents/{one}/runbook/databse")
    assert missing.status_code == 404
    assert "did you mean database?" in missing.text


def test_an_edited_runbook_shows_what_was_done_before(sitting: Sitting) -> None:
    """Ticks of steps that still exist stay with them."""
    page = f"/incidents/{is_down(sitting)}"
    press(sitting, page, "Step 1 is done")
    press(sitting, page, "Step 2 is done")
    sitting.use_books({**BOOKS, "site-down": "# Down\n\n1. Call somebody\n2. Check DNS\n"})
    said = words(sitting.opens(page).text)
    assert "1 of 2 steps done" in said
    assert "Done before the runbook was changed 2. Restart it, see the database you , 10:00 UTC" in said


def test_nothing_in_it_is_markup_and_nothing_is_run(sitting: Sitting) -> None:
    """Words are escaped, commands are text, links lead to the web or to our own pages."""
    one = is_down(sitting)
    for page in (f"/incidents/{one}", f"/incidents/{one}/runbook/site-down"):
        html = sitting.opens(page).text
        assert "Look &lt;b&gt;first&lt;/b&gt;." in html
        assert dangers(html) == []
    assert 'data-copy="dig +short example.com"' in html
    assert f'href="/incidents/{one}/runbook/database"' in html


def test_what_is_over_is_read_and_not_ticked(sitting: Sitting) -> None:
    """There are no buttons, and a page that was open hears why."""
    one = is_down(sitting)
    page = f"/incidents/{one}"
    step = buttons(sitting.opens(page).text)["Step 1 is done"].removeprefix("tick=")
    sitting.ledger.answer(one, Resolve(by="ana", via="slack"))
    assert not [label for label in buttons(sitting.opens(page).text) if label.startswith("Step")]
    answered = sitting.presses(page, f"{page}/runbook", tick=step, runbook="site-down")
    cookie = str(answered.headers["set-cookie"]).partition(";")[0]
    said = sitting.ask("GET", page, headers={"Host": "127.0.0.1:8080", "Cookie": cookie}).text
    assert "It is resolved: nothing of its runbook is ticked any more." in words(said)


def test_a_form_that_asks_nothing_does_nothing(sitting: Sitting) -> None:
    """And says so: no button, a step that is none, an answer that is none."""
    page = f"/incidents/{is_down(sitting)}"
    for fields in ({}, {"tick": "runbook:site-down:0"}, {"answer": "tree:rollback:0 = yes"}, {"tick": "9" * 300}):
        assert sitting.presses(page, f"{page}/runbook", runbook="site-down", **fields).status_code == 422
    assert sitting.incident().response.ticks == {}


def test_the_markdown_of_an_incident_has_its_runbook(sitting: Sitting) -> None:
    """What was done by whom, and the path taken; a runbook nobody has begun is left out."""
    one = is_down(sitting)
    page = f"/incidents/{one}"
    assert "## Runbook" not in sitting.opens(f"{page}.md").text
    press(sitting, page, "Step 1 is done")
    press(sitting, page, "no")
    written = sitting.opens(f"{page}.md").text
    assert "## Runbook: The site is down" in written
    assert re.search(r"- \[x\] 1\\\. Check DNS — you, 2026-11-20 10:00:\d\d UTC", written)
    assert "- [ ] 2\\. Restart it, see the database\n" in written
    assert re.search(r"- Deployed \\<lately\\>\? \*\*no\*\* → continue — you, 2026", written)


def answering(sitting: Sitting, path: str, label: str, **fields: str) -> httpx.Response:
    """Press a button of the page behind a link."""
    name, _, value = buttons(sitting.ask("GET", path).text)[label].partition("=")
    answer: httpx.Response = sitting.ask("POST", path, data={name: value, **fields}, headers=OURS)
    return answer


def test_the_page_behind_the_link_is_ticked_without_a_script(sitting: Sitting) -> None:
    """On a telephone, at night, in the name of whose link it is."""
    path = f"{link(is_down(sitting))}/runbook"
    assert "script" not in sitting.ask("GET", path).text
    answered = answering(sitting, path, "Step 1 is done")
    assert (answered.status_code, answered.headers["location"]) == (303, path)
    answering(sitting, path, "yes")
    said = words(sitting.ask("GET", path).text)
    assert "Done by ana , 10:00 UTC" in said
    assert "Decided: Roll back now" in said
    assert {done.via for done in sitting.incident().response.ticks.values()} == {"link"}


def test_a_link_of_a_room_asks_for_a_name_and_remembers_it(sitting: Sitting) -> None:
    """Without one nothing is ticked; with one it is recorded as unverified, and stands in the form afterwards."""
    path = f"{link(is_down(sitting), person=None)}/runbook"
    refused = answering(sitting, path, "Step 1 is done", name=" ")
    assert refused.status_code == 422
    assert "Please write your name" in refused.text
    answered = answering(sitting, path, "Step 1 is done", name="Mihai")
    assert answered.headers["location"] == f"{path}?name=Mihai"
    assert {done.by for done in sitting.incident().response.ticks.values()} == {"Mihai (unverified)"}
    assert 'value="Mihai"' in sitting.ask("GET", answered.headers["location"]).text
    enter = sitting.ask("POST", path, data={"name": "Mihai"}, headers=OURS)
    assert enter.status_code == 303
    assert len(sitting.incident().response.ticks) == 1


def test_a_link_opens_its_own_runbook_and_those_it_leads_to(sitting: Sitting) -> None:
    """Runbooks tell how a house is built: the others stay closed, also to a forged address or another site."""
    path = f"{link(is_down(sitting))}/runbook"
    for name in ("site-down", "rollback", "database"):
        assert sitting.ask("GET", f"{path}/{name}").status_code == 200, name
    for name in ("secret", "nothing"):
        assert sitting.ask("GET", f"{path}/{name}").status_code == 404, name
        assert sitting.ask("POST", f"{path}/{name}", data={"tick": "1"}, headers=OURS).status_code == 404, name
    assert sitting.ask("POST", path, data={"tick": "1"}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert sitting.ask("GET", path.replace("/a/", "/a/x")).status_code == 403
    assert sitting.ask("POST", path, data={"tick": "9"}, headers=OURS).status_code == 422
    assert sitting.incident().response.ticks == {}


def api(sitting: Sitting, one: str, status: int = 200, **body: str) -> dict[str, object]:
    """Ask it of the API."""
    answer = sitting.ask("POST", f"/api/incidents/{one}/runbook", headers=BEARER, json={"by": "dan", **body})
    assert answer.status_code == status, answer.text
    said: dict[str, object] = answer.json()
    return said


def test_programs_read_and_tick_it_too(sitting: Sitting) -> None:
    """Steps by number, the open question by its answer; everything comes back as it stands then."""
    one = is_down(sitting)
    said = sitting.ask("GET", f"/api/incidents/{one}/runbook", headers=BEARER).json()
    assert [(step["number"], step["text"], step["commands"], step["done"]) for step in said["steps"]] == [
        (1, "Check DNS", ["dig +short example.com"], None),
        (2, "Restart it, see the database", [], None),
    ]
    assert said["decisions"][0]["asks"]["question"] == "Deployed <lately>?"
    assert said["others"] == sorted(BOOKS)
    done = api(sitting, one, tick="2")
    assert (done["item"], done["done_by"]) == ("2. Restart it, see the database", "dan")
    assert api(sitting, one, tick="2", by="ana")["done_by"] == "dan"
    decided = api(sitting, one, answer="no")["decisions"]
    assert [(step["question"], step["answer"]) for step in decided[0]["path"]] == [("Deployed <lately>?", "no")]
    question = decided[0]["path"][0]["id"]
    assert api(sitting, one, reopen=question)["decisions"][0]["path"] == []
    assert api(sitting, one, answer="yes", question=question)["decisions"][0]["outcome"] == "Roll back now"
    assert api(sitting, one, untick="2")["steps"][1]["done"] is None
    other = sitting.ask("GET", f"/api/incidents/{one}/runbook?name=database", headers=BEARER).json()
    assert other["runbook"] == "database"


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({}, 422, "expected one of tick, untick, answer, reopen"),
        ({"tick": "1", "answer": "yes"}, 422, "expected one of tick"),
        ({"tick": "3"}, 422, "'3' is no step of the runbook site-down; it has steps 1 to 2."),
        ({"answer": "perhaps"}, 422, "say yes or no"),
        ({"tick": "1", "runbook": "sit-down"}, 404, "did you mean site-down?"),
        ({"tick": "1", "by": ""}, 422, "by:"),
    ],
)
def test_what_makes_no_sense_is_told_to_programs(
    sitting: Sitting, body: dict[str, str], status: int, says: str
) -> None:
    """With what there is instead."""
    assert says in str(api(sitting, is_down(sitting), status, **body)["detail"])


def test_without_a_runbook_it_says_which_there_are(sitting: Sitting) -> None:
    """404, and the page lists them to be opened all the same."""
    one = sitting.reports(summary="Something else")
    answer = sitting.ask("GET", f"/api/incidents/{one}/runbook", headers=BEARER)
    assert answer.status_code == 404
    assert "No rule has named a runbook" in answer.json()["detail"]
    said = words(sitting.opens(f"/incidents/{one}").text)
    assert "The rule names none for this incident. There are: database , rollback" in said
    assert sitting.opens(f"/incidents/{one}/runbook/rollback").status_code == 200


def test_a_wrong_runbook_is_no_edition(sitting: Sitting) -> None:
    """Its mistakes are told as those of the YAML are, and the rules in force stay."""
    with pytest.raises(Exception, match=r"runbooks/site-down.md:3:3: 'Is it\?' has no answers"):
        load({"rules.yaml": RULES}, runbooks={"site-down": "# Down\n## Decide\n- Is it?\n"})
    assert replace(sitting.ruleset).runbooks == BOOKS
