"""S9, S22: folders of rules made to hurt whoever checks them, each in a process of its own with a watch on it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from rules.reading.load import Problem, Wrong, load
from tests.hostile.report import Row, Run, Scenario
from tests.rules.clean import CLEAN, KINDS, NOW, WAYS

SECONDS, MEBIBYTES = 60, 400
"""What one folder may take: processor time and memory."""

Make = Callable[[Path], None]
"""Writes one hostile folder."""
CANARY = "canary-of-a-secret"


def _text(text: str | bytes) -> Make:
    raw = text if isinstance(text, bytes) else text.encode()
    return lambda folder: _write(folder / "rules.yaml", raw)


def _write(path: Path, raw: bytes) -> None:
    path.write_bytes(raw)


def _with(old: str, new: str) -> Make:
    assert old in CLEAN
    return _text(CLEAN.replace(old, new, 1))


def _judging(*whens: str) -> Make:
    rules = (f"  - {{name: z{number}, when: {when}, then: {{severity: P1}}}}\n" for number, when in enumerate(whens))
    return _with("rules:\n", "rules:\n" + "".join(rules))


def _bomb() -> str:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [
        f"{one}: &{one} [{', '.join([f'*{before}'] * 9)}]" for before, one in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    return "\n".join(lines)


def _many(folder: Path) -> None:
    for number in range(10_000):
        (folder / f"{number}.yaml").touch()


def _large(folder: Path) -> None:
    with (folder / "rules.yaml").open("wb") as file:
        file.truncate(50 * 1024 * 1024)


def _linked(target: str) -> Make:
    return lambda folder: (folder / "rules.yaml").symlink_to(target)


def _secret_beside(folder: Path) -> None:
    (folder.parent / "secret").write_text(f"{CANARY}: [")
    (folder / "rules.yaml").symlink_to("../secret")


DEEP = "{not: " * 40 + "{any: [{source: sentry}, {not: {any: [{labels: {a: b}}, {labels: {c: d}}]}}]}" + "}" * 40
ROW = "  - {{severity: P2, responder: lead, after: {}m, escalate_to: lead}}\n"
SWAP = "{start: 2026-12-01, end: 2099-12-02, person: null},"
YAML: dict[str, Make] = {
    "a bomb of aliases": _text(_bomb()),
    "merge keys in a loop": _text("a: &a\n  <<: *a\n"),
    "100,000 brackets": _text("a: " + "[" * 100_000),
    "100,000 braces": _text("a: " + "{a: " * 100_000),
    "100,000 dashes": _text("- " * 100_000),
    "100,000 question marks": _text("? " * 100_000),
    "code in a tag": _text("a: !!python/object/apply:os.system ['touch /tmp/owned']"),
    "a NUL": _text(CLEAN.encode() + b"x: \x00"),
    "a byte order mark": _text(b"\xef\xbb\xbf" + CLEAN.encode()),
    "UTF-16": _text(CLEAN.encode("utf-16")),
    "Latin-1": _text(CLEAN.replace("Outage", "Störung").encode("latin-1")),
    "carriage returns": _text(CLEAN.replace("\n", "\r")),
    "tabs": _text(CLEAN.replace("  ", "\t")),
    "a million scalars": _text("a: [" + "b," * 1_000_000 + "]"),
    "a key half a million times": _text("a: 1\n" * 500_000),
    "one line of 4 MB": _text("a: " + "x" * 4_000_000 + ": y"),
    "a file of 50 MB": _large,
    "10,000 files": _many,
    "100,000 unknown keys": _text(CLEAN + "".join(f"k{number}: 1\n" for number in range(100_000))),
    "20,000 names that lead nowhere": _with(
        "teams:\n", "teams:\n" + "".join(f"  t{number}: {{people: [an{number}]}}\n" for number in range(20_000))
    ),
    "200,000 branches of any": _judging(f"{{any: [{'{source: shop},' * 200_000}]}}"),
    "conditions nested to think for ever": _judging(*[DEEP] * 200),
    "10,000 rules that overlap": _judging(*(f"{{any: [{{summary: x{n}}}, {{source: shop}}]}}" for n in range(10_000))),
    "30,000 rows of the matrix": _with("escalation:\n", "escalation:\n" + "".join(map(ROW.format, range(1, 30_001)))),
    "60,000 overrides": _with("people: [ana]}\nsou", f"people: [ana], overrides: [{SWAP * 60_000}]}}\nsou"),
    "patterns that are too large": _judging(*(f"{{summary: '(\\pL{{100}}){{10}}{n}'}}" for n in range(2_000))),
    "100,000 comments that ignore nothing": _text(CLEAN + "# tocsin: ignore[unused]\n" * 100_000),
}  # fmt: skip
FOLDERS: dict[str, Make] = {
    "a link to a secret beside it": _secret_beside,
    "a link to /etc/passwd": _linked("/etc/passwd"),
    "a link to an endless device": _linked("/dev/zero"),
    "a link to memory": _linked("/proc/self/mem"),
    "a link in a circle": _linked("rules.yaml"),
    "a pipe": lambda folder: os.mkfifo(folder / "rules.yaml"),
    "a folder called like a file": lambda folder: (folder / "rules.yaml").mkdir(),
    "a literal secret": _with('"${env:SENTRY_SECRET}"', CANARY),
    "a literal secret where the YAML breaks": _with('"${env:SENTRY_SECRET}"', f"{CANARY}: x"),
    "a reference in a text": _with("means: Outage", "means: '${env:HOME}'"),
    "a reference out of its folder": _with('"${env:PINGS}"', '"${file:/etc/passwd${env:HOME}}"'),
    "a runbook's name that climbs": _with("then: {severity: P2}", "then: {severity: P2, runbook: ../../etc/passwd}"),
    "a name with commands for a terminal": _with("name: third", 'name: "\\e]0;owned\\a\\e[2Jthird"'),
}


def yaml_texts(run: Run) -> Row:
    """Texts that end other readers of YAML, at the command line; and generated ones, in this process."""
    tried = _tried(YAML)
    number = max(300, run.cases // 50)
    wrong = tried.wrong + tuple(_generated(run, number))
    return Row("S9 rules made to hurt whoever reads them", tried.cases + number, tried.worst, wrong)


def folders(run: Run) -> Row:
    """Files that are none, links that lead out, secrets and references where they must not be."""
    tried = _tried(FOLDERS)
    return Row("S22 folders that lead somewhere else", tried.cases, tried.worst, tried.wrong)


def _tried(cases: dict[str, Make]) -> Row:
    wrong: list[str] = []
    seconds = mebibytes = 0.0
    for name, make in cases.items():
        with tempfile.TemporaryDirectory(prefix="hostile-") as home:
            folder = Path(home) / "config"
            folder.mkdir()
            make(folder)
            took, held, found = _checked(folder)
        seconds, mebibytes = max(seconds, took), max(mebibytes, held)
        wrong += [f"{name}: {each}" for each in found]
    return Row("", len(cases), f"{seconds:.1f} s, {mebibytes:.0f} MiB", tuple(wrong))


def _checked(folder: Path) -> tuple[float, float, list[str]]:
    """Processor seconds, MiB, and what was not as it should be."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "router.cli", "check", str(folder)], stdout=said, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read().decode()
    took, held = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
    wrong = []
    if process.returncode not in (0, 1):
        wrong.append(f"ended with {process.returncode}")
    if took > SECONDS or held > MEBIBYTES:
        wrong.append(f"took {took:.0f} s and {held:.0f} MiB")
    if "Traceback" in text or "\x1b" in text or CANARY in text or "root:" in text:
        wrong.append(f"said {text[:300]!r}")
    return took, held, wrong


_PIECES = st.sampled_from(
    [
        "- ",
        ": ",
        "? ",
        "{",
        "}",
        "[",
        "]",
        "&a ",
        "*a",
        "!x ",
        "|\n",
        ">-\n",
        "'",
        '"',
        "#",
        "\t",
        "\n",
        "  ",
        "---\n",
        "%",
    ]
)


def _generated(run: Run, number: int) -> list[str]:
    """Clean rules with pieces of YAML strewn into them: `Wrong` with places, or rules; nothing else."""

    @given(st.lists(st.tuples(st.integers(0, len(CLEAN)), st.one_of(_PIECES, st.text(max_size=4))), max_size=6))
    def one(strewn: list[tuple[int, str]]) -> None:
        text = CLEAN
        for place, piece in strewn:
            text = text[:place] + piece + text[place:]
        problems: Sequence[Problem]
        try:
            problems = load({"rules.yaml": text}, source_kinds=KINDS, channel_ways=WAYS, now=NOW).doubts
        except Wrong as wrong:
            problems = wrong.problems
        assert all(problem.line >= 1 and problem.message for problem in problems)
        assert all(len(problem.show(text)) < 2_000 for problem in problems)

    how = settings(
        max_examples=number, database=None, deadline=None, phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    try:
        seed(run.seed)(how(one))()
    except Exception as found:  # noqa: BLE001 what is looked for
        return [f"seed {run.seed}: {type(found).__name__}: {str(found)[:300]}"]
    return []


SCENARIOS: dict[str, Scenario] = {"S9": yaml_texts, "S22": folders}
