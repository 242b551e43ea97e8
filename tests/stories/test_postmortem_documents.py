"""A post-mortem's document: what Tocsin writes into it, what people hand in, and what of that is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from redis import Redis

from rules.postmortem.reading import document, marked
from rules.postmortem.record import Stage, Status
from tests.stories.test_postmortems import ANA, DAN, NEEDED, after, ended, record, said
from tests.world import a_world
from workers.ledger import Refused
from workers.postmortems.changing import Conflict, NoItem, Unreadable


def test_two_edit_at_once_and_nothing_is_lost(redis: Redis) -> None:
    """Whoever is slower is told who was faster; with the revision they were told, theirs takes its place."""
    with a_world(redis, NEEDED) as world:
        incident = ended(world)
        base = marked(record(world).text, incident.id, 1)
        after(world).save(incident.id, base + "\nana's\n", None, ANA)
        with pytest.raises(Conflict) as wrong:
            after(world).save(incident.id, base + "\ndan's\n", None, DAN)
        assert (wrong.value.made_from, wrong.value.record.revision) == (1, 2)
        assert "ana's" in record(world).text
        with pytest.raises(Conflict):
            after(world).save(incident.id, "# without a word on what it was made from\n", None, DAN)
        after(world).save(incident.id, base + "\nana's\ndan's\n", 2, DAN)
        assert record(world).text.endswith("ana's\ndan's\n")
        again = after(world).save(incident.id, marked(record(world).text, incident.id, 3), None, DAN)
        assert again.record.revision == 3


def test_what_cannot_be_kept_changes_nothing(redis: Redis) -> None:
    """Another incident's document, a table that cannot be read, a number nobody has given, a review too early."""
    with a_world(redis, NEEDED) as world:
        incident = ended(world)
        before = record(world)
        with pytest.raises(Refused, match="of incident OTHER"):
            after(world).save(incident.id, marked(before.text, "OTHER", 1), None, ANA)
        broken = before.text.replace("| | | Open |", "| ana | soon | Open |").replace(
            "[to be filled in: what shall", "what shall"
        )
        with pytest.raises(Unreadable, match="expected a day like 2026-12-01, found 'soon'"):
            after(world).save(incident.id, broken, 1, ANA)
        with pytest.raises(NoItem, match="there are: none"):
            after(world).change_item(incident.id, ANA, 1, status=Status.DONE)
        with pytest.raises(Refused, match="Submit it first"):
            after(world).review(incident.id, ANA)
        after(world).save(incident.id, before.text, 1, ANA, submit=True)
        with pytest.raises(Refused, match="blanks to be filled in: line"):
            after(world).review(incident.id, ANA)
        assert replace(record(world), drafted=None, reminded=0) == before
        assert after(world).review(incident.id, ANA, anyway=True).stage is Stage.REVIEWED
        with pytest.raises(Refused, match="reviewed already"):
            after(world).review(incident.id, ANA)


def test_the_table_becomes_items_and_strangers_are_named(redis: Redis) -> None:
    """An owner whom the rules do not know cannot be reminded: whoever writes the post-mortem hears it instead."""
    with a_world(redis, NEEDED) as world:
        incident = ended(world)
        text = record(world).text.replace(
            "| [to be filled in: what shall change] | | | Open |",
            "| Retry charges | @Bob of the bank | 2026-03-03 | Open |\n| Alert on it | @DAN | | Done |",
        )
        saved = after(world).save(incident.id, text, 1, ANA)
        assert saved.strangers == ["Bob of the bank"]
        assert [(item.owner, item.status) for item in saved.record.actions] == [
            ("Bob of the bank", Status.OPEN),
            ("dan", Status.DONE),
        ]
        world.passes("1d")
        mails = [one for one in world.outside.heard if one.to == "ana@example.com"]
        assert "(It is Bob of the bank's, whom the rules do not know.)" in " ".join(map(said, mails))
        world.outside.heard.clear()


def test_the_draft_says_what_is_known_and_no_more(redis: Redis) -> None:
    """A sender's words form nothing in it, and it reads back without a flaw."""
    with a_world(redis, NEEDED) as world:
        ended(world, summary="<b>down</b> | [x](http://evil.example) # *now*")
        text = record(world).text
        assert r"# Post-Mortem: \<b\>down\</b\> \| \[x\](http\://evil.example) \# \*now\*" in text
        assert "**Duration:** 40 minutes" in text
        assert "**Author:** ana" in text
        assert "- 09:00 - First alert, from uptime: " in text
        assert "- 09:00 - Investigation started, by ana\n- 09:00 - on-call engineer (ana) is told\n" in text
        assert "\n- [to be filled in] - Root cause identified\n- [to be filled in] - Fix deployed\n" in text
        assert "- [to be filled in] - Fix deployed\n- 09:40 - Verified resolved, by ana\n" in text
        assert "- Answered at once (agreed: within 15m)" in text
        assert document(text).flaws == ()
        assert document(text).author == "ana"
