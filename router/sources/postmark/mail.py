"""One mail out of Postmark's JSON: who wrote what, in which thread, and whether a person did."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass

from router.sources.reading import at, clean, first, listing, shorten, text

_MOST_HEADERS = 500
_MOST_TEXT = 20_000
"""Characters of a mail that are looked at."""
_MOST_ATTACHED = 10
_ID = re.compile(r"<[^<>\s]{1,900}>")
_OURS = re.compile(r"<incident-([A-Za-z0-9_-]{1,64})@[^<>\s]+>")
"""How a notification of ours by mail names its thread (`workers.channels.mail`)."""
_UNSEEN = ("<style", "<script", "<head", "<title")
_QUOTED = re.compile(r"\n[ \t]*>|\n-{2,} ?(?:Original|Forwarded) ")
_MACHINES = frozenset({"mailer-daemon", "postmaster"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """What is read of it. Every text is one line."""

    id: str
    """Postmark's own, the same when it tries again."""
    address: str
    """In lower case."""
    name: str
    to: str
    subject: str
    words: str
    """What it says, without what it quotes."""
    thread: str
    """The same for a mail and the answers to it."""
    ours: str
    """The incident whose notification it answers; "" when it answers none."""
    machine: str
    """Why no person wrote it; "" when one did."""
    spam: str
    signed_by_its_domain: bool
    attachments: tuple[str, ...]

    @property
    def who(self) -> str:
        """The name it gives, and always the address."""
        return f"{self.name} ({self.address})" if self.name and self.name.lower() != self.address else self.address


def read(body: Mapping[str, object]) -> Mail | None:
    """The mail; None when nobody has sent it."""
    address = clean(first(text(body, "FromFull", "Email"), text(body, "From"))).lower()
    if "@" not in address:
        return None
    headers = _headers(body)
    own = first(_first_id(headers, "message-id"), text(body, "MessageID"))
    before = first(_first_id(headers, "references"), _first_id(headers, "in-reply-to"))
    ours = _OURS.search(" ".join(headers.get("references", []) + headers.get("in-reply-to", [])))
    return Mail(
        id=text(body, "MessageID"),
        address=address,
        name=shorten(first(text(body, "FromFull", "Name"), text(body, "FromName")), 100),
        to=first(text(body, "OriginalRecipient"), text(body, "ToFull", 0, "Email")),
        subject=text(body, "Subject"),
        words=_words(body),
        thread=f"mail {first(before, own)}",
        ours=ours[1] if ours else "",
        machine=_machine(headers, address),
        spam="taken for spam" if _is_spam(headers) else "",
        signed_by_its_domain=_signed(headers),
        attachments=tuple(shorten(text(one, "Name"), 60) for one in listing(body, "Attachments")[:_MOST_ATTACHED]),
    )


def _headers(body: Mapping[str, object]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in listing(body, "Headers")[:_MOST_HEADERS]:
        found.setdefault(text(one, "Name").lower(), []).append(text(one, "Value"))
    return found


def _first_id(headers: Mapping[str, list[str]], name: str) -> str:
    """The first message id there: the thread's root, of `References` (RFC 5322, 3.6.4)."""
    found = _ID.search(" ".join(headers.get(name, [])))
    return found[0] if found else ""


def _machine(headers: Mapping[str, list[str]], address: str) -> str:
    """Why no person can have written it. `Precedence: list` is no reason: people's mails come through groups too."""
    submitted = " ".join(headers.get("auto-submitted", [])).strip().lower()
    if submitted and submitted.partition(";")[0].strip() != "no":
        return "written by a machine"
    returned = [one.strip() for one in headers.get("return-path", [])]
    if (returned and all(one in ("", "<>") for one in returned)) or headers.get("x-failed-recipients"):
        return "a bounce"
    if any("multipart/report" in one.lower() for one in headers.get("content-type", [])):
        return "a bounce"
    if any(headers.get(name) for name in ("x-autoreply", "x-autorespond", "x-auto-reply")):
        return "an automatic reply"
    if {"bulk", "junk", "auto_reply"} & {one.strip().lower() for one in headers.get("precedence", [])}:
        return "sent in bulk"
    return "a bounce" if address.partition("@")[0] in _MACHINES else ""


def _is_spam(headers: Mapping[str, list[str]]) -> bool:
    return any(one.lower().startswith("yes") for one in headers.get("x-spam-status", []))


def _signed(headers: Mapping[str, list[str]]) -> bool:
    """SpamAssassin's DKIM_VALID_AU: a valid signature of the author's own domain. Every such header must say so:
    a sender can write one too."""
    said = headers.get("x-spam-tests", [])
    return bool(said) and all("DKIM_VALID_AU" in re.split(r"[,\s]+", one) for one in said)


def _words(body: Mapping[str, object]) -> str:
    reply = at(body, "StrippedTextReply")
    if isinstance(reply, str) and reply.strip():
        return clean(reply[:_MOST_TEXT])
    plain = at(body, "TextBody")
    if isinstance(plain, str) and plain.strip():
        return clean(_QUOTED.split("\n" + plain[:_MOST_TEXT], maxsplit=1)[0])
    marked = at(body, "HtmlBody")
    return clean(html.unescape(_seen(marked[:_MOST_TEXT]))) if isinstance(marked, str) else ""


def _seen(marked: str) -> str:
    """HTML without its tags, and without what no reader sees. In one pass: a stranger wrote it."""
    small, seen, end = marked.lower(), [], 0
    while (begin := marked.find("<", end)) >= 0:
        seen.append(marked[end:begin])
        unseen = next((one for one in _UNSEEN if small.startswith(one, begin)), None)
        close = small.find("</" + unseen[1:], begin) if unseen else begin
        end = marked.find(">", close) + 1 if close >= 0 else 0
        if end == 0:
            return " ".join(seen)
    return " ".join([*seen, marked[end:]])
