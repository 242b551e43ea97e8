"""Manual reports: what a person saw with their own eyes, by `tocsin report` or `POST /api/incidents`."""

from __future__ import annotations

from router.sources.contract import Delivery, Options, Setup, SourceType, Unreadable
from router.sources.reading import event, mapping, parse_object, text
from rules.event import Action, Event

SAID = ("affected", "since", "reference", "details")
"""What people say beside the summary: who and how many, since when, which order or customer, the rest."""


def parse(delivery: Delivery, _options: Options) -> list[Event]:
    """One trigger. Raises Unreadable without a summary.

    `{summary, severity?, labels?, url?, dedup_key?, reporter?, details?, affected?, since?, reference?}`. A report
    without a dedup_key is an incident of its own: two people who write the same words may well mean two things.
    """
    body = parse_object(delivery.body)
    if not text(body, "summary"):
        raise Unreadable("a report needs a summary: one line that says what is wrong")
    labels = mapping(body, "labels")
    return [
        event(
            delivery,
            kind="manual.report",
            action=Action.TRIGGER,
            key=f"manual {text(body, 'dedup_key') or delivery.id or repr(delivery.received_at)}",
            summary=text(body, "summary"),
            severity=text(body, "severity"),
            labels={name: text(body, name) for name in SAID} | {name: text(labels, name) for name in labels},
            url=text(body, "url"),
            actor=text(body, "reporter"),
        )
    ]


SOURCE = SourceType(
    name="manual",
    title="Manual report",
    family="people",
    parse=parse,
    kinds=frozenset({"manual.report"}),
    setup=Setup(
        steps=(
            ('Nothing to set up: `tocsin report "The shop shows prices in the wrong currency" --severity P2` reports.'),
            "Programs send the request below, with one of TOCSIN_API_TOKEN.",
        ),
        example="""\
curl -H "Authorization: Bearer $TOCSIN_API_TOKEN" -d '{"summary": "…", "severity": "P2"}' {url}
""",
        notes=(
            "`labels`, `url`, `dedup_key`, `reporter`, `affected`, `since`, `reference` and `details` are optional.",
            "Support staff report on the console's page **Report**, for which the role of a viewer is enough.",
        ),
    ),
)
