"""The config folder, read from disk: the only place that opens its files."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

import rules
from rules.reading.load import TESTS, Problem, Ruleset, Way, Wrong, load

MAX_BYTES = 4 * 1024 * 1024
MAX_TOGETHER = 16 * 1024 * 1024
"""Bytes of all rules, and of all runbooks: they are held by every process, and published in Redis."""
MAX_FILES = 1000
"""Of rules, and of runbooks. More is a folder that was not meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Everything of a folder that the rules are made of."""

    texts: Mapping[str, str]
    """File name -> YAML."""
    runbooks: Mapping[str, str]
    """Name -> Markdown."""


def packaged() -> Path:
    """The example that is shipped: read-only, used until the operator has a folder of their own."""
    return Path(rules.__path__[0]) / "default"


def read(
    folder: Path,
    *,
    source_options: Mapping[str, type[BaseModel]] | None = None,
    channel_options: Mapping[str, type[BaseModel]] | None = None,
    check_options: Mapping[str, type[BaseModel]] | None = None,
    source_kinds: Mapping[str, Collection[str]] | None = None,
    channel_ways: Mapping[str, Way] | None = None,
    now: float | None = None,
) -> Ruleset:
    """The rules of a folder: its `*.yaml` without `*.test.yaml`, and `runbooks/*.md`. With `now` they are linted too.

    Raises `Wrong`, also for a missing folder.
    """
    found = written(folder)
    return load(
        found.texts,
        source_options=source_options,
        channel_options=channel_options,
        check_options=check_options,
        source_kinds=source_kinds,
        channel_ways=channel_ways,
        runbooks=found.runbooks,
        now=now,
    )


def written(folder: Path) -> Written:
    """What stands in the folder. Raises `Wrong`."""
    return Written(texts=texts(folder), runbooks=_runbooks(folder))


def fingerprint(folder: Path) -> frozenset[tuple[str, int, int, int]]:
    """Changes when a file of the folder does. Costs a look at each, and reads none."""
    found = set()
    for path in (*folder.glob("*.yaml"), *folder.glob("*.yml"), *(folder / "runbooks").glob("*.md")):
        try:
            seen = path.stat()
        except OSError:
            continue
        found.add((str(path), seen.st_mtime_ns, seen.st_size, seen.st_ino))
    return frozenset(found)


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
    return _read_all(folder, {path.name: path for path in paths}, misnamed[:MAX_FILES])


def tests(folder: Path) -> dict[str, str]:
    """File name -> text of the folder's `*.test.yaml`. Raises `Wrong`."""
    return _read_all(folder, {path.name: path for path in sorted(folder.glob(f"*{TESTS}"))}, [])


def beside(folder: Path, name: str) -> bytes:
    """A file within the folder, as a test names it. Raises `Wrong`, also for one that is outside."""
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise Wrong([Problem(name, 0, 0, "the file is not in the folder of the rules")])
    outcome = _raw(name, path, folder.resolve())
    if isinstance(outcome, Problem):
        raise Wrong([outcome])
    return outcome


def _runbooks(folder: Path) -> dict[str, str]:
    found = {f"runbooks/{path.name}": path for path in sorted((folder / "runbooks").glob("*.md"))}
    texts = _read_all(folder, found, [])
    return {name.removeprefix("runbooks/").removesuffix(".md"): text for name, text in texts.items()}


def _read_all(folder: Path, paths: Mapping[str, Path], problems: list[Problem]) -> dict[str, str]:
    if len(paths) > MAX_FILES:
        message, hint = f"{len(paths)} files, and at most {MAX_FILES} are read", "is it the right folder?"
        raise Wrong([*problems, Problem(str(folder), 0, 0, message, hint)])
    found: dict[str, str] = {}
    room, home = MAX_TOGETHER, folder.resolve()
    for name, path in paths.items():
        outcome = _read_one(name, path, home)
        if isinstance(outcome, Problem):
            problems.append(outcome)
            continue
        room -= len(outcome)
        if room < 0:
            problems.append(Problem(name, 0, 0, "with this file they are together larger than 16 MiB"))
            break
        found[name] = outcome
    if problems:
        raise Wrong(problems)
    return found


def shown(path: Path) -> str:
    """A file's text for the lines a problem shows; "" for what `read` would not read either."""
    try:
        regular = path.is_file() and path.stat().st_size <= MAX_BYTES
        if not regular or _leads_out(path, path.parent.resolve()):
            return ""
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _leads_out(path: Path, home: Path) -> bool:
    """What such a link leads to would be shown and published. Links inside the folder are how Kubernetes mounts it."""
    try:
        return not path.resolve().is_relative_to(home)
    except RuntimeError:  # It leads in a circle; opening it says so.
        return False


def _raw(name: str, path: Path, home: Path) -> bytes | Problem:
    try:
        # A pipe would be waited for, a device read without end.
        if path.exists() and not path.is_file():
            return Problem(name, 1, 1, "cannot be read: it is no regular file")
        if _leads_out(path, home):
            return Problem(name, 1, 1, "cannot be read: it is a link that leads out of the folder", "copy the file")
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        return Problem(name, 1, 1, f"cannot be read: {error.strerror}")
    return raw if len(raw) <= MAX_BYTES else Problem(name, 1, 1, "the file is larger than 4 MiB")


def _read_one(name: str, path: Path, home: Path) -> str | Problem:
    raw = _raw(name, path, home)
    if isinstance(raw, Problem):
        return raw
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode(errors="replace")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        return Problem(name, line, column, f"not UTF-8: byte 0x{raw[error.start]:02x}", "save the file as UTF-8")
    return text.replace("\r\n", "\n")
