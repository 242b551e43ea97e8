"""Errors of a shop that are kept quiet while its site is down: what the stories of parents and children share."""

from __future__ import annotations

from rules.incident import Incident
from tests.world import World

INHIBIT = """
inhibit:
  - name: errors while the site is down
    while: {rule: the site is down}
    quiet: {source: sentry}
    equal: labels.service
"""
SHOP = {"service": "shop"}
OPENED = [("pagerduty", "trigger"), ("slack", "opened")]


def heard(world: World) -> list[tuple[str, str]]:
    """Who was told since the last time, in alphabetical order."""
    found = sorted(one.short for one in world.outside.heard)
    world.outside.heard.clear()
    return found


def down(world: World, **more: object) -> Incident:
    """The site is down, a P1, and people are told."""
    world.hears("outage", key="site", labels=SHOP, **more)  # type: ignore[arg-type]
    return the(world, "site")


def errors(world: World, how: str = "degraded", key: str = "boom", **more: object) -> Incident:
    """Errors of the shop, a P2."""
    world.hears(how, key=key, source="sentry", **{"labels": SHOP, **more})  # type: ignore[arg-type]
    return the(world, key)


def the(world: World, key: str) -> Incident:
    """The last incident that has a signal of this key."""
    return next(one for one in reversed(world.incidents) if any(name.endswith(f"/{key}") for name in one.signals))


def history(world: World, incident: Incident) -> str:
    """Its history as one text."""
    return "\n".join(line.text for line in world.house.store.timeline(incident.id))
