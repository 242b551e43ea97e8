"""The types of status pages: what each asks its receiver, what the answers mean, and that they are documented."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

import workers.status_pages
from rules.announcing.planned import Phase, Saying
from rules.announcing.public import Health, Publication, PublicStatus
from rules.announcing.status_pages import StatusPageConfig
from workers.channels.contract import Reply, Undelivered
from workers.status_pages import TYPES
from workers.status_pages.contract import Planned, Telling, Told

ROOT = Path(__file__).parent.parent.parent
OPENED = 1_772_442_000.0
SAYS = Publication(
    number=1,
    title="Payments fail",
    text="We are looking into it.",
    status=PublicStatus.INVESTIGATING,
    components={"checkout": Health.PARTIAL, "unknown": Health.MAJOR},
    by="ana",
    at=OPENED + 60,
)
FIRST = Telling(incident="4QXZ81", opened_at=OPENED, publication=SAYS, id=None, now=OPENED + 61)
NEXT = replace(FIRST, id="p1", publication=replace(SAYS, number=2, status=PublicStatus.RESOLVED, text="It works."))
HOSTED = {"page": "kctbh9", "components": {"checkout": "8kbf7d"}}


def page(kind: str, **more: Any) -> StatusPageConfig:
    keys = {"url": "${env:U}", "secret": "${env:S}"} if kind == "webhook" else {"token": "${env:T}", **HOSTED}
    revealed = {"url": "https://status.example.com/in", "secret": "whsec_MDEyMzQ1Njc4OWFiY2RlZg=="}
    revealed = revealed if kind == "webhook" else {"token": "key-1"}
    return StatusPageConfig.model_validate({"type": kind, **keys, **more}).model_copy(update=revealed)


def test_statuspage_opens_an_incident() -> None:
    """With its name, status, words and components, marked as ours; the key in the header alone."""
    request = TYPES["statuspage"].tell(FIRST, page("statuspage"))
    assert (request.method, request.url) == ("POST", "https://api.statuspage.io/v1/pages/kctbh9/incidents")
    assert request.headers["authorization"] == "OAuth key-1"
    assert orjson.loads(request.body)["incident"] == {
        "name": "Payments fail",
        "status": "investigating",
        "body": "We are looking into it.",
        "deliver_notifications": True,
        "metadata": {"tocsin": {"incident": "4QXZ81", "number": 1}},
        "components": {"8kbf7d": "partial_outage"},
        "component_ids": ["8kbf7d"],
    }


def test_statuspage_goes_on_in_the_same_incident() -> None:
    """By PATCH; a name longer than it takes is cut."""
    long = replace(NEXT, publication=replace(NEXT.publication, title="x" * 300, components={}))
    request = TYPES["statuspage"].tell(long, page("statuspage", notify=False))
    assert (request.method, request.url.rpartition("/")[2]) == ("PATCH", "p1")
    said = orjson.loads(request.body)["incident"]
    assert (said["status"], said["deliver_notifications"], len(said["name"])) == ("resolved", False, 255)
    assert "components" not in said


def test_instatus_opens_and_goes_on() -> None:
    """Its own words for status and components; an update is posted below the incident."""
    first = TYPES["instatus"].tell(FIRST, page("instatus"))
    assert (first.method, first.url) == ("POST", "https://api.instatus.com/v1/kctbh9/incidents")
    assert first.headers["authorization"] == "Bearer key-1"
    assert orjson.loads(first.body) == {
        "name": "Payments fail",
        "message": "We are looking into it.",
        "status": "INVESTIGATING",
        "notify": True,
        "components": ["8kbf7d"],
        "statuses": [{"id": "8kbf7d", "status": "PARTIALOUTAGE"}],
        "started": "2026-03-02T09:00:00.000Z",
    }
    following = TYPES["instatus"].tell(NEXT, page("instatus"))
    assert following.url == "https://api.instatus.com/v1/kctbh9/incidents/p1/incident-updates"
    assert "name" not in orjson.loads(following.body)


def test_a_webhook_is_signed_and_says_the_same_id_again() -> None:
    """The id tells a repetition, the signature's time is that of the try."""
    request = TYPES["webhook"].tell(FIRST, page("webhook", components={"checkout": "c1"}))
    later = TYPES["webhook"].tell(replace(FIRST, now=OPENED + 900), page("webhook", components={"checkout": "c1"}))
    assert request.headers["webhook-id"] == later.headers["webhook-id"] == "public-4QXZ81-1"
    assert later.headers["webhook-timestamp"] == str(int(OPENED + 900))
    said = orjson.loads(request.body)
    assert (said["type"], said["components"]["checkout"], said["component_ids"]) == (
        "status.opened",
        "partial outage",
        {"c1": "partial outage"},
    )


STATUSPAGE = {
    "id": "p1",
    "shortlink": "https://stspg.io/p1",
    "metadata": {"tocsin": {"incident": "4QXZ81", "number": 1}},
}
INSTATUS = {
    "id": "p1",
    "name": "Payments fail",
    "started": "2026-03-02T09:00:00.000Z",
    "updates": [{"message": "We are looking into it.", "status": "INVESTIGATING"}],
}
LOST = [
    ("statuspage", FIRST, [STATUSPAGE], True),
    ("statuspage", FIRST, [{**STATUSPAGE, "metadata": {"tocsin": {"incident": "OTHER", "number": 1}}}], False),
    ("statuspage", FIRST, [{"id": "p9", "metadata": {}}, {"id": "p8"}], False),
    ("statuspage", NEXT, STATUSPAGE, False),
    ("statuspage", NEXT, {**STATUSPAGE, "metadata": {"tocsin": {"incident": "4QXZ81", "number": 2}}}, True),
    ("instatus", FIRST, [INSTATUS], True),
    ("instatus", FIRST, [{**INSTATUS, "started": "2026-03-01T09:00:00.000Z"}], False),
    ("instatus", NEXT, INSTATUS, False),
    ("instatus", NEXT, {**INSTATUS, "updates": [{"message": "It works."}]}, True),
]


@pytest.mark.parametrize(("kind", "telling", "stands", "is_told"), LOST)
def test_what_got_through_although_nobody_heard_so_is_known(
    kind: str, telling: Telling, stands: Any, is_told: bool
) -> None:
    """Looked for before it is said again: among the latest incidents, or in the very one."""
    of = TYPES[kind]
    assert of.look is not None
    assert of.look(telling, page(kind)).method == "GET"
    found = of.found(telling, Reply(status=200, body=orjson.dumps(stands)))
    assert (found is not None and found.id == "p1") is is_told


def test_what_the_answer_tells() -> None:
    """The incident's id over there, and where it can be read; an address that is none is not kept."""
    told = TYPES["statuspage"].told
    assert told(Reply(status=201, body=orjson.dumps(STATUSPAGE))) == Told(id="p1", url="https://stspg.io/p1")
    strange = {**STATUSPAGE, "shortlink": "javascript:alert(1)"}
    assert told(Reply(status=200, body=orjson.dumps(strange))) == Told(id="p1")
    assert TYPES["instatus"].told(Reply(status=200, body=orjson.dumps(INSTATUS))) == Told(id="p1")
    assert TYPES["instatus"].told(Reply(status=200, body=b'{"id":"u7","message":"It works."}')) == Told()
    assert TYPES["webhook"].told(Reply(status=204)) == Told()


PLANNED = Planned(
    mark="disks-1772442000",
    title="New disks",
    says=Saying(Phase.SCHEDULED, "We change disks.", OPENED + 7200, 1),
    start=OPENED + 3600,
    components=("checkout", "unknown"),
    id=None,
    now=OPENED,
)
OVER = replace(PLANNED, id="m1", says=Saying(Phase.COMPLETED, "They are in.", OPENED + 7200, 1))


def test_statuspage_schedules_and_completes_a_maintenance() -> None:
    """A scheduled incident that never changes by itself; done, its component is operational again."""
    request = TYPES["statuspage"].plan(PLANNED, page("statuspage"))
    assert (request.method, request.url) == ("POST", "https://api.statuspage.io/v1/pages/kctbh9/incidents")
    assert orjson.loads(request.body)["incident"] == {
        "name": "New disks",
        "status": "scheduled",
        "body": "We change disks.",
        "impact_override": "maintenance",
        "scheduled_for": "2026-03-02T10:00:00.000Z",
        "scheduled_until": "2026-03-02T11:00:00.000Z",
        "scheduled_auto_in_progress": False,
        "scheduled_auto_completed": False,
        "deliver_notifications": True,
        "metadata": {"tocsin": {"maintenance": "disks-1772442000", "says": PLANNED.key}},
        "component_ids": ["8kbf7d"],
    }
    done = TYPES["statuspage"].plan(OVER, page("statuspage"))
    assert (done.method, done.url.rpartition("/")[2]) == ("PATCH", "m1")
    said = orjson.loads(done.body)["incident"]
    assert (said["status"], said["components"]) == ("completed", {"8kbf7d": "operational"})
    assert "scheduled_until" not in said


def test_instatus_schedules_and_completes_a_maintenance() -> None:
    """With its own words for how far it is; what follows is an update of the same."""
    request = TYPES["instatus"].plan(PLANNED, page("instatus"))
    assert (request.method, request.url) == ("POST", "https://api.instatus.com/v1/kctbh9/maintenances")
    said = orjson.loads(request.body)
    assert (said["name"], said["message"], said["status"]) == ("New disks", "We change disks.", "NOTSTARTEDYET")
    assert (said["start"], said["duration"], said["end"]) == (
        "2026-03-02T10:00:00.000Z",
        60,
        "2026-03-02T11:00:00.000Z",
    )
    assert (said["autoStart"], said["autoEnd"], said["components"]) == (False, False, ["8kbf7d"])
    done = TYPES["instatus"].plan(OVER, page("instatus"))
    assert done.url == "https://api.instatus.com/v1/kctbh9/maintenances/m1/maintenance-updates"
    said = orjson.loads(done.body)
    assert (said["status"], said["statuses"]) == ("COMPLETED", [{"id": "8kbf7d", "status": "OPERATIONAL"}])
    assert "name" not in said


def test_a_webhook_hears_of_a_maintenance() -> None:
    """The same id on every try to say the same, another for what comes next."""
    config = page("webhook", components={"checkout": "c1"})
    ids = [TYPES["webhook"].plan(one, config).headers["webhook-id"] for one in (PLANNED, replace(PLANNED, now=1), OVER)]
    assert ids[0] == ids[1] != ids[2]
    said = orjson.loads(TYPES["webhook"].plan(OVER, config).body)
    assert (said["type"], said["status"], said["component_ids"]) == ("maintenance.completed", "completed", ["c1"])


THERE = {"id": "m1", "metadata": {"tocsin": {"maintenance": "disks-1772442000", "says": PLANNED.key}}}
AT_INSTATUS = {
    "id": "m1",
    "name": "New disks",
    "start": "2026-03-02T10:00:00.000Z",
    "updates": [{"message": "We change disks."}],
}


@pytest.mark.parametrize(
    ("kind", "planned", "stands", "found"),
    [
        ("statuspage", PLANNED, [{"id": "p9"}, THERE], (Told(id="m1"), True)),
        ("statuspage", replace(PLANNED, mark="disks-1"), [THERE], None),
        ("statuspage", OVER, THERE, (Told(id="m1"), False)),
        ("instatus", PLANNED, [AT_INSTATUS], (Told(id="m1"), True)),
        ("instatus", replace(PLANNED, start=OPENED), [AT_INSTATUS], None),
        ("instatus", OVER, AT_INSTATUS, (Told(id="m1"), False)),
    ],
)
def test_a_maintenance_that_got_through_is_known(kind: str, planned: Planned, stands: Any, found: Any) -> None:
    """Where it is, and whether it says this; one of the same name at another time is another."""
    of = TYPES[kind]
    assert of.look_planned is not None
    assert of.look_planned(planned, page(kind)).method == "GET"
    assert of.found_planned(planned, Reply(status=200, body=orjson.dumps(stands))) == found


@pytest.mark.parametrize("kind", sorted(TYPES))
@pytest.mark.parametrize(
    ("status", "headers", "body", "permanent", "after"),
    [
        (401, {}, b'{"error":"Could not authenticate"}', True, None),
        (404, {}, b"", True, None),
        (422, {}, b'{"error":["name can\'t be blank"]}', True, None),
        (429, {"retry-after": "30"}, b"", False, 30.0),
        (503, {}, b"", False, None),
    ],
)
def test_what_refusals_mean(
    kind: str, status: int, headers: dict[str, str], body: bytes, permanent: bool, after: float | None
) -> None:
    """What passes is tried again, and no sooner than it is asked for; the rest a person must mend."""
    with pytest.raises(Undelivered) as refused:
        TYPES[kind].told(Reply(status=status, headers=headers, body=body))
    assert (refused.value.permanent, refused.value.after) == (permanent, after)


def test_statuspages_older_word_for_too_many() -> None:
    """420 passes like 429; and what is no JSON is no answer of theirs."""
    for reply in (Reply(status=420), Reply(status=200, body=b"<html>")):
        with pytest.raises(Undelivered) as passing:
            TYPES["statuspage"].told(reply)
        assert not passing.value.permanent


def test_the_table_the_folder_and_the_documentation_say_the_same() -> None:
    """A new type is a module, a line of the table and a row of docs/status-page.md."""
    folder = Path(workers.status_pages.__file__).parent
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__", "contract"}
    assert modules == set(TYPES) == set(StatusPageConfig.model_fields["type"].annotation.__args__)  # type: ignore[union-attr]
    docs = (ROOT / "docs" / "status-page.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z]+)` \| ([A-Za-z]+) \|", docs, re.MULTILINE)
    assert sorted(rows) == sorted((name, one.title) for name, one in TYPES.items())
