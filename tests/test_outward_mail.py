"""Mail leaves through the same way out as everything else: guarded, and cut off at the deadline."""

from __future__ import annotations

import socket
from email.message import EmailMessage
from ipaddress import ip_network
from typing import Any

import pytest

from workers.channels.contract import MailRequest, Undelivered
from workers.outward import Outward

LOOPBACK = (ip_network("127.0.0.0/8"),)


def mail(port: int, host: str = "127.0.0.1", **more: Any) -> MailRequest:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "t@example.com", "ana@example.com", "[P1] Down"
    message.set_content("Down")
    return MailRequest(host=host, port=port, message=message, **{"tls": "none", **more})


def test_a_mail_server_inside_is_refused_unless_listed() -> None:
    """Mail goes through the same guard."""
    with pytest.raises(Undelivered, match="TOCSIN_ALLOW_NET") as refused:
        Outward().perform(mail(25))
    assert refused.value.permanent


def test_a_mail_server_that_never_greets_is_cut_off() -> None:
    """The deadline holds for SMTP."""
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(Undelivered, match=r"within 0\.2s") as refused:
        Outward(LOOPBACK, timeout=0.2).perform(mail(silent.getsockname()[1]))
    assert not refused.value.permanent
