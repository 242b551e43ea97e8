"""The API of single promises and of RQ's failed jobs: every answer is a sentence, every refusal says what to do."""

from __future__ import annotations

import httpx
import pytest
from redis import Redis
from rq.results import Result

from tests.receiver.ear import BEARER, Ear
from workers import failed, keys
from workers.agenda import Kind, Lane
from workers.queue import queue


def ask(ear: Ear, path: str, **body: object) -> httpx.Response:
    """POST it, as ana."""
    return ear.ask("POST", f"/api/{path}", headers=BEARER, json={"by": "ana", **body})


def test_the_next_step_is_run_put_off_and_dropped(ear: Ear) -> None:
    """By its id and the number that the agenda gives it; a number that is not the next is 409."""
    incident = ear.is_down()
    entry = f"{Kind.STEP}-{incident.id}"
    (item,) = [one for one in ear.ask("GET", "/api/agenda", headers=BEARER).json()["items"] if one["id"] == entry]
    assert (item["step"], item["in_hand"]) == (1, False)
    off = ask(ear, f"agenda/{entry}/postpone", **{"for": "10m", "step": 1})
    assert (off.status_code, off.json()["said"][:14]) == (200, "Put off. Then:")
    late = ask(ear, f"agenda/{entry}/run", step=0)
    assert (late.status_code, late.json()["detail"][:20]) == (409, "Nothing was changed:")
    gone = ask(ear, f"agenda/{entry}/drop", reason="on a plane", step=1)
    assert (gone.status_code, gone.json()["said"][:8]) == (200, "Dropped.")


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("run", {}, 404, "GET /api/agenda"),
        ("postpone", {"for": "soon"}, 422, "for: "),
        ("postpone", {}, 422, "for: missing"),
        ("drop", {}, 422, "reason: missing"),
        ("drop", {"reason": "x", "step": -1}, 422, "step: "),
    ],
)
def test_what_is_wrong_is_said(ear: Ear, path: str, body: dict[str, object], status: int, said: str) -> None:
    """The field and what was expected; for what is not there, where to look."""
    answer = ask(ear, f"agenda/n-nowhere-1/{path}", **body)
    assert answer.status_code == status
    assert said in answer.json()["detail"]


def fails(redis: Redis, why: str) -> str:
    """A job of RQ's that has failed, as RQ keeps it."""
    desk = queue(redis, Lane.URGENT)
    job = desk.enqueue("workers.jobs.notify", "urgent", failure_ttl=3600, description="notify urgent")
    redis.lrem(desk.key, 0, job.id)
    desk.failed_job_registry.add(job, 3600)
    Result.create_failure(job, 3600, f"Traceback\n  File x\n{why}\n")
    return job.id


def test_failed_jobs_are_shown_queued_again_and_forgotten(ear: Ear) -> None:
    """The last line of the exception, harmless; once done, the same id is 404."""
    one, other = fails(ear.redis, "ValueError: \x1b[31mred"), fails(ear.redis, "KeyError: 'x'")
    said = ear.ask("GET", "/api/queues", headers=BEARER).json()
    assert {job["id"] for job in said["failed"]} == {one, other}
    assert {"KeyError: 'x'", "ValueError: [31mred"} == {job["why"] for job in said["failed"]}
    assert [queue["failed"] for queue in said["queues"] if queue["lane"] == "urgent"] == [2]
    assert ask(ear, f"queues/failed/{one}/requeue").status_code == 200
    assert [standing.waiting for standing in failed.standings(ear.redis) if standing.lane is Lane.URGENT] == [1]
    assert ask(ear, f"queues/failed/{other}/remove").status_code == 200
    assert failed.failed(ear.redis) == []
    for path in ("requeue", "remove"):
        answer = ask(ear, f"queues/failed/{one}/{path}")
        assert (answer.status_code, "GET /api/queues" in answer.json()["detail"]) == (404, True)


def test_a_page_that_was_given_up_can_be_dropped(ear: Ear) -> None:
    """It is tried no more and stands nowhere any more; its incident's history says who dropped it and why."""
    incident = ear.is_down()
    entry = ear.parks_a_page()
    assert ask(ear, f"agenda/{entry}/run").status_code == 409
    assert ask(ear, f"agenda/{entry}/drop", reason="told by telephone").status_code == 200
    assert not ear.redis.zcard(keys.PARKED)
    assert "told by telephone" in ear.store.timeline(incident.id)[-1].text
