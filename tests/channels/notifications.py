"""Notifications for the tests of the channels: one that is realistic, and a strategy for hostile ones."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from rules.event import Severity
from rules.incident import Reason
from workers.channels.contract import Link, Notification, Recipient

PAGE = Notification(
    id="n-0001",
    incident="inc-7",
    reason=Reason.ESCALATED,
    severity=Severity.P1,
    title="Checkout is down",
    where="production · checkout · uptime",
    since=1795515300.0,
    now=1795516140.0,
    why="rule «the site is down»; step 2 of 3: on-call engineer did not answer within 14m",
    next="ceo at 10:45 UTC, in 16m, if nobody acknowledges",
    role="engineering lead",
    recipient=Recipient(name="Maria", address="U02MARIA"),
    count=3,
    labels={"service": "checkout", "environment": "production"},
    runbook=Link(text="Runbook", url="https://tocsin.example.com/a/x/runbook"),
    acknowledge=Link(text="Acknowledge", url="https://tocsin.example.com/a/abc"),
    links=(Link(text="Incident", url="https://tocsin.example.com/incidents/inc-7"),),
)
END = replace(PAGE, reason=Reason.RESOLVED, by="Maria", note="a bad deploy, rolled back", next="nothing: it is over")

POISON = (
    "<!channel>",
    "<!here>",
    "<!subteam^S0123>",
    "<@U0EVIL>",
    "<https://evil.example|https://bank.example>",
    "@here",
    "<\u200b!here>",
    "javascript:alert(1)",
    "&lt;!here&gt;",
    "a\r\nBcc: all@example.com",
    "\ud800",
    "\x1b[2J",
    "<script>alert(1)</script>",
    "\u202egnp.exe",
)
words = st.lists(st.sampled_from(POISON) | st.text(max_size=40), max_size=6).map("".join) | st.sampled_from(
    ("<" * 5000, "&" * 3500, "x" * 9000)
)
links = st.builds(Link, text=words, url=words | st.sampled_from(("javascript:alert(1)", "https://a.example/?a=<b>&c")))
hostile = st.builds(
    replace,
    st.sampled_from((PAGE, END)),
    title=words,
    where=words,
    why=words,
    next=words,
    by=st.none() | words,
    note=st.none() | words,
    reason=st.sampled_from(Reason),
    severity=st.sampled_from(Severity),
    labels=st.dictionaries(words, words, max_size=4),
    recipient=st.builds(Recipient, name=words, address=st.just("maria@example.com") | st.just("U02MARIA")),
    runbook=st.none() | links,
    links=st.lists(links, max_size=12).map(tuple),
)


def every_text(value: object) -> list[str]:
    """Every string anywhere in a JSON document, names included."""
    if isinstance(value, dict):
        return [text for pair in value.items() for part in pair for text in every_text(part)]
    if isinstance(value, list):
        return [text for part in value for text in every_text(part)]
    return [value] if isinstance(value, str) else []
