"""Somebody who is not root and has no home of ours: does what the Dockerfile does, in an empty folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.source import ROOT

NOBODY = 65534
AS_IN_THE_IMAGE = "import ensurepip, sys; sys.exit(sys.version_info < (3, 11))"


@dataclass(frozen=True)
class Stranger:
    """Runs commands as an unprivileged user who sees nothing of our environment."""

    folder: Path
    python: str

    @property
    def environment(self) -> dict[str, str]:
        """What a fresh login has, and where the machine says packages come from."""
        own = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        return own | {
            "HOME": str(self.folder),
            "PATH": f"{Path(self.python).parent}:/usr/bin:/bin",
            "TMPDIR": str(self.folder),
            "LANG": "C.UTF-8",
        }

    def start(self, *command: str, **variables: str) -> subprocess.Popen[str]:
        """The command, running in the stranger's folder; stdout and stderr together."""
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environment | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            **_identity(),
        )

    def run(self, *command: str, **variables: str) -> tuple[int, str]:
        """Exit code and everything it said."""
        process = self.start(*command, **variables)
        said, _ = process.communicate(timeout=240)
        return process.returncode, said


def _identity() -> dict[str, int | list[int]]:
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


@contextmanager
def a_stranger() -> Iterator[Stranger]:
    """Their folder is empty but for the build context: what .dockerignore lets through, and nothing else."""
    with tempfile.TemporaryDirectory(prefix="stranger-", dir="/tmp") as name:
        folder = Path(name)
        stranger = Stranger(folder, _python(folder))
        _copy_context(folder / "source")
        if os.geteuid() == 0:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, NOBODY, NOBODY)
        yield stranger


def _python(folder: Path) -> str:
    """A Python the stranger may run and make environments with; ours may stand in a home that is closed to them."""
    folder.chmod(0o755)
    for python in (Path(sys.base_prefix) / "bin/python3", Path("/usr/bin/python3")):
        if python.exists() and Stranger(folder, str(python)).run("python3", "-c", AS_IN_THE_IMAGE)[0] == 0:
            return str(python)
    raise AssertionError("no Python 3.11 with venv that another user may run; please run: apt-get install python3-venv")


def _copy_context(target: Path) -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    forgotten = shutil.ignore_patterns("__pycache__", "*.pyc")
    for name in (line[1:] for line in lines if line.startswith("!")):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target / name, ignore=forgotten)
        else:
            shutil.copy(ROOT / name, target / name)
