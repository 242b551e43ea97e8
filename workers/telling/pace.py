"""How fast a destination may be written to: a few messages at once, then one a second; the rest gathers.

Slack takes one message a second and answers 429 beyond (docs.slack.dev/apis/web-api/rate-limits); people take fewer.
The same as `rules.pace`, over all workers together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from redis import Redis

from rules.pace import AT_ONCE, Destination, destination
from rules.reading.load import Ruleset
from workers import keys
from workers.agenda import Entry
from workers.channels import TYPES

# KEYS: the destination. ARGV: now, seconds between messages, at once, wanted.
# The key holds when all that was granted so far would have been sent at the even pace (GCRA), which is never further
# away than a burst: what is was written before Redis' clock was put back.
_TAKE = """
local now, gap, burst, wanted = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local until_ = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
if until_ - now > burst * gap + 1 then until_ = now end
local free = math.floor(burst - (until_ - now) / gap + 1e-6)
local granted, spent = 0, 0
if free >= wanted then granted, spent = wanted, wanted elseif free >= 1 then granted, spent = 1, free end
if granted > 0 then
  until_ = until_ + spent * gap
  redis.call('SET', KEYS[1], string.format('%.6f', until_), 'EX', math.ceil((burst + 1) * gap) + 60)
end
if granted == wanted then return {granted, '0'} end
return {granted, string.format('%.6f', until_ - now - (burst - 1) * gap)}
"""


class Pace:
    """Grants messages to destinations, over all workers together."""

    def __init__(self, redis: Redis, rules: Callable[[], Ruleset]) -> None:
        self._take = redis.register_script(_TAKE)
        self._rules = rules
        self._full: dict[str, float] = {}
        """Destination -> until when it has had its share, in Unix seconds, as far as this process has asked."""

    def destination(self, entry: Entry) -> Destination | None:
        """Where a notification goes, if anybody must be spared there; None: a machine listens, which takes it all."""
        gap = self._gap(entry)
        if gap is None:
            return None
        team = self._rules().config.teams.get(str(entry.body.get("team")))
        whom = (team.slack if team else None) if entry.body["room"] else entry.body["person"]
        return destination(str(entry.body["channel"]), gap, whom, entry.body["severity"])

    def spares(self, entry: Entry) -> bool:
        """Is there somebody to be spared where it goes? A question asked of thousands, before `destination`."""
        return self._gap(entry) is not None

    def _gap(self, entry: Entry) -> float | None:
        channel = self._rules().config.channels.get(str(entry.body["channel"]))
        if channel is None or entry.body.get("test") or entry.body.get("notice"):
            return None  # What is of no incident stands alone: within a digest it would show nothing.
        return TYPES[channel.type].gap

    def take(self, destination: Destination, wanted: int, now: float) -> tuple[int, float]:
        """How many messages may go now: all that are wanted, else one or none, and how many seconds until the next.

        One for many is a digest, and spends what was left: the next one gathers for a whole gap.
        """
        arguments: list[str | float] = [repr(now), destination.gap, AT_ONCE, wanted]
        answer: Any = self._take(keys=[keys.pace(destination.name)], args=arguments)
        granted, wait = int(answer[0]), float(answer[1])
        if granted < wanted:
            self._full[destination.name] = now + wait
        return granted, wait

    def rest(self, now: float) -> float:
        """Seconds until the first of those that have had their share may be told again; 0 when there are none."""
        self._full = {name: until for name, until in self._full.items() if until > now}
        return min(self._full.values(), default=now) - now
