"""Tocsin installed: the Dockerfile's steps without Docker, without root, in an empty folder, far from the checkout."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.packaging.stranger import Stranger, a_stranger
from tests.processes.tocsin import wait_for
from tests.source import FLOORS, ROOT
from workers.channels.contract import Undelivered
from workers.outward import call

pytestmark = pytest.mark.processes

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def installed() -> Iterator[Stranger]:
    """A stranger for whom the RUN step of the Dockerfile's first stage has been carried out."""
    with a_stranger() as stranger:
        step = re.search(r"^RUN sh /source/(\S+) /source /opt/tocsin$", DOCKERFILE, re.MULTILINE)
        assert step is not None
        source, target = stranger.folder / "source", stranger.folder / "opt"
        code, said = stranger.run("sh", str(source / step[1]), str(source), str(target))
        assert code == 0, said
        yield stranger


def tocsin(stranger: Stranger, *words: str, **variables: str) -> tuple[int, str]:
    """The installed command, as the image's PATH finds it."""
    return stranger.run(str(stranger.folder / "opt/bin/tocsin"), *words, **variables)


@contextmanager
def up(stranger: Stranger) -> Iterator[dict[str, str]]:
    """`tocsin up --demo` in the stranger's folder; gives the variables that lead the other commands to it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    running = stranger.start(str(stranger.folder / "opt/bin/tocsin"), "up", "--demo", "--bare", PORT=port)
    where = {"TOCSIN_URL": f"http://127.0.0.1:{port}"}
    try:
        ready = wait_for(lambda: answers(f"{where['TOCSIN_URL']}/readyz/paging"), 30)
        assert ready, running.communicate(timeout=1)
        yield where
    finally:
        running.send_signal(signal.SIGINT)
        said, _ = running.communicate(timeout=30)
    assert running.returncode == 0, said


def answers(url: str) -> bool:
    """Does it answer 200?"""
    try:
        return call("GET", url, timeout=1).status == 200
    except Undelivered:
        return False


def incidents(stranger: Stranger, where: dict[str, str]) -> list[object]:
    """What `tocsin incidents list` answers a program."""
    code, said = tocsin(stranger, "incidents", "list", "-o", "json", **where)
    assert code == 0, said
    found: list[object] = json.loads(said)["incidents"]
    return found


def processes_of(folder: Path) -> list[str]:
    """The command lines of what runs out of this folder."""
    found = []
    for one in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = one.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in line and str(os.getpid()) != one.parent.name:
            found.append(line)
    return found


def test_the_image_has_its_three_commands(installed: Stranger) -> None:
    """`serve`, `work` and `up` answer, and the packaged rules can be used and tried from any folder."""
    for command in ("serve", "work", "up"):
        assert tocsin(installed, command, "--help")[0] == 0
    assert tocsin(installed, "check")[0] == 0
    assert tocsin(installed, "test")[0] == 0


def test_serve_and_work_say_what_the_environment_lacks(installed: Stranger) -> None:
    """Started as compose would but with an empty .env, they stop with every missing variable at once."""
    for command in ("serve", "work"):
        code, said = tocsin(installed, command)
        assert code == 2
        assert all(name in said for name in ("REDIS_URL", "TOCSIN_API_TOKEN", "TOCSIN_SECRET"))
        assert "Traceback" not in said


def test_a_missing_secret_stops_the_start(installed: Stranger) -> None:
    """Outside the demonstration no process starts with a secret that would be missed at 3 am: each one is named."""
    wanted = {"REDIS_URL": "redis://127.0.0.1:1", "TOCSIN_API_TOKEN": "t" * 32, "TOCSIN_SECRET": "s" * 32}
    for command, needs in (
        ("serve", ["SENTRY_SECRET", "SLACK_WEBHOOK_URL"]),
        ("work", ["SLACK_WEBHOOK_URL", "PD_ANA", "PD_MARIA"]),
    ):
        code, said = tocsin(installed, command, **wanted)
        assert code == 2
        assert all(f"the environment variable {name} is not set" in said for name in needs)
    code, said = tocsin(installed, "up")
    assert code == 2
    assert all(name in said for name in ("SENTRY_SECRET", "SLACK_WEBHOOK_URL", "PD_ANA"))


def test_a_newcomer_sends_a_sample_and_is_told(installed: Stranger) -> None:
    """`up --demo`, `send`, and the incident is there, told in the outbox; Ctrl-C leaves no process behind."""
    with up(installed) as where:
        code, said = tocsin(installed, "send", "shop-sentry", **where)
        assert code == 0, said
        assert wait_for(lambda: incidents(installed, where), 10)
        outbox = f"{where['TOCSIN_URL']}/demo/outbox.json"
        assert wait_for(lambda: json.loads(call("GET", outbox).body), 10)
        port = where["TOCSIN_URL"].rpartition(":")[2]
        for variables, code, words in (
            ({"PORT": port}, 2, f"port {port} of 127.0.0.1 cannot be had"),
            ({"PORT": "0"}, 1, "another Tocsin uses"),
        ):
            ended, said = tocsin(installed, "up", "--demo", **variables)
            assert (ended, words in said) == (code, True), said
        check = re.search(r'CMD \["python", "-c", "([^"]+)"\]', DOCKERFILE)
        assert check is not None
        assert installed.run(str(installed.folder / "opt/bin/python"), "-c", check[1], PORT=port)[0] == 0
    assert not processes_of(installed.folder)


def test_the_wheel_carries_what_the_three_packages_hold(installed: Stranger) -> None:
    """Code, YAML, Markdown, samples, templates and CSS: all of it is installed, and nothing else of the checkout."""
    site = next((installed.folder / "opt/lib").glob("python3*/site-packages"))

    def files(root: Path) -> set[str]:
        found = (path for floor in FLOORS for path in (root / floor).rglob("*") if path.is_file())
        return {path.relative_to(root).as_posix() for path in found if "__pycache__" not in path.parts}

    assert files(site) == files(ROOT)
    assert not (site / "tests").exists()
    assert not (site / "bench").exists()
