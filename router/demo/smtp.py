"""A mail server that keeps what it is given: enough of RFC 5321 for one client that behaves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from router.demo.outbox import Arrived
from workers.plain import plain

_LONGEST = 1024 * 1024
_PATIENCE = 30.0
"""Seconds for one line."""

Keep = Callable[[EmailMessage, list[str]], None]


async def listen(keep: Keep, host: str = "127.0.0.1", port: int = 0) -> asyncio.Server:
    """A server on loopback that calls `keep` for every mail; port 0 takes a free one, close it with `close()`."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _converse(reader, writer, keep)
        except (OSError, EOFError, ValueError, TimeoutError):
            pass  # A client that hangs up or talks nonsense loses only its own conversation.
        finally:
            writer.close()

    return await asyncio.start_server(converse, host, port, limit=64 * 1024)


async def _converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, keep: Keep) -> None:
    recipients: list[str] = []
    await _say(writer, "220 tocsin demonstration")
    while True:
        line = await _line(reader)
        verb = line[:4].upper()
        if verb == b"RCPT":
            recipients.append(_mailbox(line))
        if verb == b"DATA" and recipients:
            await _say(writer, "354 go ahead")
            keep(message_from_bytes(await _data(reader), policy=default), recipients)
            recipients = []
        await _say(writer, _answer(verb))
        if verb == b"QUIT":
            return


def _mailbox(line: bytes) -> str:
    """`RCPT TO:<dan@example.com> NOTIFY=NEVER` is a mailbox in brackets and parameters nobody here needs."""
    path = line.decode("utf-8", "replace").partition(":")[2].strip()
    return path.partition(">")[0].removeprefix("<").strip()


def _answer(verb: bytes) -> str:
    if verb in {b"EHLO", b"HELO"}:
        return "250-tocsin\r\n250-8BITMIME\r\n250 SMTPUTF8"
    if verb == b"QUIT":
        return "221 bye"
    return "250 ok" if verb in {b"MAIL", b"RCPT", b"DATA", b"RSET", b"NOOP"} else "502 not here"


async def _data(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while (line := await _line(reader)) != b".\r\n":
        body += line.removeprefix(b".")
        if len(body) > _LONGEST:
            raise ValueError("mail too long")
    return bytes(body)


async def _line(reader: asyncio.StreamReader) -> bytes:
    line = await asyncio.wait_for(reader.readline(), _PATIENCE)
    if not line:
        raise EOFError
    return line


async def _say(writer: asyncio.StreamWriter, words: str) -> None:
    writer.write(words.encode() + b"\r\n")
    await writer.drain()


def arrived(mail: EmailMessage, recipients: list[str], at: float) -> Arrived:
    """The mail as a reader lists it, with its text part; the HTML part is never drawn here."""
    text = mail.get_body(("plain",))
    shown = {
        "from": plain(str(mail["From"])),
        "subject": plain(str(mail["Subject"])),
        "thread": plain(str(mail["References"])),
        "body": text.get_content() if text else "",
    }
    return Arrived(channel="mail", at=at, to=", ".join(recipients), text=shown["subject"], shown=shown)
