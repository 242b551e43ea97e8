"""What was sent and answered, as it may be shown: secrets masked wherever they stand, links that answer taken out, cut.

Three nets, each whole by itself: every secret this process has revealed, in the spellings a body may have it in; what
stands under a name that tells a secret; and signed links, with which whoever reads them could answer an incident.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Mapping
from email.message import EmailMessage
from functools import lru_cache
from urllib.parse import quote, urlsplit

import re2

from workers.channels.contract import HttpRequest, MailRequest, Reply
from workers.plain import clip
from workers.telling.attempts import Exchange

MASK = "•••"
BODY, REPLY = 4096, 1024
"""Characters kept of what was sent, and of the answer."""
_SHORTEST = 4
"""A shorter secret is no secret, and masking it would make every text unreadable."""
_SHOWN_HEADERS = ("content-type", "webhook-id", "webhook-timestamp")
_TELLING = ("_key", "token", "apikey", "secret", "password", "authorization", "signature")
# What stands under a name in JSON. RE2 looks at each character once, where `re` tries every name at each of them.
_NAMED = re2.compile(rf'(?i)("[^"]*(?:{"|".join(_TELLING)})[^"]*"\s*:\s*)"(?:[^"\\]|\\.)*"')
_SIGNED = re.compile(r"(/a/)[A-Za-z0-9_.~=%-]{8,}")
_BEARER = re.compile(r"\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{6,}", re.IGNORECASE)


def shown(request: HttpRequest | MailRequest, reply: Reply | None, secrets: tuple[str, ...]) -> Exchange:
    """The exchange as it may be kept: `secrets` are all that this process has revealed."""
    hidden = _spelled(secrets)
    to, headers, body, message = _mail(request) if isinstance(request, MailRequest) else _http(request, hidden)
    return Exchange(
        to=to,
        headers={name: mask(value, hidden) for name, value in headers.items()},
        body=clip(mask(body, hidden), BODY),
        message=clip(mask(message or _their_id(reply), hidden), 200),
        reply=clip(mask(_text(reply.body) if reply else "", hidden), REPLY),
        reply_headers={
            name: clip(mask(value, hidden), 200) for name, value in (reply.headers if reply else {}).items()
        },
    )


def said(text: str, secrets: tuple[str, ...]) -> str:
    """One sentence about what went wrong, without what a receiver may have repeated in it."""
    return clip(hide(text, secrets), 500)


def hide(text: str, secrets: tuple[str, ...]) -> str:
    """The whole text, without these secrets in any spelling."""
    return mask(text, _spelled(secrets))


def mask(text: str, hidden: Iterable[str]) -> str:
    """The text without secrets."""
    for secret in hidden:
        if secret in text:
            text = text.replace(secret, MASK)
    low = text.lower()
    # Most texts hold no such word, and to look for one is cheap.
    if any(word in low for word in _TELLING):
        text = _NAMED.sub(lambda found: f'{found[1]}"{MASK}"', text)
    if "bearer" in low or "basic" in low:
        text = _BEARER.sub(rf"\1 {MASK}", text)
    return _SIGNED.sub(rf"\1{MASK}", text)


@lru_cache(maxsize=8)  # The secrets of a process hardly change.
def _spelled(secrets: tuple[str, ...]) -> list[str]:
    """Each in every spelling a body may have it in, the longest first: one may be part of another."""
    long = [one for one in secrets if len(one) >= _SHORTEST]
    spelled = {
        form
        for one in long
        for form in (
            one,
            json.dumps(one)[1:-1],
            json.dumps(one, ensure_ascii=False)[1:-1],
            quote(one, safe=""),
            html.escape(one),
        )
    }
    return sorted(spelled, key=len, reverse=True)


def _http(request: HttpRequest, hidden: Iterable[str]) -> tuple[str, Mapping[str, str], str, str]:
    headers = {name.lower(): value for name, value in request.headers.items()}
    shown_headers = {name: headers[name] for name in _SHOWN_HEADERS if name in headers}
    return (
        f"{request.method} {address(request.url, hidden)}",
        shown_headers,
        _text(request.body),
        headers.get("webhook-id", ""),
    )


def address(url: str, hidden: Iterable[str]) -> str:
    """Scheme, host and path; of an address that is a secret or holds one only the host. A query is never shown."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "?", parts.port
    except ValueError:
        return "an address that is no URL"
    where = f"{parts.scheme}://{host}" + (f":{port}" if port else "")
    secret = any(one in url or (len(parts.path) > 1 and parts.path in one) for one in hidden)
    return f"{where}/…" if secret else where + parts.path


def _mail(request: MailRequest) -> tuple[str, Mapping[str, str], str, str]:
    message = request.message
    headers = {name.lower(): str(message[name]) for name in ("From", "To", "Subject", "Date") if message[name]}
    return f"SMTP {request.host}:{request.port} ({request.tls})", headers, _words(message), str(message["Message-ID"])


def _words(message: EmailMessage) -> str:
    """The part for people, as they read it: the mail itself has it in base64."""
    part = message.get_body(("plain",))
    return str(part.get_content()) if part is not None else ""


def _their_id(reply: Reply | None) -> str:
    """What the receiver calls it: PagerDuty's dedup_key, Slack's ts."""
    if reply is None:
        return ""
    found = re.search(rb'"(?:dedup_key|ts|message_id|id)"\s*:\s*"([^"]{1,200})"', reply.body)
    return found[1].decode("utf-8", "replace") if found else ""


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace")
