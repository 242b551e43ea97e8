"""The config folder on disk: what is read, what is left alone, and what is said when it cannot be read."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from rules.load import Wrong
from workers.configuration import packaged, read


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the example, as `tocsin init` makes it."""
    return Path(shutil.copytree(packaged(), tmp_path / "config"))


def problems(folder: Path) -> list[str]:
    """What is said about a folder."""
    with pytest.raises(Wrong) as wrong:
        read(folder)
    return [str(problem) for problem in wrong.value.problems]


def test_a_copy_of_the_example_reads_like_the_example(folder: Path) -> None:
    """The same texts are the same version, wherever they stand; runbooks come by name."""
    assert read(folder).version == read(packaged()).version
    assert read(folder).runbooks["site-down"].startswith("# The site is down")


def test_test_cases_and_other_files_are_left_alone(folder: Path) -> None:
    """Cases to try, notes and backups beside the rules are not rules."""
    before = read(folder).version
    (folder / "rules.test.yaml").write_text("- [")
    (folder / "NOTES.txt").write_text("rules: no")
    assert read(folder).version == before


def test_a_missing_or_empty_folder_is_said(tmp_path: Path) -> None:
    """With what would make one."""
    assert problems(tmp_path / "none") == [f"{tmp_path}/none: there is no such folder (tocsin init makes one)"]
    assert problems(tmp_path) == [f"{tmp_path}: the folder has no *.yaml file (tocsin init writes an example)"]


@pytest.mark.parametrize(
    ("name", "raw", "message"),
    [
        ("x.yaml", b"a: 1\nb: caf\xe9", "x.yaml:2:7: not UTF-8: byte 0xe9 (save the file as UTF-8)"),
        (
            "x.yaml",
            b"\xef\xbb\xbfa: 1",
            "x.yaml:1:1: the file begins with a byte order mark (save it as UTF-8 without one)",
        ),
        ("x.yaml", b"a: \x00", "x.yaml:1:4: a character that no text has: U+0000 (remove it)"),
        ("x.yaml", b"#" * (4 * 1024 * 1024 + 1), "x.yaml:1:1: the file is larger than 4 MiB"),
        ("x.yml", b"", "x.yml: files named .yml are not read (name it .yaml)"),
        ("runbooks/x.md", b"\xff", "runbooks/x.md:1:1: not UTF-8: byte 0xff (save the file as UTF-8)"),
    ],
)
def test_a_file_that_is_no_text_is_said(folder: Path, name: str, raw: bytes, message: str) -> None:
    """Each with its file and place."""
    (folder / name).write_bytes(raw)
    assert problems(folder) == [message]


def test_windows_line_ends_are_line_ends(folder: Path) -> None:
    """A file saved on Windows reads the same, and places are the same."""
    rules = folder / "rules.yaml"
    before = read(folder).version
    rules.write_bytes(rules.read_bytes().replace(b"\n", b"\r\n"))
    assert read(folder).version == before
