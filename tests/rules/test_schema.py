"""The JSON Schema of the rules: what editors are told is what the program reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from router.cli import main
from router.cli.schema import FILE, FILE_OF_TESTS, modeline, of_rules
from router.sources import TYPES as SOURCES
from rules.reading.glossary import GLOSSARY
from rules.reading.load import TESTS, Wrong, load
from tests.rules.clean import CLEAN
from tests.rules.configuration import GOOD
from tests.rules.json_schema import core, wrong
from tests.rules.test_load_errors import MISTAKES
from workers.channels import OPTIONS
from workers.checks import OPTIONS as CHECKS
from workers.rulebook.configuration import packaged

SCHEMA = of_rules()


def told(text: str) -> list[str]:
    """What the schema has against one file; one of comments only has nothing to be wrong."""
    said = core(text)
    return [] if said is None else list(wrong(said, SCHEMA, SCHEMA))


SHIPPED = [path for path in sorted(packaged().glob("*.yaml")) if not path.name.endswith(TESTS)]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_every_shipped_file_fits(path: Path) -> None:
    """Each by itself: an editor sees one file at a time."""
    assert told(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("text", [GOOD, CLEAN], ids=["good", "clean"])
def test_what_can_be_used_fits(text: str) -> None:
    """No red line under what the program takes."""
    assert told(text) == []


SEEN = {
    "a misspelt key", "a misspelt section", "a duration without its unit", "a severity that does not exist",
    "a type of source that we do not hear", "the secret itself", "a key of another type of channel",
    "a hand-over that is none", "a variable as the shell writes it", "a list where text belongs",
    "a source without any proof",
}  # fmt: skip
"""Of the usual mistakes, those that can be seen from one key."""


@pytest.mark.parametrize("case", [case for case in MISTAKES if case[0] in SEEN], ids=lambda case: case[0])
def test_what_one_key_tells_is_seen_in_the_editor(case: tuple[str, tuple[str, str], list[str]]) -> None:
    """Before anything is saved, the same mistakes that `check` tells."""
    assert told(GOOD.replace(*case[1], 1))


def test_every_usual_mistake_of_one_key_is_tried() -> None:
    """The list above names real cases."""
    assert {case[0] for case in MISTAKES} >= SEEN


@pytest.mark.parametrize(
    ("part", "fits"),
    [
        ("rules: [{name: no, when: {labels: {version: 12, country: no, at: 12:30}}, then: {severity: P1}}]", True),
        ("rules: [{name: a, when: {kind: []}, then: {severity: P1}}]", False),
        ("rules: [{name: a, when: {hours: 9-17}, then: {severity: P1}}]", False),
        ("rules: [{name: a, when: {not: {any: [{source: x, odd: y}]}}}]", False),
        ("rules: [{name: a, continue: maybe}]", False),
        ("rules: [{name: a, more_than: {count: 0, within: 5m}}]", False),
        ("rules: [{name: a, more_than: {within: 5m}}]", False),
        ("rules: [{name: a, more_than: {count: 1, sum: labels.a, over: 1, within: 5m}}]", False),
        ("rules: [{name: a, more_than: {sum: labels.a, within: 5m}}]", False),
        ("rules: [{name: a, more_than: {sum: amount, over: 1, within: 5m}}]", False),
        ("rules: [{name: a, more_than: {sum: labels.a, over: many, within: 5m}}]", False),
        ("rules: [{name: a, more_than: {sum: labels.a, over: 1, currency: euros, within: 5m}}]", False),
        ("rules: [{name: a, more_than: {times_usual: 5, within: 5m}}]", False),
        ("rules: [{name: a, more_than: {sum: labels.a, over: 9.5, currency: EUR, within: 5m}, then: {severity: P1}}]",
         True),
        ("rules: [{name: a, more_than: {times_usual: 2.5, at_least: 3, within: 5m}, then: {severity: P1}}]", True),
        ("rules: [{when: {source: a}}]", False),
        ("roles: {ceo: {}}", False),
        ("roles: {ceo: {person: a, schedule: b}}", False),
        ("severities: {P5: {means: x, respond_within: 1h, channels: [a]}}", False),
        ("severities: {P1: {means: x, respond_within: 1h, channels: []}}", False),
        ("channels: {m: {type: mail, host: a, sender: b, port: 70000}}", False),
        ("channels: {m: {type: mail, host: a, sender: b, url: '${env:X}'}}", False),
        ("channels: {m: {host: a}}", False),
        ("sources: {s: {type: manual}}", True),
        ("sources: {s: {type: sentry, unsigned: true}}", True),
        ("sources: {s: {type: generic, token: ['${env:A}'], actions: {resolve: [ok, 0, true]}}}", True),
        ("sources: {s: {type: generic, token: '${env:A}', actions: {resolve: ok}, signature: {scheme: hmac}}}", True),
        ("sources: {s: {type: generic, token: '${env:A}', signature: {schema: hmac}}}", False),
        ("sources: {s: {type: sentry, token: '${env:A}', signature: {}}}", False),
        ("checks: {c: {type: http, url: 'https://a.example/', expect: [200, 204], every: 1m}}", True),
        ("checks: {c: {type: http, url: shop.example.com}}", False),
        ("checks: {c: {type: tcp, host: a, port: 0}}", False),
        ("checks: {c: {type: redis, url: 'redis://a'}}", False),
        ("checks: {c: {type: command, run: [ps], when_ok: {severity: P3}, when_failed: {false_positive: x}}}", True),
        ("checks: {c: {type: command, run: [ps], when_ok: {}}}", False),
        ("checks: {c: {type: command, run: ps}}", False),
        ("checks: {c: {host: a, port: 1}}", False),
        ("sources: {s: {type: manual, links: {Issues: 'https://a.example/{labels.x}'}}}", True),
        ("sources: {s: {type: manual, links: {Issues: 'https://{labels.x}/'}}}", False),
        ("schedules: {s: {timezone: UTC, people: [], overrides: [{start: 2026-12-24, end: 2027-01-01, person: }]}}",
         True),
        ("schedules: {s: {timezone: UTC, people: [], overrides: [{start: 24.12.2026, end: 2027-01-01, person: }]}}",
         False),
    ],
)  # fmt: skip
def test_the_schema_and_the_reader_agree(part: str, fits: bool) -> None:
    """On what one key tells. What the schema takes the reader takes as well, as far as it is only about shapes."""
    assert (told(part) == []) is fits
    with pytest.raises(Wrong) as said:
        load(
            {"rules.yaml": part},
            source_options={name: one.options for name, one in SOURCES.items()},
            channel_options=OPTIONS,
            check_options=CHECKS,
        )
    own = [problem for problem in said.value.problems if "the configuration needs" not in problem.message]
    shapes = [
        problem for problem in own if "there are no " not in problem.message and "no source '" not in problem.message
    ]
    assert (shapes == []) is fits, shapes


def parts(part: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every key that the schema knows, with what it says of it."""
    if isinstance(part, dict):
        yield from part.get("properties", {}).items()
        for inner in part.values():
            yield from parts(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from parts(inner)


def test_every_key_says_what_it_is_for() -> None:
    """Options of every type too: who writes YAML in an editor needs no second window."""
    assert not {name for name, said in parts(SCHEMA) if not said.get("description")}


def test_the_glossary_has_every_key_and_no_other() -> None:
    """A new field of the rules needs its sentence."""
    models = {name: each["properties"].keys() for name, each in SCHEMA["$defs"].items() if name in GLOSSARY}
    models["Config"] = SCHEMA["properties"].keys()
    assert {name: set(words) for name, words in GLOSSARY.items() if name in models} == {
        name: set(keys) for name, keys in models.items()
    }
    assert GLOSSARY.keys() - models.keys() == {"SourceConfig", "ChannelConfig", "CheckConfig"}
    assert set(SCHEMA["$defs"]["Check.deployment"]["properties"]) == {*GLOSSARY["CheckConfig"], "service"}
    assert set(SCHEMA["$defs"]["Source.manual"]["properties"]) == set(GLOSSARY["SourceConfig"])


def test_every_type_is_one_branch() -> None:
    """A new source or channel stands in the schema by standing in its table."""
    branches = {name for name in SCHEMA["$defs"] if name.count(".") == 1}
    assert branches == {
        *(f"Source.{name}" for name in SOURCES),
        *(f"Channel.{name}" for name in OPTIONS),
        *(f"Check.{name}" for name in CHECKS),
    }


def test_init_points_editors_at_the_schema(tmp_path: Path) -> None:
    """It lies beside the rules, is no rule itself, and says what `tocsin schema` prints; so does that of the tests."""
    folder = tmp_path / "config"
    assert CliRunner().invoke(main, ["init", str(folder)]).exit_code == 0
    for name, options in ((FILE, []), (FILE_OF_TESTS, ["--tests"])):
        printed = CliRunner().invoke(main, ["schema", *options]).stdout
        assert json.loads(printed) == json.loads((folder / name).read_text(encoding="utf-8"))
    assert json.loads((folder / FILE).read_text(encoding="utf-8")) == SCHEMA
    for path in folder.glob("*.yaml"):
        first = path.read_text(encoding="utf-8").splitlines()[0]
        assert first + "\n" == modeline(FILE_OF_TESTS if path.name.endswith(TESTS) else FILE)
        assert (path.parent / first.partition("$schema=")[2]).is_file()
    assert CliRunner().invoke(main, ["check", str(folder)]).exit_code == 0
    assert CliRunner().invoke(main, ["test", str(folder)]).exit_code == 0
