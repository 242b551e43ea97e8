"""Who a role is at one moment: `Roster`, asked by `transition`, worked out by `rules.oncall.schedule`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from rules.holds.hours import Hours
from rules.holds.silence import Silences
from rules.incident import Hold, Incident
from rules.together.inhibition import Inhibitions


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """A role at one moment: the person, the channels that have an address of theirs, and why there is nobody."""

    person: str | None
    channels: frozenset[str] = frozenset()
    hours: Hours | None = None
    """When they may be told of what can wait; None: always."""
    why_nobody: str = ""
    """For people: `schedule primary is empty now`, `dan has no address`."""


@dataclass(frozen=True, slots=True)
class Roster:
    """Every role of the YAML at one moment, which channels post to a room, and what nobody is told of."""

    reaches: dict[str, Reach] = field(default_factory=dict)
    rooms: frozenset[str] = frozenset()
    """Channels that reach a room whoever is on call; their post goes out even when the role has nobody."""
    status_pages: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The pages where the world is told, each with the components it knows."""
    silences: Silences = field(default_factory=Silences)
    inhibitions: Inhibitions = field(default_factory=Inhibitions)
    above: Mapping[str, tuple[Incident, ...]] = field(default_factory=dict)
    """Incidents that keep others quiet, by the keys the one in question may be kept quiet under."""
    addresses: Callable[[str], frozenset[str]] | None = field(default=None, compare=False)
    """Person -> the channels that have an address of theirs; None: only those of whoever has a role are known."""

    def hold(self, incident: Incident, now: float) -> Hold | None:
        """What holds an incident back at `now`; None: nothing does. A parent before a silence: its end is looked at."""
        return self.inhibitions.hold(incident, self.above, now) or self.silences.hold(incident, now)

    def channels_of(self, person: str | None) -> frozenset[str]:
        """The channels that reach a person, whatever role they have; none for whom the YAML does not know."""
        if person is None:
            return frozenset()
        if self.addresses is not None:
            return self.addresses(person)
        return next((one.channels for one in self.reaches.values() if one.person == person), frozenset())

    def reach(self, role: str) -> Reach:
        """Who `role` is now; a role the YAML no longer has is nobody."""
        return self.reaches.get(role) or Reach(person=None, why_nobody=f"the rules name no role {role!r} any more")
