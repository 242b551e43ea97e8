"""What the objects in Sentry's webhooks say, wherever they stand: of an issue, an occurrence, whoever acted."""

from __future__ import annotations

import re

from router.sources.reading import clean, listing, text

_ISSUE_IN_URL = re.compile(r"/issues/([0-9]+)")
_PROJECT_IN_URL = re.compile(r"/projects/[^/]+/([^/]+)/")


def title_of(said: dict[str, object]) -> str:
    """One line for a person; "" where nothing says."""
    return (
        text(said, "title")
        or text(said, "metadata", "title")
        or ": ".join(filter(None, (text(said, "metadata", "type"), text(said, "metadata", "value"))))
        or text(said, "message")
        or text(said, "culprit")
    )


def issue_of(said: dict[str, object]) -> str:
    """The issue of an occurrence; older bodies name it only inside their addresses."""
    if known := text(said, "issue_id"):
        return known
    found = _ISSUE_IN_URL.search(f"{text(said, 'issue_url')} {text(said, 'web_url')}")
    return found[1] if found else ""


def tags_of(said: dict[str, object]) -> dict[str, object]:
    """By name, their values as written: an occurrence has dozens, and four are asked for."""
    pairs = [pair for pair in listing(said, "tags") if isinstance(pair, list) and len(pair) > 1]
    return {clean(pair[0]): pair[1] for pair in pairs if isinstance(pair[0], str)}


def occurrence_labels(said: dict[str, object], tags: dict[str, object]) -> dict[str, str]:
    """Where it happened."""
    project = _PROJECT_IN_URL.search(text(said, "url"))
    return {
        "project": project[1] if project else text(said, "project"),
        "environment": text(said, "environment") or text(tags, "environment"),
        "release": text(said, "release") or text(tags, "release"),
        "server_name": text(tags, "server_name"),
        "culprit": text(said, "culprit"),
        "platform": text(said, "platform"),
    }


def actor_of(body: dict[str, object]) -> str:
    """Which person did it; "" where it was Sentry itself or an integration."""
    return text(body, "actor", "name") if text(body, "actor", "type") == "user" else ""
