"""Links filled from events: a sender's text is escaped, stands behind the host only, and forms nothing."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.decide import Rules, conclude
from rules.event import Action, Event
from rules.links import MOST, SourceLinks, check_template, filled, together
from rules.reading.load import load
from rules.responding.response import Link
from tests.rules.configuration import GOOD


def an_event(**given: Any) -> Event:
    """A trigger of shop's."""
    labels = {"release": "2.4.1", "nothing": "", **given.pop("labels", {})}
    return Event(
        kind="sentry.issue.created", action=Action.TRIGGER, dedup_key="1", summary="Boom", source="shop",
        source_type="sentry", labels=labels, **given,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("template", "address"),
    [
        ("https://a.example/", "https://a.example/"),
        ("https://a.example/?q={labels.release}", "https://a.example/?q=2.4.1"),
        ("https://a.example/{source}/{kind}#{summary}", "https://a.example/shop/sentry.issue.created#Boom"),
        ("https://a.example/{labels.nothing}", None),
        ("https://a.example/{labels.missing}", None),
        ("https://a.example/{severity}", None),
    ],
)
def test_places_are_filled_from_the_event(template: str, address: str | None) -> None:
    """What the event lacks leaves the link out: half an address leads somewhere else."""
    event = an_event()
    assert filled(template, event, event.labels) == address


HOSTILE = [
    "x&admin=1", "x#y", "x/../../y", "x y", "{kind}", "{0.__class__}", "%2e%2e", "x\r\ny", "<script>", "\ud800",
    "javascript:alert(1)", "//evil.example", "x" * 5000, "ü",
]  # fmt: skip


@pytest.mark.parametrize("value", HOSTILE)
def test_what_a_sender_writes_stays_one_value(value: str) -> None:
    """No further parameter, no other path, no place that is filled in its turn."""
    event = an_event(labels={"release": value})
    address = filled("https://a.example/issues/{labels.release}?q={labels.release}&z=1", event, event.labels)
    assert address is not None
    parts = urlsplit(address)
    assert (parts.scheme, parts.netloc, parts.fragment) == ("https", "a.example", "")
    assert parts.path.count("/") == 2
    assert parts.query.count("&") == 1
    assert address.isascii()
    assert address.isprintable()


@pytest.mark.parametrize("value", [".", "..", " .. ", "  "])
def test_what_would_climb_in_the_path_leaves_the_link_out(value: str) -> None:
    """A browser takes dots for a step up."""
    event = an_event(labels={"release": value})
    assert filled("https://a.example/issues/{labels.release}", event, event.labels) is None


@given(st.text(max_size=600), st.sampled_from(["https://a.example/{labels.x}", "https://a.example/?q={labels.x}&z"]))
def test_any_text_at_all_stays_one_value(value: str, template: str) -> None:
    """And can be read back."""
    event = an_event(labels={"x": value})
    address = filled(template, event, event.labels)
    if address is None:
        return
    parts = urlsplit(address)
    assert (parts.netloc, parts.fragment) == ("a.example", "")
    found = parts.path[1:] if "?q" not in template else parts.query.removeprefix("q=").removesuffix("&z")
    assert "/" not in found
    assert "&" not in found
    assert unquote(found) == value[:500].strip().encode("utf-8", "replace").decode()


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("http://{labels.host}/", "a host without braces"),
        ("https://a.{labels.host}.example/", "a host without braces"),
        ("https://ana@a.example/", "a host without braces"),
        ("javascript:alert({kind})", "begins with https://"),
        ("//a.example/", "begins with https://"),
        ("{labels.url}", "begins with https://"),
        ("https:///x", "begins with https://"),
        ("https://a.example/{kind", "a brace is open"),
        ("https://a.example/kind}", "a brace is open"),
        ("https://a.example/{{kind}}", "a brace is open"),
        ("https://a.example/{}", "no field ''"),
        ("https://a.example/{kindd}", "no field 'kindd'"),
        ("https://a.example/{release}", "no field 'release'"),
        ("https://a.example/{labels.}", "no field 'labels.'"),
        ("https://a.example/{kind!r}", "no field 'kind!r'"),
        ("https://a.example/a b", "no spaces"),
        ('https://a.example/"', "no spaces"),
    ],
)
def test_what_is_no_template_is_refused(template: str, words: str) -> None:
    """Before any event comes."""
    with pytest.raises(ValueError, match=re.escape(words)):
        check_template(template)


def test_those_of_the_rule_come_first_each_address_once_ten_at_most() -> None:
    """A source's links stand behind a rule's."""
    of_rule = (Link(text="Rule", url="https://a.example/1"),)
    of_source = tuple(Link(text=str(number), url=f"https://a.example/{number}") for number in range(20))
    both = together(of_rule, of_source)
    assert both[0].text == "Rule"
    assert len(both) == MOST
    assert len({link.url for link in both}) == MOST


def test_a_source_and_a_rule_both_say_where_to_look() -> None:
    """Every event of the source, whichever rule judges it; the labels that rules add count."""
    rules = GOOD.replace(
        'secret: "${env:SENTRY_SECRET}"}',
        'secret: "${env:SENTRY_SECRET}", links: {Issues: "https://s.example/?q={labels.area}"}}',
    ).replace(
        "then: {severity: P3}", 'then: {severity: P3, labels: {area: shop}, links: {Board: "https://b.example/{kind}"}}'
    )
    ruleset = load({"rules.yaml": rules})
    links = ruleset.decide(an_event(), 0.0).links
    assert [(link.text, link.url) for link in links] == [
        ("Board", "https://b.example/sentry.issue.created"), ("Issues", "https://s.example/?q=shop"),
    ]  # fmt: skip
    assert SourceLinks().add(conclude(an_event(), Rules([]).matching(an_event(), 0.0)), an_event()).links == ()
