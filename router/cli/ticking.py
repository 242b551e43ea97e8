"""`tocsin incidents tick` and `untick`: the checklist before it closes. Whoever ticks reads what they have ticked."""

from __future__ import annotations

from collections.abc import Sequence

import click

from router.cli.incidents import VIA, by_option, some, whole
from router.cli.remote import ask
from router.cli.session import FINDINGS, USAGE, Command, Failure, Session, pass_session, stop
from router.cli.times import Record
from workers.plain import plain

EVERYTHING = "all"


@click.command(cls=Command)
@click.argument("id_", metavar="ID")
@click.argument("items", metavar="ITEM...", nargs=-1, required=True)
@click.option("--answer", help="What you found, in a few words.")
@by_option
@pass_session
def tick(session: Session, id_: str, items: tuple[str, ...], answer: str | None, by: str) -> None:
    """Tick what is so in its checklist, by the ITEM's number in `show`, or `all`; once all is, it can be resolved.

    The steps of its runbook are another list: `tocsin runbook ID tick NUMBER`.
    """
    before, after = _ask(session, id_, "tick", items, {"by": by} if answer is None else {"by": by, "answer": answer})
    session.answer(after, lambda: _say_ticked(session, before, after, everything=EVERYTHING in items))
    _stop_where_it_is_over(after)


@click.command(cls=Command)
@click.argument("id_", metavar="ID")
@click.argument("items", metavar="ITEM...", nargs=-1, required=True)
@by_option
@pass_session
def untick(session: Session, id_: str, items: tuple[str, ...], by: str) -> None:
    """Take a tick back: it is not so after all."""
    before, after = _ask(session, id_, "untick", items, {"by": by})
    session.answer(after, lambda: _say_unticked(session, before, after))
    _stop_where_it_is_over(after)


def _ask(session: Session, id_: str, what: str, items: Sequence[str], body: dict[str, str]) -> tuple[Record, Record]:
    """The incident before and after. A program reads one answer: the `items`, and whether any was `changed`."""
    some(body["by"], "--by", "the timeline needs a name")
    before: Record = ask(session, "GET", f"/api/incidents/{whole(session, id_)}")
    asked = [EVERYTHING] if EVERYTHING in items else _ids(before["checklist"], items)
    after, changed = before, False
    for item in asked:
        after = ask(session, "POST", f"/api/incidents/{before['id']}/{what}", {**body, "item": item, "via": VIA})
        changed = changed or bool(after.get("changed"))
    concerned = [one for one in after["checklist"] if asked == [EVERYTHING] or one["id"] in asked]
    return before, {**after, "items": concerned, "changed": changed}


def _ids(checklist: list[Record], items: Sequence[str]) -> list[str]:
    """The items' ids, each once: nothing is ticked where one of them is none. By its id it is the one that was read."""
    known = {str(one["number"]): one["id"] for one in checklist} | {one["id"]: one["id"] for one in checklist}
    wrong = [one for one in items if one not in known]
    if wrong and checklist:
        there = "\n  ".join(f"{one['number']}. {plain(one['text'])}" for one in checklist)
        raise Failure(f"its checklist has no item {plain(', '.join(wrong), 60)}", there, code=USAGE)
    # Where there is no checklist the API says so, and what can be ticked instead.
    return list(dict.fromkeys(known.get(one, one) for one in items))


def _say_ticked(session: Session, before: Record, after: Record, *, everything: bool) -> None:
    was = _ticked(before)
    stood = {one["id"]: one["ticked"] for one in before["checklist"]}
    new = [one for one in after["items"] if one["ticked"] != stood.get(one["id"])]
    if not after["changed"]:
        _say_idle(session, after, "had that ticked before")
        return
    at_once = ", all at once, and its timeline says so" if everything and len(new) > 1 else ""
    session.line(f"{after['id']} has this ticked{at_once}:")
    for one in after["items"]:
        _say_item(session, one, "" if one in new else f"ticked before, by {was[one['id']]}")
    left = sum(not one["done"] for one in after["checklist"])
    all_is = f"All is verified; close it: tocsin incidents resolve {after['id']}"
    session.line(f"{left} of {len(after['checklist'])} left." if left else all_is)
    number = new[0]["number"] if len(new) == 1 else "NUMBER"
    session.line(f"Not so after all? tocsin incidents untick {after['id']} {number}")


def _say_unticked(session: Session, before: Record, after: Record) -> None:
    if not after["changed"]:
        _say_idle(session, after, "had that open before")
        return
    was = _ticked(before)
    session.line(f"{after['id']} has this open again:")
    for one in after["items"]:
        _say_item(session, one, "" if one["id"] in was else "it was open before")


def _ticked(incident: Record) -> dict[str, str]:
    """Who has ticked what, by its id."""
    return {one["id"]: plain(str(one["ticked"]["by"])) for one in incident["checklist"] if one["ticked"]}


def _say_idle(session: Session, after: Record, said: str) -> None:
    session.line(f"{after['id']} {'is resolved' if after['state'] == 'resolved' else said}: nothing was changed.")
    for one in after["items"]:
        _say_item(session, one, "")


def _say_item(session: Session, one: Record, more: str) -> None:
    session.line(f"  {one['number']}. {plain(one['text'])}" + (f" ({more})" if more else ""))


def _stop_where_it_is_over(after: Record) -> None:
    """Nothing is ticked any more: that is not what was asked."""
    if not after["changed"] and after["state"] == "resolved":
        stop(FINDINGS)
