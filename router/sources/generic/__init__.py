"""Anything else that can POST JSON, a form or a line of text: mapped by the operator, or guessed."""

from __future__ import annotations

from router.sources import forms
from router.sources.contract import Delivery, Options, Setup, SourceType, Unreadable
from router.sources.generic import guess, signing
from router.sources.generic.options import GenericOptions
from router.sources.reading import clean, event, first, parse_json, text
from rules.event import Action, Event

MOST = 1000
"""More items of one body than this are not read; how many were left out is an event of its own."""


def parse(delivery: Delivery, options: Options) -> list[Event]:
    """One event, or one per item of an array. Raises Unreadable for nothing to read, and for no array at `each`."""
    how = options if isinstance(options, GenericOptions) else GenericOptions()
    items = _items(_content(delivery), how)
    events = [_read(delivery, item, how) for item in items[:MOST]]
    return events + _notice(delivery, len(items))


def _content(delivery: Delivery) -> object:
    """JSON whatever the content type says; else a form, a query, or plain text, in this order."""
    body = delivery.body.strip()
    form = delivery.content_type == "application/x-www-form-urlencoded"
    if body and form and b"=" in body and not body.startswith((b"{", b"[")):
        return forms.fields(body)
    if not body and delivery.query:
        return forms.fields(delivery.query)
    try:
        return _unwrapped(parse_json(body))
    except Unreadable:
        line = clean(body.decode("utf-8", "replace"))
        # `curl -d 'disk full on db1'` calls a line of text a form.
        if line and (form or delivery.content_type == "text/plain"):
            return line
        raise


def _unwrapped(content: object) -> object:
    """What SNS carries as a text, where that is JSON: https://docs.aws.amazon.com/sns/, "HTTP/HTTPS notification"."""
    if not isinstance(content, dict) or content.get("Type") != "Notification":
        return content
    try:
        carried = parse_json(str(content.get("Message", "")).encode())
    except Unreadable:
        return content
    return {"Subject": content.get("Subject"), **carried} if isinstance(carried, dict) else content


def _items(content: object, how: GenericOptions) -> list[object]:
    found = find(content, how.each) if how.each else content
    if how.each and not isinstance(found, list):
        raise Unreadable(f"there is no array at {how.each}")
    return found if isinstance(found, list) else [found]


def _read(delivery: Delivery, item: object, how: GenericOptions) -> Event:
    found = guess.flatten(item)
    mapped = {field: text(find(item, path)) for field, path in how.fields.items()}
    summary = first(mapped.get("summary", ""), guess.title(found), text(item), guess.untitled(found, delivery.source))
    kind = mapped.get("kind") or how.kind
    return event(
        delivery,
        kind=f"generic.{kind}",
        action=_action(mapped.get("action", ""), found, how, summary),
        key=f"generic {mapped.get('dedup_key') or guess.key(found, summary)}",
        summary=summary,
        severity=mapped.get("severity") or guess.pick(found, guess.SEVERITY),
        labels=guess.labels(item, found) | _mapped_labels(mapped),
        url=mapped.get("url") or guess.pick(found, guess.URL),
        occurred_at=mapped.get("occurred_at") or guess.pick(found, guess.TIME),
        sender_id=mapped.get("sender_id") or _standard_id(delivery, how),
    )


def find(item: object, path: str) -> object:
    """What lies at a dotted path; a number steps into an array, or into an object that has such a key."""
    for step in path.split("."):
        if isinstance(item, dict):
            item = item.get(step)
        elif isinstance(item, list) and step.isdecimal() and len(step) < 7 and int(step) < len(item):
            item = item[int(step)]
        else:
            return None
    return item


def _action(said: str, found: dict[str, str], how: GenericOptions, summary: str) -> Action:
    if not how.actions:
        return guess.ACTIONS.get(said.lower(), Action.TRIGGER) if said else guess.action(found, summary)
    word = (said if "action" in how.fields else guess.pick(found, guess.STATE)).lower()
    named = (action for action, words in how.actions.items() if word in (one.lower() for one in words))
    return next(named, Action.INFO)


def _mapped_labels(mapped: dict[str, str]) -> dict[str, str]:
    return {field.removeprefix("labels."): value for field, value in mapped.items() if field.startswith("labels.")}


def _standard_id(delivery: Delivery, how: GenericOptions) -> str:
    # The id of a message, so of one event: a body of several cannot be told apart by it.
    signed = how.signature.scheme == "standard-webhooks" and not how.each
    return delivery.headers.get("webhook-id", "") if signed else ""


def _notice(delivery: Delivery, count: int) -> list[Event]:
    if 0 < count <= MOST:
        return []
    summary = f"{count - MOST} more items were left out" if count else "A body without items"
    return [event(delivery, kind="generic.notice", action=Action.INFO, key="generic notice", summary=summary)]


SOURCE = SourceType(
    name="generic",
    title="Generic webhook",
    parse=parse,
    verify=signing.verify,
    sign=signing.sign,
    methods=frozenset({"GET", "POST", "PUT"}),
    headers=frozenset({"webhook-id", "webhook-timestamp"}),
    options=GenericOptions,
    setup=Setup(
        steps=(
            "Point anything that can send JSON, a form or a line of text at `{url}`.",
            (
                "Without a mapping the usual names are recognised (`title`, `status`, `severity`, `id`, `url` and "
                "their like). To say it yourself, map them as below."
            ),
            (
                "Prove where it comes from: a `token` in the address, in `X-Tocsin-Token` or as a bearer token; or "
                'a `secret` and `signature: {header: X-Hub-Signature-256, prefix: "sha256="}`, which may also name '
                "`encoding: base64` and a `timestamp_header`; or `signature: {scheme: standard-webhooks}`."
            ),
        ),
        example="""\
sources:
  backups:
    type: generic
    token: ${env:BACKUPS_TOKEN}
    kind: backup
    each: jobs                      # one event per item; leave out for one event per body
    fields:
      dedup_key: job.id
      summary: job.title
      action: job.state
      severity: job.level
      url: job.links.0.href
      labels.host: job.host
    actions: {trigger: [failed, late], resolve: [done]}   # any other state is info
""",
    ),
)
