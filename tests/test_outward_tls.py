"""TLS and logins, with real handshakes: certificates are checked, passwords travel only under them."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword

from tests.serving import serving
from workers.channels.contract import HttpRequest, MailRequest, Undelivered
from workers.outward import Outward

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """An authority of the operator's own, made known as the README says: by SSL_CERT_FILE."""
    made = trustme.CA()
    made.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    return made


def server_tls(authority: trustme.CA, name: str = "localhost") -> ssl.SSLContext:
    """A server's side, with a certificate for that name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


class Taken(BaseHTTPRequestHandler):
    """Answers 202 to everything."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(202)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def https(authority: trustme.CA) -> Iterator[ThreadingHTTPServer]:
    """An HTTPS server whose certificate is for localhost."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Taken)
    server.socket = server_tls(authority).wrap_socket(server.socket, server_side=True)
    with serving(server):
        yield server


def posted(server: ThreadingHTTPServer, host: str = "localhost") -> int:
    """The status of a small POST."""
    url = f"https://{host}:{server.server_address[1]}/in"
    return Outward(LOOPBACK, timeout=3).perform(HttpRequest(url=url, body=b"{}")).status


def test_https_is_spoken_with_the_name_of_the_receiver(https: ThreadingHTTPServer) -> None:
    """The checked address is connected to, and the certificate must still be for the name that was configured."""
    assert posted(https) == 202
    with pytest.raises(Undelivered, match="certificate that does not hold"):
        posted(https, "127.0.0.1")


def test_a_certificate_nobody_vouches_for_is_refused(
    https: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the operator's authority the very same server is not believed; that may pass, so it is tried again."""
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(Undelivered, match="certificate that does not hold") as refused:
        posted(https)
    assert not refused.value.permanent


class Box:
    """A mail server's memory: who logged in, under what, and what arrived."""

    def __init__(self) -> None:
        self.arrived: list[Envelope] = []
        self.logins: list[tuple[str, str]] = []

    async def handle_DATA(self, _server: SMTP, _session: object, envelope: Envelope) -> str:  # noqa: N802
        """Take the mail."""
        self.arrived.append(envelope)
        return "250 OK"

    def login(self, _server: SMTP, _session: object, _envelope: Envelope, _how: str, data: Any) -> AuthResult:
        """One name and password are right."""
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=data.password == b"right", handled=False)


def mail(port: int, **more: Any) -> MailRequest:
    """A small mail for a server on localhost."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "t@example.com", "ana@example.com", "[P1] Down"
    message.set_content("Down")
    return MailRequest(host="localhost", port=port, message=message, **more)


@pytest.fixture
def starttls(authority: trustme.CA) -> Iterator[tuple[Box, int]]:
    """A mail server as on port 587: STARTTLS, then a login."""
    box = Box()
    controller = Controller(
        box,
        hostname="127.0.0.1",
        port=free_port(),
        tls_context=server_tls(authority),
        require_starttls=True,
        auth_required=True,
        authenticator=box.login,
    )
    yield from _running(box, controller)


@pytest.fixture
def smtps(authority: trustme.CA) -> Iterator[tuple[Box, int]]:
    """A mail server as on port 465: TLS from the first byte."""
    box = Box()
    yield from _running(box, Controller(box, hostname="127.0.0.1", port=free_port(), ssl_context=server_tls(authority)))


def _running(box: Box, controller: Controller) -> Iterator[tuple[Box, int]]:
    controller.start()
    yield box, controller.port
    controller.stop()


def free_port() -> int:
    """A port nobody listens on: aiosmtpd looks for itself at the one it was given."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_mail_is_handed_over_after_starttls_and_login(starttls: tuple[Box, int]) -> None:
    """Name and password go under TLS, and the mail arrives whole."""
    box, port = starttls
    reply = Outward(LOOPBACK, timeout=5).perform(mail(port, username="tocsin", password="right"))
    assert reply.status == 250
    assert box.logins == [("tocsin", "right")]
    (envelope,) = box.arrived
    assert envelope.rcpt_tos == ["ana@example.com"]
    assert b"Subject: [P1] Down" in (envelope.content or b"")


def test_a_wrong_password_is_said_without_it(starttls: tuple[Box, int]) -> None:
    """535: for good, since trying again would not help; the password stands in no message."""
    box, port = starttls
    reply = Outward(LOOPBACK, timeout=5).perform(mail(port, username="tocsin", password="hunter2"))
    assert reply.status == 535
    assert b"hunter2" not in reply.body
    assert box.arrived == []


def test_a_mail_server_that_speaks_tls_from_the_start(smtps: tuple[Box, int]) -> None:
    """Port 465: the certificate is checked before a word is said."""
    box, port = smtps
    assert Outward(LOOPBACK, timeout=5).perform(mail(port, tls="tls")).status == 250
    assert len(box.arrived) == 1


def test_a_mail_server_with_a_foreign_certificate_gets_no_password(
    starttls: tuple[Box, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody in between offers TLS with a certificate of their own: nothing is said to them."""
    box, port = starttls
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(Undelivered, match="certificate that does not hold"):
        Outward(LOOPBACK, timeout=5).perform(mail(port, username="tocsin", password="right"))
    assert (box.logins, box.arrived) == ([], [])
