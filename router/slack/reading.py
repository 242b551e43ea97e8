"""What Slack sends, proved to be Slack's and read: a press of a button, or a slash command, and whose it is.

Facts: docs.slack.dev/authentication/verifying-requests-from-slack and /reference/interaction-payloads.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from router.slack.words import Ask
from router.sources.contract import Unreadable
from router.sources.reading import at, mapping, parse_object, text
from router.sources.signatures import sign_hex, verify_hmac, verify_moment
from workers.channels.slack.talking import PRESSES
from workers.plain import plain

COMMAND = "/tocsin"
"""What the slash command is called in sentences that answer a press."""
_FIELDS = 40
_VERSION = "v0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one person asks. Either `press`, or `words` behind a slash command."""

    member: str
    """Slack's id of whoever asks."""
    name: str
    """As Slack shows them."""
    room: str
    """Slack's id of the channel in which they ask."""
    response_url: str = field(repr=False)
    """Whoever has this address may write to the person: it is in no log."""
    command: str = COMMAND
    press: Ask | None = None
    words: str = ""


def prove(headers: Mapping[str, str], body: bytes, secret: bytes, now: float) -> str:
    """Return the signature when the request is from the app with this signing secret, and of the last five minutes.

    As we would write it: what was sent may be written in several ways. Raises Unauthentic.
    """
    moment = verify_moment(headers.get("x-slack-request-timestamp", ""), now)
    version, _, given = headers.get("x-slack-signature", "").partition("=")
    signed = _signed(moment, body)
    verify_hmac(signed, [given] if version == _VERSION else [], [secret])
    return sign_hex(secret, signed)


def sign(body: bytes, secret: bytes, now: float) -> dict[str, str]:
    """The headers that Slack would add."""
    moment = f"{now:.0f}"
    return {
        "X-Slack-Request-Timestamp": moment,
        "X-Slack-Signature": f"{_VERSION}={sign_hex(secret, _signed(moment, body))}",
    }


def _signed(moment: str, body: bytes) -> bytes:
    return f"{_VERSION}:{moment}:".encode() + body


def read(body: bytes) -> Said | None:
    """What is asked; None: nothing that concerns us, such as a link that was opened. Raises Unreadable."""
    try:
        form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_FIELDS))
    except ValueError:
        raise Unreadable("more fields than Slack sends") from None
    if "payload" in form:
        return _pressed(parse_object(form["payload"].encode("utf-8", "surrogatepass")))
    if not form.get("command"):
        return None  # `ssl_check`: Slack looks whether our certificate holds.
    return Said(
        member=plain(form.get("user_id", ""), 30),
        name=plain(form.get("user_name", ""), 60),
        room=form.get("channel_id", ""),
        response_url=form.get("response_url", ""),
        command=plain(form["command"], 33),
        words=form.get("text", ""),
    )


def _pressed(payload: dict[str, object]) -> Said | None:
    press = PRESSES.get(text(payload, "actions", 0, "action_id")) if at(payload, "type") == "block_actions" else None
    if press is None:
        return None
    user = mapping(payload, "user")
    return Said(
        member=plain(text(user, "id"), 30),
        name=plain(text(user, "name") or text(user, "username"), 60),
        room=text(payload, "channel", "id"),
        response_url=text(payload, "response_url"),
        press=Ask(press.command, text(payload, "actions", 0, "value"), press.given),
    )
