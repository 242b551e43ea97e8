"""The config folder, read from disk: the only place that opens its files."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from pydantic import BaseModel

import rules
from rules.load import TESTS, Problem, Ruleset, Way, Wrong, load

MAX_BYTES = 4 * 1024 * 1024


def packaged() -> Path:
    """The example that is shipped: read-only, used until the operator has a folder of their own."""
    return Path(rules.__path__[0]) / "default"


def read(
    folder: Path,
    *,
    source_options: Mapping[str, type[BaseModel]] | None = None,
    channel_options: Mapping[str, type[BaseModel]] | None = None,
    source_kinds: Mapping[str, Collection[str]] | None = None,
    channel_ways: Mapping[str, Way] | None = None,
    now: float | None = None,
) -> Ruleset:
    """The rules of a folder: its `*.yaml` without `*.test.yaml`, and `runbooks/*.md`. With `now` they are linted too.

    Raises `Wrong`, also for a missing folder.
    """
    return load(
        texts(folder),
        source_options=source_options,
        channel_options=channel_options,
        source_kinds=source_kinds,
        channel_ways=channel_ways,
        runbooks=_runbooks(folder),
        now=now,
    )


def texts(folder: Path) -> dict[str, str]:
    """File name -> text of the folder's YAML. Raises `Wrong`."""
    if not folder.is_dir():
        raise Wrong([Problem(str(folder), 0, 0, "there is no such folder", "tocsin init makes one")])
    misnamed = [
        Problem(path.name, 0, 0, "files named .yml are not read", "name it .yaml") for path in folder.glob("*.yml")
    ]
    paths = [path for path in sorted(folder.glob("*.yaml")) if not path.name.endswith(TESTS)]
    if not paths and not misnamed:
        misnamed = [Problem(str(folder), 0, 0, "the folder has no *.yaml file", "tocsin init writes an example")]
    return _read_all({path.name: path for path in paths}, misnamed)


def _runbooks(folder: Path) -> dict[str, str]:
    found = {f"runbooks/{path.name}": path for path in sorted((folder / "runbooks").glob("*.md"))}
    return {name.removeprefix("runbooks/").removesuffix(".md"): text for name, text in _read_all(found, []).items()}


def _read_all(paths: Mapping[str, Path], problems: list[Problem]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, path in paths.items():
        outcome = _read_one(name, path)
        if isinstance(outcome, Problem):
            problems.append(outcome)
        else:
            found[name] = outcome
    if problems:
        raise Wrong(problems)
    return found


def shown(path: Path) -> str:
    """A file's text for the lines a problem shows; "" for what `read` would not read either."""
    try:
        if not path.is_file() or path.stat().st_size > MAX_BYTES:
            return ""
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _read_one(name: str, path: Path) -> str | Problem:
    try:
        # A pipe would be waited for, a device read without end.
        if path.exists() and not path.is_file():
            return Problem(name, 1, 1, "cannot be read: it is no regular file")
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        return Problem(name, 1, 1, f"cannot be read: {error.strerror}")
    if len(raw) > MAX_BYTES:
        return Problem(name, 1, 1, "the file is larger than 4 MiB")
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode(errors="replace")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        return Problem(name, line, column, f"not UTF-8: byte 0x{raw[error.start]:02x}", "save the file as UTF-8")
    return text.replace("\r\n", "\n")
