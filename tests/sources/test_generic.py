"""The generic source: what an operator maps, what is guessed, and how it is signed."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from pydantic import ValidationError

from router.sources.contract import Delivery, Unauthentic, Unreadable
from router.sources.generic import MOST, SOURCE
from router.sources.generic.options import GenericOptions
from router.sources.generic.signing import sign, verify
from rules.event import Action, Event
from tests.sources.hearing import NOW, at, broken, deliveries, heard, survives

WORDS = ["data", "alert", "items", "id", "title", "status", "ok", "down", "severity", "url", "labels", "time", "0"]


def _mapped(body: bytes, **options: object) -> list[Event]:
    how = GenericOptions.model_validate(options)
    return SOURCE.parse(Delivery(received_at=NOW, headers={"content-type": "application/json"}, body=body), how)


@pytest.mark.parametrize(
    ("sample", "action", "key", "summary", "severity", "url"),
    [
        (
            *("backup_failed", Action.TRIGGER, "generic backup-42", "The nightly backup failed", "critical"),
            "https://backups.example.com/runs/42",
        ),
        (
            *("backup_recovered", Action.RESOLVE, "generic backup-42", "The nightly backup is back", None),
            "https://backups.example.com/runs/42",
        ),
        ("nested", Action.ACKNOWLEDGE, "generic 7", "Freezer too warm", "p2", "https://freezer.example.com/7"),
        (
            *("one_line", Action.TRIGGER, "generic The coffee machine is on fire"),
            *("The coffee machine is on fire", None, None),
        ),
        ("form", Action.TRIGGER, "generic door-1", "Door sensor", None, None),
        ("query", Action.RESOLVE, "generic door-1", "Door sensor", None, None),
    ],
)
def test_guessed(sample, action, key, summary, severity, url):
    """Without a word from the operator the usual names are found, also in envelopes, forms and queries."""
    (event,) = heard(SOURCE, sample)
    assert (event.kind, event.action, event.dedup_key) == ("generic.event", action, key)
    assert (event.summary, event.severity, event.url) == (summary, severity, url)


SHAPES = [
    ({"title": "[Triggered on {host:db1}] Disk full"}, {"title": "[Recovered on {host:db1}] Disk full"}),
    ({"title": "db1 is down"}, {"title": "db1 is up", "state": "up"}),
    ({"host": "web1", "service": "nginx", "state": "critical"}, {"host": "web1", "service": "nginx", "state": "ok"}),
    ({"host": "web1", "title": "High CPU is critical"}, {"host": "web1", "title": "High CPU is ok", "status": "OK"}),
    ({"alarm": "ram", "host": "db1", "severity": "critical"}, {"alarm": "ram", "host": "db1", "severity": "clear"}),
    ({"event": "check.down", "check": {"url": "https://a.example", "error": "500"}},
     {"event": "check.up", "check": {"url": "https://a.example"}}),
    ({"event_name": "new_item", "data": {"item": {"id": 7, "title": "Boom"}}},
     {"event_name": "resolved_item", "data": {"item": {"id": 7, "title": "Boom"}}}),
    ({"alert_type": "ALERT_FAILURE", "check_name": "API"}, {"alert_type": "ALERT_RECOVERY", "check_name": "API"}),
    ({"Type": "Notification", "Message": '{"AlarmName": "cpu", "NewStateValue": "ALARM"}', "Subject": "ALARM: cpu"},
     {"Type": "Notification", "Message": '{"AlarmName": "cpu", "NewStateValue": "OK"}', "Subject": "OK: cpu"}),
]  # fmt: skip


@pytest.mark.parametrize(("fires", "clears"), SHAPES)
def test_what_fires_clears_by_the_same_key(fires, clears):
    """In the shapes that monitors commonly send, none of which says what its key is."""
    (down,), (up,) = (_mapped(json.dumps(body).encode()) for body in (fires, clears))
    assert (down.action, up.action) == (Action.TRIGGER, Action.RESOLVE)
    assert down.dedup_key == up.dedup_key
    assert down.summary
    assert "{" not in down.dedup_key.removeprefix("generic ").partition(" ")[0]


def test_two_hosts_are_two_incidents():
    """The same title of another host is another thing."""
    keys = {_mapped(b'{"title": "High CPU", "host": "%s"}' % host)[0].dedup_key for host in (b"web1", b"web2")}
    assert keys == {"generic web1 High CPU", "generic web2 High CPU"}


@pytest.mark.parametrize(
    ("body", "action"),
    [
        (b'{"action": "Close", "alert": {"alertId": 1}}', Action.RESOLVE),
        (b'{"action": "AddNote", "alert": {"alertId": 1}}', Action.INFO),
        (b'{"Type": "SubscriptionConfirmation", "Message": "You have chosen"}', Action.INFO),
        (b'{"status": "not resolved", "title": "x"}', Action.TRIGGER),
        (b'{"state": "it will be resolved some day, we hope", "title": "x"}', Action.TRIGGER),
        (b'{"event": "incident.recovery_failed", "title": "x"}', Action.TRIGGER),
    ],
)
def test_states_in_the_words_of_others(body, action):
    """Also as a part of a word; what denies itself, is a sentence, or says two things, is no state."""
    assert _mapped(body)[0].action is action


def test_what_has_no_title_says_what_it_is_about():
    """A number alone is no title."""
    assert _mapped(b'{"error": "500", "url": "https://a.example", "status": "down"}')[0].summary == (
        "https://a.example: down"
    )


def test_an_array_is_several_events():
    """One event per item, in order."""
    assert [(e.action, e.dedup_key) for e in heard(SOURCE, "several")] == [
        (Action.TRIGGER, "generic queue/mails"),
        (Action.RESOLVE, "generic queue/faxes"),
    ]


def test_an_unknown_state_is_not_silent():
    """What nobody understands pages: silence would be the worse mistake."""
    assert _mapped(b'{"id": 1, "title": "Odd", "status": "wobbly"}')[0].action is Action.TRIGGER


BODY = b"""{"sent": "2026-11-20T09:00:00Z", "jobs": [
  {"job": {"id": 7, "title": "Mirror", "state": "LATE", "links": [{"href": "https://jobs.example.com/7"}]}, "rank": 2},
  {"job": {"id": 8, "title": "Index", "state": "done", "at": 1795165200}},
  {"job": {"id": 9, "title": "Sweep", "state": "resting"}}]}"""
FIELDS = {
    "dedup_key": "job.id",
    "summary": "job.title",
    "action": "job.state",
    "url": "job.links.0.href",
    "severity": "rank",
    "occurred_at": "job.at",
    "labels.rank": "rank",
}


def test_a_line_that_curl_calls_a_form_is_a_line():
    """`curl -d 'disk full on db1'` says what it says; with a `=` it is the form it is called."""
    form = {"content-type": "application/x-www-form-urlencoded"}

    def curl(body: bytes):
        return SOURCE.parse(Delivery(received_at=NOW, headers=form, body=body), SOURCE.options())[0]

    assert curl(b"disk full on db1").summary == "disk full on db1"
    assert curl(b"title=disk+full&status=firing").summary == "disk full"
    assert curl(b'{"title": "disk full"}').summary == "disk full"


def test_mapped():
    """Paths reach into objects and arrays, words decide the action, and a word in no list pages nobody."""
    first, second, third = _mapped(
        BODY, each="jobs", kind="job", fields=FIELDS, actions={"trigger": ["late"], "resolve": "done"}
    )
    assert (first.kind, first.action, first.dedup_key) == ("generic.job", Action.TRIGGER, "generic 7")
    assert (first.summary, first.url, first.severity) == ("Mirror", "https://jobs.example.com/7", "2")
    assert first.labels == {"rank": "2"}
    assert (second.action, second.occurred_at) == (Action.RESOLVE, at("09:00:00"))
    assert third.action is Action.INFO


def test_words_of_a_mapping_may_be_numbers():
    """YAML's `resolve: [0, true]` fits the JSON values 0 and true."""
    options = {"fields": {"action": "broken"}, "actions": {"trigger": [1, True], "resolve": [0, False]}}
    actions = [_mapped(b'{"broken": %s}' % value, **options)[0].action for value in (b"1", b"true", b"0", b"false")]
    assert actions == [Action.TRIGGER, Action.TRIGGER, Action.RESOLVE, Action.RESOLVE]


def test_a_flood_of_items_is_cut_and_said():
    """A body of too many items is read up to a limit, and what was left out is told."""
    events = _mapped(b"[" + b"1," * MOST + b"1]")
    assert len(events) == MOST + 1
    assert (events[-1].action, events[-1].summary) == (Action.INFO, "1 more items were left out")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"fields": {"sumary": "a"}}, "expected one of action, dedup_key"),
        ({"fields": {"summary": "a..b"}}, "expected a dotted path"),
        ({"fields": {"summary": ""}}, "expected a dotted path"),
        ({"fields": {"labels.": "a"}}, "expected one of action, dedup_key"),
        ({"each": " "}, "expected a dotted path"),
        ({"actions": {"explode": ["x"]}}, "actions.explode"),
        ({"kind": "Über"}, "kind"),
        ({"signature": {"scheme": "rot13"}}, "signature.scheme"),
        ({"signature": {"heder": "X"}}, "signature.heder"),
        ({"mapping": {}}, "mapping"),
    ],
)
def test_a_wrong_mapping_is_found_when_the_rules_are_read(wrong, said):
    """Not when the first alarm comes, and the message names the key."""
    with pytest.raises(ValidationError) as error:
        GenericOptions.model_validate(wrong)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("body", "options"), [(b"", {}), (b"{broken", {}), (b'{"jobs": {}}', {"each": "jobs"}), (b"[1]", {"each": "x.0"})]
)
def test_unreadable(body, options):
    """Nothing, broken JSON, no array where the operator promised one."""
    with pytest.raises(Unreadable):
        _mapped(body, **options)


def _check(signature: dict[str, object], headers: dict[str, str], secrets: list[bytes], now: float = NOW) -> None:
    lower = {name.lower(): value for name, value in headers.items()}
    how = GenericOptions.model_validate({"signature": signature})
    verify(Delivery(received_at=now, headers=lower, body=b"{}"), secrets, now, how)


SIGNATURES: list[dict[str, object]] = [
    {},
    {"header": "X-Hub-Signature-256"},
    {"header": "X-Shop-Hmac", "prefix": "", "encoding": "base64"},
    {"header": "X-Sign", "prefix": "", "timestamp_header": "X-Sign-Time", "separator": ":"},
    {"scheme": "standard-webhooks"},
]
OLD, NEW, OTHER = (b"whsec_" + base64.b64encode(word * 8) for word in (b"old", b"new", b"other"))


@pytest.mark.parametrize("signature", SIGNATURES)
def test_signed(signature):
    """Every way of signing fits itself, with any secret of a rotation, and neither another secret nor another body."""
    how = GenericOptions.model_validate({"signature": signature})
    _check(signature, sign(b"{}", NEW, NOW, how), [OLD, NEW])
    for headers in ({}, sign(b"{}", OTHER, NOW, how), sign(b"{}\n", NEW, NOW, how)):
        with pytest.raises(Unauthentic):
            _check(signature, headers, [OLD, NEW])


@pytest.mark.parametrize("signature", SIGNATURES[-2:])
@pytest.mark.parametrize("off", [-301, 301])
def test_signed_at_another_time(signature, off):
    """Where a time is signed, it may be five minutes off on either side and no more."""
    how = GenericOptions.model_validate({"signature": signature})
    _check(signature, sign(b"{}", NEW, NOW + off / 301 * 300, how), [NEW])
    with pytest.raises(Unauthentic):
        _check(signature, sign(b"{}", NEW, NOW + off, how), [NEW])


def test_standard_webhooks_give_an_id():
    """`webhook-id` is the same on every retry; without it nothing is proven."""
    how = GenericOptions.model_validate({"signature": {"scheme": "standard-webhooks"}})
    headers = sign(b"{}", NEW, NOW, how)
    (event,) = SOURCE.parse(Delivery(received_at=NOW, headers=headers, body=b"{}"), how)
    assert event.sender_id == headers["webhook-id"]
    with pytest.raises(Unauthentic):
        _check({"scheme": "standard-webhooks"}, headers | {"webhook-id": ""}, [NEW])


def test_standard_webhooks_in_another_version():
    """Several signatures stand side by side; only `v1` is ours to check, `v1a` is another kind."""
    how = GenericOptions.model_validate({"signature": {"scheme": "standard-webhooks"}})
    headers = sign(b"{}", NEW, NOW, how)
    proof = headers["webhook-signature"]
    _check({"scheme": "standard-webhooks"}, headers | {"webhook-signature": f"v1a,beef v1,AAAA {proof}"}, [NEW])
    with pytest.raises(Unauthentic):
        _check({"scheme": "standard-webhooks"}, headers | {"webhook-signature": proof.replace("v1,", "v1a,")}, [NEW])


@given(deliveries(WORDS) | broken(SOURCE))
def test_survives_strangers(strange: Delivery):
    """Whatever arrives gives events or Unreadable, never another exception."""
    survives(SOURCE, strange)
