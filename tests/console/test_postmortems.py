"""The pages of post-mortems: what is due, a document to read and to edit, and what was agreed to be done."""

from __future__ import annotations

import re

import pytest

from router.console.document import inline, parts
from rules.commands import Resolve
from rules.incident import Incident
from rules.postmortem.record import Postmortem
from tests.console.conftest import Console, said
from workers.postmortems import shelf

HOSTILE = '<img src=x onerror="alert(1)">'


@pytest.fixture
def over(console: Console) -> Incident:
    """A P1 that maria has resolved."""
    incident = console.is_down()
    console.clock.at += 600
    return console.ledger.answer(incident.id, Resolve(by="maria", via="cli"))


def record(console: Console, incident: Incident) -> Postmortem:
    """As it is kept."""
    found = shelf.one(console.redis, incident.id)
    assert found is not None
    return found


def test_nothing_is_due_and_that_is_said(console: Console) -> None:
    """With what will appear here."""
    assert "No post-mortem is due. Every P1 needs one" in said(console.get("/postmortems"))


def test_the_list_says_what_is_due_and_what_is_late(console: Console, over: Incident) -> None:
    """Why it is needed, who writes it, and the countdown; late, it comes first and says how late."""
    words = said(console.get("/postmortems"))
    assert "it was a P1 · resolved 10:10 UTC" in words
    assert "Draft in 2d" in words
    console.clock.at += 3 * 86400
    words = said(console.get("/postmortems"))
    assert "1 needs somebody now." in words
    assert "Draft overdue 1d" in words
    assert f'href="/postmortems/{over.id}"' in console.get("/postmortems").text


def test_the_page_is_read_edited_and_submitted(console: Console, over: Incident) -> None:
    """Blanks are marked; what is saved says what is still to be filled in."""
    path = f"/postmortems/{over.id}"
    page = console.get(path)
    assert "<mark>[to be filled in: the detailed technical explanation]</mark>" in page.text
    assert "12 still to be filled in" in said(page)
    text = f"# Mine\n\n## Root Cause\n\n{HOSTILE}\n"
    told = console.pressed(f"{path}/save", {"text": text, "revision": "1", "do": "save"})
    assert told == "Saved."
    assert "<img src=x" not in console.get(path).text
    told = console.pressed(f"{path}/save", {"text": text, "revision": "2", "do": "submit"})
    assert told == "The draft is submitted; the team can review it."
    assert console.pressed(f"{path}/act", {"do": "review"}) == "Reviewed."
    assert record(console, over).reviewed is not None
    assert "nothing: it is reviewed" in said(console.get(path))


def test_the_slower_of_two_keeps_what_they_wrote(console: Console, over: Incident) -> None:
    """In the box, with theirs below; saving again takes its place knowingly."""
    path = f"/postmortems/{over.id}"
    console.pressed(f"{path}/save", {"text": "# First\n", "revision": "1", "do": "save"})
    slower = console.press(f"{path}/save", {"text": "# Second <b>\n", "revision": "1", "do": "save"})
    assert slower.status_code == 409
    assert "Demo admin has changed it while you were writing" in said(slower)
    assert "# Second &lt;b&gt;" in slower.text
    assert '<h2 class="title">First</h2>' in slower.text
    assert 'name="revision" value="2"' in slower.text
    assert console.pressed(f"{path}/save", {"text": "# Second\n", "revision": "2", "do": "save"}) == "Saved."


def test_what_cannot_be_kept_is_named_and_kept_in_the_box(console: Console, over: Incident) -> None:
    """By line and column."""
    text = "## Action Items\n\n| Item | Owner | Due Date | Status |\n|-|-|-|-|\n| a | b | soon | |\n"
    answer = console.press(f"/postmortems/{over.id}/save", {"text": text, "revision": "1", "do": "save"})
    assert answer.status_code == 422
    assert "line 5, column 11: expected a day like 2026-12-01, found 'soon'" in said(answer)
    assert "| a | b | soon | |" in answer.text
    assert shelf.one(console.redis, over.id) is None


def test_action_items_are_written_down_and_closed(console: Console, over: Incident) -> None:
    """From the page and from the list; the document has them too."""
    path = f"/postmortems/{over.id}"
    form = {"text": f"Alert on {HOSTILE}", "owner": "maria", "due": "2026-11-21"}
    assert console.pressed(f"{path}/actions", form) == "Written down."
    assert "Bob" in console.pressed(f"{path}/actions", {"text": "Ask Bob", "owner": "Bob", "due": ""})
    page = console.get("/postmortems")
    assert "2 open action items" in said(page)
    assert "<img src=x" not in page.text
    console.clock.at += 3 * 86400
    assert "action item 1 was due on 2026-11-21" in said(console.get("/postmortems"))
    told = console.pressed(f"{path}/actions", {"number": "1", "status": "done"})
    assert told.startswith("Action item 1 is changed.")
    console.pressed(f"{path}/actions", {"number": "2", "status": "dropped", "reason": "he did"})
    one = record(console, over)
    assert [item.status.value for item in one.actions] == ["done", "dropped"]
    assert "| Ask Bob | @Bob | | Dropped: he did |" in one.text
    assert console.press(f"{path}/actions", {"number": "1", "status": "dropped"}).status_code == 422
    assert console.press(f"{path}/actions", {"text": "x", "due": "soon"}).status_code == 422


def test_waived_with_a_reason_and_asked_for_again(console: Console, over: Incident) -> None:
    """Without a reason nothing is waived."""
    path = f"/postmortems/{over.id}"
    assert console.press(f"{path}/act", {"do": "waive", "reason": " "}).status_code == 422
    assert console.pressed(f"{path}/act", {"do": "waive", "reason": "as yesterday"}) == "Waived, with your reason."
    assert "Waived by Demo admin: as yesterday" in said(console.get(path))
    assert console.pressed(f"{path}/act", {"do": "ask", "reason": "after all"}) == "A post-mortem is wanted."
    assert "Its draft has not been submitted" in console.pressed(f"{path}/act", {"do": "review"})
    assert console.press(f"{path}/act", {"do": "shred"}).status_code == 422


def test_the_incidents_own_page_says_how_it_stands(console: Console) -> None:
    """Open: that one will be due; resolved: how far it is, and its downloads."""
    incident = console.is_down()
    assert "One will be due once it is resolved, for it was a P1." in said(console.get(f"/incidents/{incident.id}"))
    assert "still open" in said(console.get(f"/postmortems/{incident.id}"))
    console.ledger.answer(incident.id, Resolve(by="maria", via="cli"))
    words = said(console.get(f"/incidents/{incident.id}"))
    assert "Draft due · in 2d" in words
    assert "Next in 2d the draft of its post-mortem" in words
    document = console.get(f"/postmortems/{incident.id}.md")
    assert document.headers["content-disposition"] == f'attachment; filename="post-mortem-{incident.id}.md"'
    assert f"post-mortem of {incident.id}, revision 1" in document.text
    assert "# Post-Mortem: " in console.get(f"/incidents/{incident.id}.md").text
    assert console.get(f"/incidents/{incident.id}.json").json()["postmortem"]["stage"] == "draft due"
    assert console.get("/postmortems/NOPE").status_code == 404
    assert console.get(f"/postmortems/{incident.id[:5]}").headers["location"] == f"/postmortems/{incident.id}"


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("**a** `b*` c", "<strong>a</strong> <code>b*</code> c"),
        (r"\*a\* \<b\>", "*a* &lt;b&gt;"),
        ("[x](javascript:alert(1))", "[x](javascript:alert(1))"),
        ('[x](https://a.example/"onclick=1)', '<a href="https://a.example/&#34;onclick=1" rel='),
        (HOSTILE, "&lt;img src=x onerror=&#34;alert(1)&#34;&gt;"),
        ("**<script>**", "<strong>&lt;script&gt;</strong>"),
        ("[to be filled in: <b>]", "<mark>[to be filled in: &lt;b&gt;]</mark>"),
    ],
)
def test_nothing_that_is_written_becomes_html(text: str, drawn: str) -> None:
    """But for what a document may have: bold, code, links to the web, blanks."""
    assert str(inline(text)).startswith(drawn)


def test_the_blocks_of_a_document() -> None:
    """Headings, lists, tables, code that never ends, lines that are broken."""
    text = "# T\n\n**A:** b  \n**C:** d\n\n- x\n- y\n\n| a | b |\n|---|---|\n| c \\| d | e |\n\n```\n# no\n"
    found = list(parts(text))
    assert [one.kind for one in found] == ["heading", "text", "items", "table", "code"]
    assert len(found[1].lines) == 2
    assert [[str(cell) for cell in row] for row in found[3].rows] == [["a", "b"], ["c | d", "e"]]
    assert str(found[4].lines[0]).strip() == "# no"
    assert re.fullmatch(r"\d", str(len(found)))
