"""Every Redis key Tocsin uses: type, meaning, writer, lifetime. No other module spells a key.

| key                       | type       | meaning                                     | writer  | lifetime            |
|---------------------------|------------|---------------------------------------------|---------|---------------------|
| tocsin:agenda:<lane>:<job>| sorted set | entry id -> when it must next be tried      | agenda  | while promised      |
| tocsin:entry:<id>         | hash       | one promise: kind, incident, body, attempt  | agenda  | while promised      |
| tocsin:parked             | sorted set | entries given up -> when                    | agenda  | till a person acts  |
| tocsin:incident:<id>      | string     | the incident, JSON with its version         | ledger  | 400 d from resolved |
| tocsin:timeline:<id>      | list       | its history, oldest first, JSON             | ledger  | as its incident     |
| tocsin:open               | sorted set | open incidents -> opened_at                 | ledger  | while open          |
| tocsin:incidents          | sorted set | all incidents -> opened_at                  | ledger  | trimmed at 400 d    |
| tocsin:signal:<digest>    | string     | the incident of a signal, or its tombstone  | ledger  | open; then 24 h     |
| tocsin:group:<digest>     | string     | the open or last incident of a group        | ledger  | open; then 400 d    |
| tocsin:above:<digest>     | sorted set | incidents that keep others quiet->opened_at | ledger  | while they do       |
| tocsin:below:<id>         | sorted set | what an incident has kept quiet -> since    | ledger  | as that incident    |
| tocsin:room:<digest>      | string     | whose a channel's name is: an incident      | rooms   | 400 d               |
| tocsin:heard:<digest>     | string     | a sender's own id -> the delivery it came in| ledger  | 7 d                 |
| tocsin:gate:<digest>      | sorted set | what a gate counted -> occurred_at          | ledger  | its window, >= 1 h  |
| tocsin:samples:<digest>   | string     | a few of the events it counted, in words    | ledger  | as its gate         |
| tocsin:past:<digest>      | hash       | what a gate counted hour by hour, 840 at most | ledger | 5 weeks            |
| tocsin:gates              | sorted set | gates that counted something -> until when  | ledger  | their windows       |
| tocsin:delivery:<id>      | string     | a delivery as it arrived, how it was read   | intake  | trimmed by inbox    |
| tocsin:deliveries         | sorted set | deliveries -> received_at                   | intake  | trimmed by inbox    |
| tocsin:quarantine         | sorted set | deliveries nobody could read -> received_at | intake  | trimmed by inbox    |
| tocsin:inbox:bytes        | string     | about how many bytes the deliveries take    | intake  | for ever            |
| tocsin:last               | sorted set | sources -> when they were last heard        | intake  | for ever            |
| tocsin:day:<date>         | hash       | counts of deliveries as that UTC day began  | auditor | 16 d                |
| tocsin:spoke              | sorted set | rules -> when one last spoke                | intake  | 400 d after that    |
| tocsin:spoke:<date>       | hash       | how often each rule had spoken as it began  | auditor | 16 d                |
| tocsin:idle:<lane>        | string     | an audit found no worker in this lane       | auditor | 90 s                |
| tocsin:trim               | string     | somebody has just trimmed the inbox         | inbox   | 4 s                 |
| tocsin:count:<name>       | hash       | counters of /metrics, a field per label set | counters| for ever            |
| tocsin:bell:<lane>:<job>  | string     | a bell waits in the queue                   | queue   | answered, <= 1 s    |
| tocsin:pace:<digest>      | string     | how far a destination is ahead of its pace  | pace    | about a minute      |
| tocsin:version            | string     | the latest release that worked here writes | release | for ever            |
| tocsin:audit              | string     | who audits, so that one does at a time      | auditor | 29 s                |
| tocsin:rules              | hash       | the rules in force: version, texts, since   | edition | for ever            |
| tocsin:rules:refused      | string     | why the last new rules are not in force     | edition | till they are right |
| tocsin:silences           | hash       | what people silenced: name -> silence       | silences| 7 d after its end   |
| tocsin:maintenance        | hash       | whom a silence of people's reminds: name    | maintenance| 7 d after its end|
| tocsin:maintenance:public | hash       | what the world reads of it: name, name/page | planned | as the maintenance  |
| tocsin:attempts           | stream     | each attempt to send: what, to whom, outcome| ledger  | the last 10,000     |
| tocsin:exchanges          | stream     | what was sent and answered, secrets masked  | ledger  | the last 5,000      |
| tocsin:attempted:<id>     | list       | an incident's attempts, oldest first, <= 500| ledger  | 7 d after its last  |
| tocsin:channels           | hash       | channel and outcome -> when that was last   | ledger  | for ever            |
| tocsin:tested:<channel>   | string     | a channel has just been tested              | testing | 10 s                |
| tocsin:changes            | stream     | incidents that have just changed            | ledger  | the last 2,000      |
| tocsin:overrides          | hash       | who takes a turn instead: id -> override    | overrides| 7 d after its end  |
| tocsin:postmortem:<id>    | string     | an incident's post-mortem, JSON, its version| postmortems| 400 d, renewed   |
| tocsin:postmortems        | sorted set | incidents that need one -> resolved_at      | postmortems| trimmed at 400 d |
| tocsin:unfinished         | sorted set | those not done with -> resolved_at          | postmortems| till done with   |
| tocsin:checks             | hash       | check -> what it found last                 | ledger  | while in the rules  |
| tocsin:watched            | hash       | scheduled check -> how often it has failed  | ledger  | while in the rules  |
| tocsin:deployments        | list       | what was deployed, newest first             | deployments | the last 200    |
| tocsin:worker:<name>      | string     | a worker beats                              | beats   | 10 s                |
| tocsin:workers            | set        | names of workers that may beat              | beats   | a day after the last|
| tocsin:accounts           | hash       | who may sign in: name -> account            | accounts| till removed        |
| tocsin:invites            | hash       | digest of a link -> what it invites to      | accounts| 24 h                |
| tocsin:invite:first       | string     | what the first link is made of              | accounts| till there is admin |
| tocsin:session:<digest>   | string     | somebody is signed in, and from where       | accounts| 7 d idle, 30 d      |
| tocsin:sessions:<digest>  | sorted set | sessions of an account -> when they began   | accounts| 30 d                |
| tocsin:tokens             | hash       | digest of an API token -> whose, which role | accounts| till revoked        |
| tocsin:tokens:used        | hash       | digest -> when it was used                  | accounts| as its token        |
| tocsin:tries:<digest>     | sorted set | tries to sign in -> when                    | accounts| 60 s                |
| tocsin:asked:<digest>     | string     | a request of Slack's is done; how many were | slack   | 10 min; 60 s        |
| tocsin:acts               | list       | who did what, newest first                  | accounts| the last 10,000     |
| tocsin:acts:failed        | list       | who could not sign in, newest first         | accounts| the last 2,000      |
| rq:*                      |            | RQ's own                                    | rq      | minutes             |
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

DAY = 86400
KEEP_RESOLVED = 400 * DAY

OPEN = "tocsin:open"
INCIDENTS = "tocsin:incidents"
DELIVERIES = "tocsin:deliveries"
QUARANTINE = "tocsin:quarantine"
PARKED = "tocsin:parked"
GATES = "tocsin:gates"
AUDIT = "tocsin:audit"
INBOX_BYTES = "tocsin:inbox:bytes"
LAST_HEARD = "tocsin:last"
DAYS = "tocsin:day:*"
SPOKE = "tocsin:spoke"
SPOKEN = "tocsin:spoke:*"
TRIM = "tocsin:trim"
VERSION = "tocsin:version"
RULES = "tocsin:rules"
SILENCES = "tocsin:silences"
MAINTENANCE = "tocsin:maintenance"
ANNOUNCED = "tocsin:maintenance:public"
OVERRIDES = "tocsin:overrides"
RULES_REFUSED = "tocsin:rules:refused"
POSTMORTEMS = "tocsin:postmortems"
UNFINISHED = "tocsin:unfinished"
WORKERS = "tocsin:workers"
CHANGES = "tocsin:changes"
ACCOUNTS = "tocsin:accounts"
INVITES = "tocsin:invites"
FIRST_INVITE = "tocsin:invite:first"
TOKENS = "tocsin:tokens"
TOKENS_USED = "tocsin:tokens:used"
ACTS = "tocsin:acts"
ACTS_FAILED = "tocsin:acts:failed"
ATTEMPTS = "tocsin:attempts"
EXCHANGES = "tocsin:exchanges"
CHANNELS = "tocsin:channels"
CHECKS = "tocsin:checks"
WATCHED = "tocsin:watched"
DEPLOYMENTS = "tocsin:deployments"
COUNTS = "tocsin:count:*"
LASTING = (
    "tocsin:agenda:*",
    "tocsin:entry:*",
    PARKED,
    "tocsin:heard:*",
    "tocsin:gate:*",
    "tocsin:samples:*",
    "tocsin:past:*",
    GATES,
    "tocsin:signal:*",
    "tocsin:group:*",
    "tocsin:above:*",
    "tocsin:below:*",
    "tocsin:incident:*",
    "tocsin:timeline:*",
    "tocsin:room:*",
    OPEN,
    INCIDENTS,
    "tocsin:delivery:*",
    DELIVERIES,
    QUARANTINE,
    "tocsin:postmortem:*",
    POSTMORTEMS,
    UNFINISHED,
    SILENCES,
    MAINTENANCE,
    ANNOUNCED,
    OVERRIDES,
    CHECKS,
    WATCHED,
    DEPLOYMENTS,
    ACCOUNTS,
    TOKENS,
    ACTS,
    ACTS_FAILED,
)
"""What a backup holds, promises first; the rest is made anew within seconds. The record of attempts is left out on
purpose: what became of each is in the incident's history, and what was sent is nobody's business in such a file."""
MARKS = (VERSION, INBOX_BYTES, COUNTS, LAST_HEARD, DAYS, SPOKE, SPOKEN)
"""What a backup holds besides, and a Redis on which nothing has happened yet may hold too."""


@lru_cache(maxsize=4096)  # Each is asked for twice within a transaction: to read and to write.
def _digest(text: str) -> str:
    """Sender text never becomes part of a key: only a digest of it does."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def agenda(lane: str, job: str) -> str:
    """The entries of one lane and job by the time they are due."""
    return f"tocsin:agenda:{lane}:{job}"


def entry(entry_id: str) -> str:
    """One promise."""
    return f"tocsin:entry:{entry_id}"


def incident(incident_id: str) -> str:
    """One incident."""
    return f"tocsin:incident:{incident_id}"


def timeline(incident_id: str) -> str:
    """Its history."""
    return f"tocsin:timeline:{incident_id}"


def signal(signal_key: str) -> str:
    """Where a signal's events go."""
    return f"tocsin:signal:{_digest(signal_key)}"


def group(group_key: str) -> str:
    """Where a group's triggers go."""
    return f"tocsin:group:{_digest(group_key)}"


def above(key: str) -> str:
    """Incidents that keep others quiet under a key of theirs."""
    return f"tocsin:above:{_digest(key)}"


def below(incident_id: str) -> str:
    """Incidents that one has kept quiet."""
    return f"tocsin:below:{incident_id}"


def postmortem(incident_id: str) -> str:
    """An incident's post-mortem."""
    return f"tocsin:postmortem:{incident_id}"


def heard(source: str, sender_id: str) -> str:
    """A sender's own id of a message."""
    return f"tocsin:heard:{_digest(f'{source}/{sender_id}')}"


def gate(gate_key: str) -> str:
    """What a gate has counted."""
    return f"tocsin:gate:{_digest(gate_key)}"


def samples(gate_key: str) -> str:
    """A few of the events a gate has counted."""
    return f"tocsin:samples:{_digest(gate_key)}"


def past(gate_key: str) -> str:
    """What a gate counted in the weeks before."""
    return f"tocsin:past:{_digest(gate_key)}"


def room(name: str) -> str:
    """For which incident the name of a channel is reserved."""
    return f"tocsin:room:{_digest(name)}"


def attempted(incident_id: str) -> str:
    """What was tried for one incident."""
    return f"tocsin:attempted:{incident_id}"


def tested(channel: str) -> str:
    """Set when somebody has just tested a channel."""
    return f"tocsin:tested:{channel}"


def delivery(delivery_id: str) -> str:
    """One delivery as it arrived."""
    return f"tocsin:delivery:{delivery_id}"


def count(name: str) -> str:
    """One counter of /metrics."""
    return f"tocsin:count:{name}"


def day(date: str) -> str:
    """The counts of deliveries as a UTC day (`2026-11-26`) began."""
    return f"tocsin:day:{date}"


def spoken(date: str) -> str:
    """How often each rule had spoken as a UTC day began."""
    return f"tocsin:spoke:{date}"


def pace(destination: str) -> str:
    """How far the messages to a destination are ahead of their pace."""
    return f"tocsin:pace:{_digest(destination)}"


def bell(lane: str, job: str) -> str:
    """Set while a bell waits in the queue."""
    return f"tocsin:bell:{lane}:{job}"


def idle(lane: str) -> str:
    """Set when an audit found no worker in a lane."""
    return f"tocsin:idle:{lane}"


def worker(name: str) -> str:
    """Set while a worker beats."""
    return f"tocsin:worker:{name}"


def session(digest: str) -> str:
    """Somebody is signed in."""
    return f"tocsin:session:{digest}"


def sessions(account: str) -> str:
    """Where an account is signed in."""
    return f"tocsin:sessions:{_digest(account)}"


def tries(of: str, whom: str) -> str:
    """Tries to sign in of late, `of` an address or an account."""
    return f"tocsin:tries:{_digest(f'{of}/{whom}')}"


def asked(of: str, what: str) -> str:
    """What was asked from within Slack of late, `of` a member or with a signature."""
    return f"tocsin:asked:{_digest(f'{of}/{what}')}"
