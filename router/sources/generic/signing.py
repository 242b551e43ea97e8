"""How a generic source is signed: plain HMAC in a header of the operator's choice, or Standard Webhooks.

Source of the latter: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md.
"""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Sequence

from router.sources.contract import Delivery, Options, Unauthentic
from router.sources.generic.options import GenericOptions, Signature
from router.sources.signatures import sign_base64, sign_hex, verify_hmac, verify_moment


def verify(delivery: Delivery, secrets: Sequence[bytes], now: float, options: Options) -> None:
    """Check the signature that `options.signature` describes. Raises Unauthentic."""
    how = options.signature if isinstance(options, GenericOptions) else Signature()
    if how.scheme == "standard-webhooks":
        _verify_standard(delivery, secrets, now)
    else:
        _verify_plain(delivery, secrets, now, how)


def sign(body: bytes, secret: bytes, now: float, options: Options) -> dict[str, str]:
    """The headers a sender set up as `options.signature` says would add."""
    how = options.signature if isinstance(options, GenericOptions) else Signature()
    clock = str(int(now))
    if how.scheme == "standard-webhooks":
        name = f"msg_{uuid.uuid4().hex}"
        proof = sign_base64(_standard_key(secret), f"{name}.{clock}.".encode() + body)
        return {"webhook-id": name, "webhook-timestamp": clock, "webhook-signature": f"v1,{proof}"}
    message = f"{clock}{how.separator}".encode() + body if how.timestamp_header else body
    proof = sign_hex(secret, message) if how.encoding == "hex" else sign_base64(secret, message)
    return {how.header: how.prefix + proof} | ({how.timestamp_header: clock} if how.timestamp_header else {})


def _verify_plain(delivery: Delivery, secrets: Sequence[bytes], now: float, how: Signature) -> None:
    given = [part.strip() for part in delivery.headers.get(how.header.lower(), "").split(",")]
    message = delivery.body
    if how.timestamp_header:
        clock = verify_moment(delivery.headers.get(how.timestamp_header.lower(), ""), now)
        message = f"{clock}{how.separator}".encode() + message
    claims = [part.removeprefix(how.prefix) for part in given if part.startswith(how.prefix)]
    verify_hmac(message, claims, secrets, encoding=how.encoding)


def _verify_standard(delivery: Delivery, secrets: Sequence[bytes], now: float) -> None:
    headers = delivery.headers
    name, clock = headers.get("webhook-id", ""), verify_moment(headers.get("webhook-timestamp", ""), now)
    if not name:
        raise Unauthentic("no webhook-id")
    given = [part.partition(",") for part in headers.get("webhook-signature", "").split()]
    message = f"{name}.{clock}.".encode("utf-8", "surrogatepass") + delivery.body
    claims = [proof for version, _, proof in given if version == "v1"]
    verify_hmac(message, claims, [_standard_key(secret) for secret in secrets], encoding="base64")


def _standard_key(secret: bytes) -> bytes:
    """The key inside `whsec_<base64>`; empty, which fits nothing, when the secret is not written so."""
    try:
        return base64.b64decode(secret.removeprefix(b"whsec_"), validate=True)
    except binascii.Error:
        return b""
