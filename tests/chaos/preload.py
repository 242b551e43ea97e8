"""A disk that can lose its power or fail, and a clock that can jump: `preload.c`, compiled here, and what steers it."""

from __future__ import annotations

import shutil
import struct
import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path

from tests.chaos.oracle import Verdict

SOURCE = Path(__file__).with_name("preload.c")
_LINE = struct.Struct("4q")
_OVERWRITTEN, _SYNCED = 1, 2


class NoCompiler(Exception):
    """There is none on PATH."""


@lru_cache(maxsize=1)
def library() -> Path:
    """The compiled library, once per process. Raises NoCompiler."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise NoCompiler
    built = Path(tempfile.mkdtemp(prefix="chaos-preload-")) / "preload.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", str(built), str(SOURCE), "-ldl"], check=True)
    return built


def uncompiled() -> Verdict | None:
    """The verdict of a scenario that cannot be tried here; None when it can."""
    try:
        library()
    except NoCompiler:
        return Verdict(skipped="NOT TRIED: it needs a C compiler, and there is no gcc on PATH")
    return None


class Disk:
    """The disk below a folder, as the processes see it that are started with its `env`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._books = Path(tempfile.mkdtemp(prefix="chaos-books-"))
        self._trouble = self._books / "trouble"

    @property
    def env(self) -> dict[str, str]:
        """Of a process that uses this disk. Raises NoCompiler."""
        return {
            "LD_PRELOAD": str(library()),
            "CHAOS_DISK": f"{self.folder}/",
            "CHAOS_BOOKS": str(self._books),
            "CHAOS_TROUBLE": str(self._trouble),
        }

    def fails(self, error: int, calls: str = "wf") -> None:
        """From now on writes (`w`), fsyncs (`f`) or both come back with this errno; or fsyncs hang (`h`)."""
        self._trouble.write_text(f"{error} {calls}")

    def works(self) -> None:
        """Again."""
        self._trouble.unlink()

    def lose_power(self) -> int:
        """Take back what was written and not fsynced; returns how many bytes files lost. Nobody may use them now."""
        lost = 0
        for path in sorted(one for one in self.folder.rglob("*") if one.is_file()):
            book = self._books / str(path).replace("/", "%")
            if path.name.endswith("-shm"):
                path.unlink()  # SQLite's index of its log is memory: it is made anew.
            elif book.exists():
                lost += _take_back(path, book)
        return lost

    def close(self) -> None:
        """Forget the books."""
        shutil.rmtree(self._books, ignore_errors=True)


def _take_back(path: Path, book: Path) -> int:
    """Undo what the book has of a file since its last fsync, the latest first; and begin the book anew."""
    told, place = book.read_bytes(), 0
    written: list[tuple[int, int, bytes]] = []
    size, upto = 0, 0
    while place < len(told):
        what, offset, length, mark = _LINE.unpack_from(told, place)
        if what == _SYNCED:
            size, upto = offset, mark
        else:
            written.append((place, offset, told[place + _LINE.size : place + _LINE.size + length]))
        place += _LINE.size + length
    before = path.stat().st_size
    with path.open("r+b") as file:
        for at, offset, old in reversed(written):
            if at >= upto:
                file.seek(offset)
                file.write(old)
        file.truncate(size)
    book.write_bytes(_LINE.pack(_SYNCED, size, 0, _LINE.size))
    return max(0, before - size) + sum(len(old) for at, _, old in written if at >= upto)


class Clock:
    """The clock of whoever is started with its `env`."""

    def __init__(self) -> None:
        self._file = Path(tempfile.mkdtemp(prefix="chaos-clock-")) / "ahead"
        self.ahead(0.0)

    @property
    def env(self) -> dict[str, str]:
        """Of a process that looks at this clock. Raises NoCompiler."""
        return {"LD_PRELOAD": str(library()), "CHAOS_CLOCK": str(self._file)}

    def ahead(self, seconds: float) -> None:
        """Put it so far ahead of the true time, from one moment to the next."""
        with self._file.open("r+b" if self._file.exists() else "wb") as file:
            file.write(struct.pack("d", seconds))

    def close(self) -> None:
        """Forget it."""
        shutil.rmtree(self._file.parent, ignore_errors=True)
