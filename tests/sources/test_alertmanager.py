"""Prometheus Alertmanager: one event per member of a group."""

from __future__ import annotations

import pytest
from hypothesis import given

from router.sources.alertmanager import SOURCE
from router.sources.contract import Delivery, Unreadable
from rules.event import Action
from tests.sources.hearing import broken, deliveries, heard, survives, told

WORDS = ["alerts", "status", "firing", "resolved", "labels", "annotations", "summary", "fingerprint", "truncatedAlerts"]
CPU, MEMORY = "alertmanager 5d1c0a7f3be24498", "alertmanager b07e9912cc45f3a1"


@pytest.mark.parametrize(
    ("sample", "cpu", "memory"),
    [
        ("group_firing", Action.TRIGGER, Action.TRIGGER),
        ("group_partly_resolved", Action.TRIGGER, Action.RESOLVE),
        ("group_resolved", Action.RESOLVE, Action.RESOLVE),
    ],
)
def test_each_member_speaks_for_itself(sample, cpu, memory):
    """A group is `firing` while any member fires, so each member's own status decides."""
    events = heard(SOURCE, sample)
    assert [(event.dedup_key, event.action) for event in events] == [(CPU, cpu), (MEMORY, memory)]


def test_what_a_member_says():
    """Summary, severity hint, link to the graph, the member's labels, and the runbook it names."""
    cpu, memory = heard(SOURCE, "group_firing")
    assert (cpu.kind, cpu.summary) == ("alertmanager.firing", "HostHighCpu: CPU of web-1 is busy at 97 %")
    assert (memory.summary, memory.severity) == ("HostOutOfMemory: Memory of db-2 is 96 % full", "warning")
    assert cpu.url == "https://prometheus.example.com/graph?g0.expr=100+-+cpu_idle+%3E+95&g0.tab=1"
    assert cpu.labels == {
        "alertname": "HostHighCpu",
        "environment": "production",
        "instance": "web-1.example.com:9100",
        "job": "node",
        "severity": "critical",
        "runbook_url": "https://runbooks.example.com/HostHighCpu",
    }


def test_version_3_has_no_fingerprint():
    """Older Alertmanagers send a number as group key and no fingerprint: the labels identify, firing and resolved."""
    (firing,), (resolved,) = heard(SOURCE, "version_3_firing"), heard(SOURCE, "version_3_resolved")
    assert (firing.action, resolved.action) == (Action.TRIGGER, Action.RESOLVE)
    assert firing.dedup_key == resolved.dedup_key
    assert firing.url == "https://alertmanager.example.com"


def test_labels_identify_in_any_order():
    """JSON objects have no order, so neither has the key made of the labels; other labels make another key."""
    keys = [
        told(SOURCE, {"status": "firing", "alerts": [{"labels": labels}]})[0].dedup_key
        for labels in ({"a": "1", "b": "2"}, {"b": "2", "a": "1"}, {"a": "1", "b": "3"})
    ]
    assert keys[0] == keys[1] != keys[2]


def test_firing_again_after_a_timeout_is_not_old_news():
    """Cut off from Prometheus, Alertmanager resolves by timeout, then fires again with the same startsAt.

    Ordered by startsAt the second firing would look older than the resolve, and nobody would be paged.
    """
    firing, resolved, again = (heard(SOURCE, name)[0] for name in ("group_firing", "group_resolved", "group_firing"))
    assert firing.occurred_at is resolved.occurred_at is again.occurred_at is None


def test_what_was_left_out_is_said():
    """Alertmanager's max_alerts cuts members off: the timeline says how many, and nobody is paged for it."""
    *_, missing = heard(SOURCE, "group_truncated")
    assert (missing.action, missing.kind) == (Action.INFO, "alertmanager.missing")
    assert missing.summary == 'Alertmanager left out 7 of the group {}:{job="node"}, and 0 could not be read'


def test_a_broken_member_takes_nobody_with_it():
    """The outage beside an unreadable member is told all the same, and the unreadable one is counted."""
    body = {
        "alerts": [{"status": "melting", "labels": {"a": "1"}}, {"status": "firing", "labels": {"alertname": "Disk"}}]
    }
    disk, missing = told(SOURCE, body)
    assert (disk.action, disk.summary) == (Action.TRIGGER, "Disk")
    assert missing.summary.endswith("1 could not be read")


@pytest.mark.parametrize("body", [{}, [], {"alerts": []}, {"status": "firing", "alerts": [{}]}, {"alerts": ["firing"]}])
def test_unreadable(body):
    """A group in which nothing can be identified is quarantined as a whole."""
    with pytest.raises(Unreadable):
        told(SOURCE, body)


@given(deliveries(WORDS) | broken(SOURCE))
def test_survives_strangers(strange: Delivery):
    """Whatever arrives gives events or Unreadable, never another exception."""
    survives(SOURCE, strange)
