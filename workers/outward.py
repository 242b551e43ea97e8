"""Everything Tocsin sends leaves here: HTTP and mail, to checked addresses, within a deadline that nothing can stretch.

A receiver's address may be a secret (a Slack webhook's is): no message of this module holds more than
`https://host:port`.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpcore
import httpx
import orjson

from workers.addresses import Address, Network, checked, resolve
from workers.channels.contract import HttpRequest, MailRequest, Reply, Undelivered
from workers.deadline import Deadline

DEADLINE = 8.0
"""Seconds for one whole attempt, from resolving the name to the last byte: below the lease of its entry (12 s)."""
KEPT = 2048
"""Bytes kept of a receiver's answer."""
_HEADERS = frozenset({"retry-after", "date", "content-type"})
_T = TypeVar("_T")
_HOST = re.compile(r"[A-Za-z0-9._:-]{1,253}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """Where a URL leads, taken apart once, so that what is checked and what is connected to cannot differ."""

    scheme: str
    host: str
    port: int
    path: str = field(repr=False)

    @property
    def shown(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = self.port == (443 if self.scheme == "https" else 80)
        return f"{self.scheme}://{host}" if usual else f"{self.scheme}://{host}:{self.port}"


def _target(url: str) -> _Target:
    """Raises `Undelivered` for good; the message never holds the URL."""
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").rstrip(".").encode("ascii" if ":" in (parts.hostname or "") else "idna").decode()
    except ValueError:
        raise Undelivered("the address is not a URL", permanent=True) from None
    if parts.scheme not in {"http", "https"}:
        raise Undelivered("only http and https addresses are called", permanent=True)
    if "@" in parts.netloc:
        raise Undelivered("an address with a name or password in it is not called", permanent=True)
    if not _HOST.fullmatch(host) or "\\" in url or any(char <= " " or char == "\x7f" for char in url):
        raise Undelivered("the address is not a URL", permanent=True)
    try:
        path = httpx.URL(url).raw_path.decode("ascii")
    except httpx.InvalidURL:
        raise Undelivered("the address is not a URL", permanent=True) from None
    return _Target(scheme=parts.scheme, host=host, port=port or (443 if parts.scheme == "https" else 80), path=path)


def _first(addresses: Sequence[Address], connect: Callable[[str], _T]) -> _T:
    """The first connection that succeeds; raises what the last address raised."""
    for address in addresses[:-1]:
        with suppress(OSError, httpcore.ConnectError, httpcore.ConnectTimeout):
            return connect(str(address))
    return connect(str(addresses[-1]))


def _connected(port: int, addresses: Sequence[Address], deadline: Deadline) -> socket.socket:
    """A line to one of these addresses, cut at the deadline."""
    line = _first(addresses, lambda address: socket.create_connection((address, port), timeout=deadline.left))
    deadline.watch(line)
    return line


class _Pinned(httpcore.SyncBackend):
    """Connects to the checked addresses, whatever name it is given; TLS and `Host` keep the name."""

    def __init__(self, addresses: Sequence[Address], deadline: Deadline) -> None:
        self._addresses = addresses
        self._deadline = deadline

    def connect_tcp(self, host: str, port: int, *_: Any, **__: Any) -> httpcore.NetworkStream:  # noqa: ARG002
        stream = _first(self._addresses, lambda address: self._one(address, port))
        self._deadline.watch(stream.get_extra_info("socket"))
        return stream

    def _one(self, address: str, port: int) -> httpcore.NetworkStream:
        return super().connect_tcp(address, port, timeout=self._deadline.left)


class _Mailer(smtplib.SMTP):
    """An SMTP conversation on a line that is already there: `connect` of the original would resolve the name again."""

    def __init__(self, line: socket.socket, host: str, seconds: float) -> None:
        super().__init__(local_hostname=socket.gethostname(), timeout=seconds)
        self.sock = line
        self._host = host
        code, words = self.getreply()
        if code != 220:
            raise smtplib.SMTPConnectError(code, words)


class Outward:
    """The one way out. Thread-safe: every request has its own connection."""

    def __init__(self, allow_net: Sequence[Network] = (), timeout: float = DEADLINE) -> None:
        self._allowed = tuple(allow_net)
        self._seconds = timeout
        # SSL_CERT_FILE of the environment counts, for operators with an authority of their own; proxies do not.
        self._tls = httpx.create_ssl_context()

    def perform(self, request: HttpRequest | MailRequest, kept: int = KEPT) -> Reply:
        """What the receiver answered, whatever the status but a redirect; of its body the first `kept` bytes, or as
        many as the request wants.

        Raises `Undelivered`: for good when the address is refused, passing for names, timeouts, resets and TLS.
        """
        if isinstance(request, MailRequest):
            return self._mail(request)
        reply = self.probe(request, self._seconds, request.kept or kept)
        if 300 <= reply.status < 400:
            why = f"{_target(request.url).shown} answered {reply.status}, a redirect; those are never followed"
            raise Undelivered(why, permanent=True)
        return reply

    def probe(self, request: HttpRequest, within: float, kept: int) -> Reply:
        """The same in so many seconds, and a redirect is an answer like any other: who asks wants to know."""
        target = _target(request.url)
        with Deadline(within) as deadline, _told(target.shown, deadline):
            addresses = checked(target.host, target.port, self._allowed, deadline.left)
            return _exchange(request, target, addresses, deadline, self._tls, kept)

    @contextmanager
    def line(self, host: str, port: int, within: float, *, tls: bool = False) -> Iterator[socket.socket]:
        """A connection to see whether somebody answers; it is cut when the time is over. Raises `Undelivered`."""
        with Deadline(within) as deadline, _told(f"tcp://{host}:{port}", deadline):
            line = _connected(port, checked(host, port, self._allowed, deadline.left), deadline)
            try:
                line = self._tls.wrap_socket(line, server_hostname=host) if tls else line
                yield line
            finally:
                line.close()

    def addresses(self, host: str, port: int, within: float) -> list[str]:
        """Where a name leads, for a client that connects by itself: to these and no other. Raises `Undelivered`."""
        return [str(address) for address in checked(host, port, self._allowed, within)]

    def examine(self, request: HttpRequest | MailRequest) -> None:
        """Would `perform` call this address? It is resolved and judged, no connection is made. Raises `Undelivered`."""
        with Deadline(self._seconds) as deadline:
            if isinstance(request, MailRequest):
                checked(request.host, request.port, self._allowed, deadline.left)
            else:
                target = _target(request.url)
                checked(target.host, target.port, self._allowed, deadline.left)

    def _mail(self, request: MailRequest) -> Reply:
        with Deadline(self._seconds) as deadline, _told(f"smtp://{request.host}", deadline):
            addresses = checked(request.host, request.port, self._allowed, deadline.left)
            return self._converse(request, addresses, deadline)

    def _converse(self, request: MailRequest, addresses: Sequence[Address], deadline: Deadline) -> Reply:
        line = _connected(request.port, addresses, deadline)
        try:
            if request.tls == "tls":
                line = self._tls.wrap_socket(line, server_hostname=request.host)
            return _hand_over(_Mailer(line, request.host, deadline.left), request, self._tls)
        except smtplib.SMTPResponseException as wrong:
            return _said(wrong.smtp_code, wrong.smtp_error)
        except smtplib.SMTPRecipientsRefused as wrong:
            return _said(*next(iter(wrong.recipients.values())))
        except smtplib.SMTPNotSupportedError:
            why = f"smtp://{request.host} lacks what is needed: STARTTLS, a login or international addresses"
            raise Undelivered(why, permanent=True) from None
        finally:
            line.close()


def _hand_over(mailer: _Mailer, request: MailRequest, tls: ssl.SSLContext) -> Reply:
    """The mail has arrived when DATA was answered; how the conversation ends afterwards does not matter."""
    try:
        mailer.ehlo_or_helo_if_needed()
        if request.tls == "starttls":
            mailer.starttls(context=tls)
        if request.username is not None:
            mailer.login(request.username, request.password or "")
        mailer.send_message(request.message)
        return Reply(status=250)
    finally:
        mailer.close()


def _said(code: int, words: bytes | str) -> Reply:
    # smtplib says -1 when the server hung up in the middle of an answer.
    body = words if isinstance(words, bytes) else words.encode("utf-8", "replace")
    return Reply(status=code if code > 0 else 421, body=body[:KEPT])


@contextmanager
def _told(shown: str, deadline: Deadline) -> Iterator[None]:
    """Every failure of the network as `Undelivered`, in words that hold no address."""
    try:
        yield
    except (
        OSError,
        smtplib.SMTPException,
        httpcore.NetworkError,
        httpcore.TimeoutException,
        httpcore.ProtocolError,
    ) as wrong:
        if deadline.passed or isinstance(wrong, TimeoutError | httpcore.TimeoutException):
            why = f"{shown} did not answer within {deadline.seconds:g}s"
        else:
            why = f"{shown} {_failure(wrong)}"
        raise Undelivered(why, permanent=False) from None


def _failure(wrong: BaseException) -> str:
    causes = (wrong, wrong.__cause__, wrong.__context__)
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return "has a certificate that does not hold"
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return "does not speak TLS with us"
    if isinstance(wrong, httpcore.ConnectError | ConnectionRefusedError):
        return "takes no connection"
    return "broke off the connection"


def _exchange(
    request: HttpRequest,
    target: _Target,
    addresses: Sequence[Address],
    deadline: Deadline,
    tls: ssl.SSLContext,
    kept: int,
) -> Reply:
    """One request and the first `kept` bytes of its answer, on a connection of its own."""
    url = httpcore.URL(scheme=target.scheme, host=target.host, port=target.port, target=target.path)
    headers = [*{"user-agent": "Tocsin", "accept-encoding": "identity", **request.headers}.items()]
    timeouts = dict.fromkeys(("connect", "read", "write", "pool"), deadline.left)
    with (
        httpcore.ConnectionPool(ssl_context=tls, network_backend=_Pinned(addresses, deadline)) as pool,
        pool.stream(
            request.method, url, headers=headers, content=request.body, extensions={"timeout": timeouts}
        ) as answer,
    ):
        body = _beginning(answer.iter_stream(), kept)
        if deadline.passed:
            raise TimeoutError
        return Reply(status=answer.status, headers=_kept_headers(answer.headers), body=body)


def _beginning(chunks: Iterable[bytes], kept: int) -> bytes:
    body = b""
    for chunk in chunks:
        body += chunk
        if len(body) >= kept:
            break
    return body[:kept]


def _kept_headers(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    named = ((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in headers)
    return {name: value for name, value in named if name in _HEADERS}


def call(
    method: str,
    url: str,
    *,
    json: object = None,
    headers: Mapping[str, str] | None = None,
    timeout: float = 10.0,
    kept: int = 16 * 1024 * 1024,
) -> Reply:
    """One request to a Tocsin of the operator's own, from the command line: no guard, since it is usually on loopback.

    Raises `Undelivered` with a sentence for the terminal when there is no answer.
    """
    target = _target(url)
    body = b"" if json is None else orjson.dumps(json)
    sent = {"accept": "application/json", **({"content-type": "application/json"} if body else {}), **(headers or {})}
    request = HttpRequest(url=url, method=method, headers=sent, body=body)
    with Deadline(timeout) as deadline, _told(target.shown, deadline):
        addresses = resolve(target.host, target.port, deadline.left)
        return _exchange(request, target, addresses, deadline, httpx.create_ssl_context(), kept)
