"""What was tried to tell people, through the API and on its page, and the test of a channel."""

from __future__ import annotations

import re
import threading

import pytest
from redis import Redis

from router.api import notifications
from rules.incident import Reason
from tests.receiver.ear import BEARER
from tests.receiver.sitting import ALL, HOME, Sitting
from tests.receiver.test_incident_page import HOSTILE, is_down
from workers import keys


@pytest.fixture
def sitting(valkey: str, redis: Redis) -> Sitting:
    """Somebody at the console."""
    return Sitting(valkey, redis)


def test_the_api_lists_and_shows_what_was_tried(sitting: Sitting) -> None:
    """Filtered, the newest first, and one with its exchange."""
    sitting.outside.slack.fails(status=503, body=b"busy")
    one = is_down(sitting)
    sitting.clock.at += 2
    sitting.all_work()
    found = sitting.ask("GET", f"/api/notifications?incident={one[:5]}&channel=slack", headers=BEARER).json()
    outcomes = [each["outcome"] for each in found["notifications"]]
    assert outcomes == ["delivered", "again"]
    assert found["channels"]["slack"]["failed"] == 1
    failed = found["notifications"][1]
    whole = sitting.ask("GET", f"/api/notifications/{failed['id']}", headers=BEARER).json()
    assert (whole["status"], whole["exchange"]["reply"]) == (503, "busy")
    assert sitting.ask("GET", "/api/notifications/nope", headers=BEARER).status_code == 404
    assert sitting.ask("GET", "/api/notifications?outcome=well", headers=BEARER).status_code == 422
    assert sitting.ask("GET", "/api/notifications").status_code == 401


def trial(sitting: Sitting, channel: str, **body: object) -> tuple[int, dict[str, object]]:
    """A test through the API, while a worker works beside it."""
    ended = threading.Event()

    def work() -> None:
        while not ended.wait(0.05):
            sitting.all_work()

    worker = threading.Thread(target=work)
    worker.start()
    try:
        answer = sitting.ask("POST", f"/api/channels/{channel}/test", json={"by": "ana", **body}, headers=BEARER)
    finally:
        ended.set()
        worker.join()
    return answer.status_code, answer.json()


def test_a_test_goes_through_the_very_channel(sitting: Sitting) -> None:
    """It says that it is one, its result is told and kept, and no incident opens."""
    status, said = trial(sitting, "slack")
    assert (status, said["result"]["outcome"], said["result"]["test"]) == (202, "delivered", True)  # type: ignore[index]
    (heard,) = sitting.outside.heard_exactly([("slack", Reason.UPDATE)])
    assert "Test from Tocsin: nothing is wrong" in heard.text
    assert not sitting.store.incidents(open_only=False)
    assert trial(sitting, "slack")[0] == 429


def test_a_pager_is_asked_first_and_hears_at_once_that_it_is_over(sitting: Sitting) -> None:
    """With severity info; nobody is paged without a word that they know."""
    assert trial(sitting, "pager")[0] == 422
    status, said = trial(sitting, "pager", person="ana")
    assert (status, "ask ana first" in str(said["detail"])) == (422, True)
    assert trial(sitting, "pager", person="ana", agreed=True)[1]["result"]["outcome"] == "delivered"  # type: ignore[index]
    begun, over = sitting.outside.heard_exactly([("pagerduty", "trigger"), ("pagerduty", "resolve")])
    assert begun.body["payload"]["severity"] == "info"
    assert begun.body["dedup_key"] == over.body["dedup_key"]


@pytest.mark.parametrize(
    ("channel", "body", "status"),
    [("nope", {}, 404), ("mail", {}, 422), ("mail", {"person": "nobody"}, 422), ("slack", {"whom": "x"}, 422)],
)
def test_what_cannot_be_tested_says_what_to_do(
    sitting: Sitting, channel: str, body: dict[str, object], status: int
) -> None:
    """And nothing is promised."""
    found, said = trial(sitting, channel, **body)
    assert (found, bool(said["detail"])) == (status, True)
    assert not sitting.redis.keys(keys.entry("*"))


def test_a_channel_that_fails_a_test_says_why_and_is_not_tried_again(sitting: Sitting) -> None:
    """Whoever tests wants to know now."""
    sitting.outside.slack.fails(status=500, times=9)
    said = trial(sitting, "slack")[1]["result"]
    assert (said["outcome"], said["why"]) == ("refused", "Slack answered 500")  # type: ignore[index]
    assert sitting.outside.slack.tries == 1


def test_the_page_shows_attempts_and_how_each_channel_is(sitting: Sitting) -> None:
    """And one attempt whole, without a secret, hostile replies as text."""
    sitting.outside.slack.fails(status=403, body=HOSTILE.encode())
    is_down(sitting)
    page = sitting.opens("/notifications?channel=slack&outcome=refused")
    assert "1 failed</a> in the last hour" in page.text
    assert "lead" not in page.text.partition("<tbody>")[2].partition("</tbody>")[0]
    one = next(each for each in page.text.split('"') if each.startswith("/notifications/n-"))
    whole = sitting.opens(one).text
    assert "https://hooks.slack.example/…" in whole
    assert "&lt;img src=x" in whole
    assert "<img src=x" not in whole
    assert not any(secret in whole for secret in ALL.values())
    assert sitting.opens("/notifications/nope").status_code == 404
    assert "Nothing fits" in sitting.opens("/notifications?person=maria&channel=mail").text


def test_the_pages_button_says_what_came_of_it(sitting: Sitting, monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker works: it is promised, and that is what it says."""
    monkeypatch.setattr(notifications, "LOOKS", 1)
    answered = sitting.presses("/notifications", "/channels/slack/test")
    assert (answered.status_code, answered.headers["location"]) == (303, "/notifications")
    assert sitting.redis.keys(keys.entry("t-*"))
    assert sitting.presses("/notifications", "/channels/slack/test").status_code == 429


def test_a_test_that_says_not_whom_leads_back(sitting: Sitting) -> None:
    """The field asks for it; without, the page that refuses has a link to the one with the button."""
    page = sitting.opens("/notifications").text
    assert 'id="whom-mail" required' in page
    assert 'id="whom-slack"' not in page
    referer = {**HOME, "Referer": "http://127.0.0.1:8080/notifications?channel=mail"}
    csrf = re.search(r'name="csrf" value="([^"]+)"', page)
    assert csrf is not None
    data = {"csrf": csrf[1], "person": ""}
    answered = sitting.ask("POST", "/channels/mail/test", data=data, headers=referer)
    assert answered.status_code == 422
    assert "Nothing was done" in answered.text
    assert '<a class="button" href="/notifications?channel=mail">Back</a>' in answered.text
