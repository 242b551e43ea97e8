"""`tocsin doctor`: what stands between an installation and its promises."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from redis import Redis

from router.cli import main
from tests.cli.test_cli_rules import RULES
from tests.serving import serving

PUBLIC = "https://192.0.46.8/hook"
"""An address that may be called, and needs no name server; nobody calls it."""
READY = {"/readyz": (200, {"status": "ok", "degraded": []}), "/readyz/paging": (200, {"status": "ok"})}


@pytest.fixture
def health(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, tuple[int, object]]]:
    """What a running Tocsin says of itself; a test may change it."""
    said: dict[str, tuple[int, object]] = dict(READY)

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = said.get(self.path, (404, {}))
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    monkeypatch.setenv("TOCSIN_URL", f"http://127.0.0.1:{server.server_port}")
    with serving(server):
        yield said


@pytest.fixture
def installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, valkey: str, redis: Redis, health: object
) -> Iterator[Path]:
    """Everything as it should be; the folder of rules is given."""
    (tmp_path / "rules.yaml").write_text(RULES, encoding="utf-8")
    given = {
        "REDIS_URL": valkey,
        "TOCSIN_API_TOKEN": "t" * 32,
        "TOCSIN_SECRET": "s" * 32,
        "PUBLIC_URL": "https://tocsin.example.com",
        "TOCSIN_DATA": str(tmp_path / "data"),
        "TOCSIN_TEST_UNSET": PUBLIC,
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    yield tmp_path
    redis.config_set("appendfsync", "always")


def doctor(folder: Path, *more: str) -> Result:
    """`tocsin doctor`, as typed."""
    return CliRunner().invoke(main, ["doctor", "--config", str(folder), *more])


def test_a_sound_installation_has_nothing_to_complain_of(installation: Path) -> None:
    """Exit code 0, and every line is ok."""
    said = doctor(installation, "-o", "json")
    assert said.exit_code == 0, said.output
    assert {one["verdict"] for one in json.loads(said.output)["findings"]} == {"ok"}


def test_a_redis_that_forgets_is_a_failure(installation: Path, redis: Redis) -> None:
    """It names the setting, what it is, and the command that changes it."""
    redis.config_set("appendfsync", "everysec")
    said = doctor(installation)
    assert said.exit_code == 1
    assert "appendfsync everysec" in said.output
    assert "CONFIG SET appendfsync always" in said.output


def test_open_doors_are_warned_of(installation: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A source anybody may speak for and private networks that may be reached are pointed out; neither is a failure."""
    rules = RULES.replace('token: "${env:TOCSIN_TEST_UNSET}"', "unsigned: true")
    (installation / "rules.yaml").write_text(rules, encoding="utf-8")
    monkeypatch.setenv("TOCSIN_ALLOW_NET", "10.0.0.0/8")
    said = doctor(installation)
    assert said.exit_code == 0, said.output
    assert "source shop is unsigned: anybody may speak for it" in said.output
    assert "private networks: 10.0.0.0/8" in said.output


def test_a_secret_that_is_not_there_is_a_failure(installation: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`serve` and `work` would refuse to start: doctor says so first, and by name."""
    monkeypatch.delenv("TOCSIN_TEST_UNSET")
    said = doctor(installation)
    assert said.exit_code == 1
    assert "TOCSIN_TEST_UNSET is not set" in said.output


def test_a_tocsin_without_workers_is_a_failure(installation: Path, health: dict[str, tuple[int, object]]) -> None:
    """Redis and receiver are well, and nobody would be told: that is found, with what to start."""
    health["/readyz/paging"] = (503, {"status": "unavailable"})
    said = doctor(installation)
    assert said.exit_code == 1
    assert "/readyz/paging answers 503" in said.output
    assert "tocsin work" in said.output


def test_one_broken_part_does_not_hide_the_others(installation: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrong rules, a Redis that is away, nobody listening: all three are said, without a traceback or a password."""
    (installation / "rules.yaml").write_text("rules: [", encoding="utf-8")
    monkeypatch.setenv("REDIS_URL", "redis://:hunter2@127.0.0.1:1/0")
    monkeypatch.setenv("TOCSIN_URL", "http://127.0.0.1:9")
    said = doctor(installation)
    assert said.exit_code == 1
    assert said.output.count("fail ") == 3
    assert "hunter2" not in said.output
    assert "Traceback" not in said.output


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://10.1.2.3/hook", "10.1.2.3 leads to an address that is not public"),
        ("https://nowhere.invalid/hook", "the name nowhere.invalid does not resolve"),
        ("a-secret-that-is-no-address", "only http and https addresses are called"),
    ],
)
def test_a_channel_that_leads_nowhere_is_a_failure(
    installation: Path, monkeypatch: pytest.MonkeyPatch, url: str, words: str
) -> None:
    """Each channel has a line of its own, which never holds the address: that is a secret."""
    monkeypatch.setenv("TOCSIN_TEST_UNSET", url)
    said = doctor(installation)
    assert said.exit_code == 1
    assert f"fail channel slack reaches nobody: {words}" in said.output
    assert url not in said.output


def test_networks_of_ones_own_are_good_addresses(installation: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An internal relay is what TOCSIN_ALLOW_NET is for; a mail host is looked at as an address is."""
    mail = "channels: {mail: {type: mail, host: 127.0.0.1, tls: none, sender: t@example.com}, slack: "
    (installation / "rules.yaml").write_text(RULES.replace("channels: {slack: ", mail, 1), encoding="utf-8")
    assert "fail channel mail reaches nobody: 127.0.0.1 leads to" in doctor(installation).output
    monkeypatch.setenv("TOCSIN_ALLOW_NET", "127.0.0.0/8")
    said = doctor(installation)
    assert "ok   channel mail leads to an address that may be called" in said.output
    assert said.exit_code == 0, said.output


def test_a_demonstration_has_channels_of_its_own(
    installation: Path, health: dict[str, tuple[int, object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever tries Tocsin out is not told that nobody can be reached."""
    health["/demo/outbox.json"] = (200, [])
    monkeypatch.setenv("TOCSIN_TEST_UNSET", "made-up")
    assert doctor(installation).exit_code == 0


@pytest.mark.parametrize("name", ["TOCSIN_API_TOKEN", "TOCSIN_SECRET"])
def test_a_secret_that_can_be_guessed_is_a_failure(
    installation: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Whichever of several it is; doctor says so before `serve` and `work` refuse to start, and does not repeat it."""
    monkeypatch.setenv(name, f"{'x' * 32},hunter2")
    words = f"{name}: one of its values is shorter than 16 characters"
    said = doctor(installation)
    assert said.exit_code == 1
    assert f"fail {words}" in said.output
    for command in ("serve", "work"):
        refused = CliRunner().invoke(main, [command, "--config", str(installation)])
        assert refused.exit_code == 2
        assert words in refused.output
        assert "hunter2" not in refused.output + said.output
