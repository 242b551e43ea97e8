"""The config folder on disk: what is read, what is left alone, and what is said when it cannot be read."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import pytest

from rules.reading.load import Wrong
from workers.rulebook.configuration import packaged, read, shown


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


@pytest.mark.parametrize("name", ["rules.yaml", "runbooks/site-down.md"])
@pytest.mark.parametrize("target", ["outside.yaml", "/etc/hostname", "/nowhere/at/all"])
def test_a_link_that_climbs_out_of_the_folder_is_not_followed(folder: Path, name: str, target: str) -> None:
    """What it leads to would stand in messages, in Redis and behind runbook links; it is not even read."""
    (folder.parent / "outside.yaml").write_text("hunter2: [")
    (folder / name).unlink()
    (folder / name).symlink_to(folder.parent / target)
    assert problems(folder) == [
        f"{name}:1:1: cannot be read: it is a link that leads out of the folder (copy the file)"
    ]
    assert shown(folder / name) == ""


def test_a_folder_of_runbooks_elsewhere_is_not_followed(folder: Path) -> None:
    """A linked folder leads out as a linked file does."""
    shutil.move(folder / "runbooks", folder.parent / "elsewhere")
    (folder / "runbooks").symlink_to(folder.parent / "elsewhere")
    assert all("leads out of the folder" in problem for problem in problems(folder))


def test_links_inside_the_folder_are_followed(folder: Path) -> None:
    """As Kubernetes mounts a ConfigMap: every file is a link to `..data`, which is a link itself."""
    before = read(folder).version
    (folder / "..2026").mkdir()
    (folder / "..data").symlink_to("..2026")
    for path in folder.glob("*.yaml"):
        path.rename(folder / "..2026" / path.name)
        path.symlink_to(Path("..data") / path.name)
    assert read(folder).version == before
    (folder.parent / "linked").symlink_to(folder)
    assert read(folder.parent / "linked").version == before


def test_a_link_that_leads_in_a_circle_is_said(folder: Path) -> None:
    """In a line, and not in a traceback."""
    (folder / "x.yaml").symlink_to(folder / "x.yaml")
    (only,) = problems(folder)
    assert only.startswith("x.yaml:1:1: cannot be read: ")


def test_sockets_pipes_and_folders_are_not_read(folder: Path) -> None:
    """None of them is waited for."""
    os.mkfifo(folder / "a.yaml")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "b.yaml"))
        (folder / "c.yaml").mkdir()
        assert problems(folder) == [f"{name}.yaml:1:1: cannot be read: it is no regular file" for name in "abc"]


def test_a_folder_with_ten_thousand_files_is_not_read(folder: Path) -> None:
    """It was hardly meant: said at once, and none of them is opened. What is no YAML does not count."""
    for number in range(1_200):
        (folder / f"{number}.txt").write_text("x")
    read(folder)
    for number in range(10_000):
        (folder / f"{number}.yaml").touch()
    there = sum(not path.name.endswith(".test.yaml") for path in folder.glob("*.yaml"))
    assert problems(folder) == [f"{folder}: {there} files, and at most 1000 are read (is it the right folder?)"]


def test_files_that_are_too_large_together_are_not_read(folder: Path) -> None:
    """Each small enough, and all of them more than a process should hold."""
    for number in range(5):
        (folder / f"z{number}.yaml").write_bytes(b"#" * (4 * 1024 * 1024))
    assert problems(folder) == ["z3.yaml: with this file they are together larger than 16 MiB"]


def test_a_file_of_fifty_megabytes_is_told_and_not_read_whole(folder: Path) -> None:
    """A dump that fell into the folder: one line, in the memory of four."""
    with (folder / "dump.yaml").open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    assert problems(folder) == ["dump.yaml:1:1: the file is larger than 4 MiB"]
