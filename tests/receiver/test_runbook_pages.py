"""A runbook worked through in the console: ticked, taken back, decided, edited meanwhile."""

from __future__ import annotations

import re
from html import unescape

import httpx
import pytest
from redis import Redis

from rules.commands import Resolve
from rules.runbooks.progress import ticking
from rules.runbooks.runbook import read
from tests.receiver.browsing import dangers, words
from tests.receiver.ear import DOWN, KUMA
from tests.receiver.sitting import Sitting

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
    assert (answered.status_code, answered.headers["location"]) == (303, f"{page}#step-1")
    said = words(sitting.opens(page).text)
    assert "1 of 2 steps done" in said
    assert re.search(r"Done by Demo admin , 10:00 UTC", said)
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
    assert "Deployed <lately>? no Demo admin , 10:00 UTC Ask again Quick fix?" in said
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
    assert answered.headers["location"] == f"{page}#step-1"
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
    assert "Done before the runbook was changed 2. Restart it, see the database Demo admin , 10:00 UTC" in said


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
    assert "It is resolved: nothing of its runbook can be ticked any more." in words(said)


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
    assert re.search(r"- \[x\] 1\\\. Check DNS — Demo admin, 2026-11-20 10:00:\d\d UTC", written)
    assert "- [ ] 2\\. Restart it, see the database\n" in written
    assert re.search(r"- Deployed \\<lately\\>\? \*\*no\*\* → continue — Demo admin, 2026", written)
