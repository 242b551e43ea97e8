"""Does a page answer as it should, soon enough, with the words it should have?"""

from __future__ import annotations

from typing import Annotated, Literal, cast
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from rules.match import listed
from rules.reading.fields import Reference
from rules.reading.problem import Hinted
from rules.responding.triage import Found
from workers.channels.contract import HttpRequest
from workers.checks.contract import CheckOptions, CheckType, Means, Said, in_time

KEPT = 256 * 1024
"""Bytes of an answer that are looked through; the rest is not read."""
_TELLING = ("authorization", "cookie", "proxy-authorization", "x-api-key", "x-auth-token", "api-key")
_SECRET_ONES = ("token", "key", "secret", "password", "api_key", "apikey", "access_token", "sig")


def _address(text: str) -> str:
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        host = None
    if host is None or parts.scheme not in ("http", "https"):
        raise ValueError(f"expected an address like https://shop.example.com/health, found '{text[:60]}'")
    if "@" in parts.netloc:
        raise Hinted("a name or password in an address is a secret", "write authorization: ${env:NAME}")
    if secret := [name for name, _ in parse_qsl(parts.query) if name.lower() in _SECRET_ONES]:
        raise Hinted(f"'{secret[0]}=' in an address looks like a secret", "write authorization: ${env:NAME}")
    return text


def _headers(headers: dict[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if name.lower() in _TELLING:
            raise Hinted(f"the header {name} is a secret", "write authorization: ${env:NAME}")
        if not name.isascii() or not name.replace("-", "").replace("_", "").isalnum() or not value.isprintable():
            raise ValueError(f"'{name[:40]}' is no header, or what it holds is more than one line")
    return headers


_AS_ADDRESS = {"type": "string", "pattern": "^https?://[^/]", "examples": ["https://shop.example.com/health"]}
Address = Annotated[str, AfterValidator(_address), WithJsonSchema(_AS_ADDRESS)]
Status = Annotated[int, Field(ge=100, le=599)]


class HttpOptions(CheckOptions):
    """One request; a redirect is not followed, it is an answer like any other."""

    url: Address
    """What is asked."""
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] = "GET"
    """How it is asked. It may be asked twice: choose what may be."""
    body: str = ""
    """What is sent with it."""
    headers: Annotated[dict[str, str], AfterValidator(_headers)] = Field(default_factory=dict)
    """Sent with it; secrets stand in authorization."""
    authorization: Reference | None = None
    """A reference to the whole of the header Authorization: `Bearer …`."""
    expect: Annotated[tuple[Status, ...], BeforeValidator(listed), Field(min_length=1)] = (200,)
    """The statuses that are well; any of them."""
    text: str | None = None
    """What must stand in the first 256 KiB of the answer, letter by letter."""


def look(options: CheckOptions, means: Means) -> Said:
    """Ask once."""
    asked = cast(HttpOptions, options)
    headers = {"accept": "*/*", **asked.headers}
    if asked.authorization is not None:
        headers["authorization"] = asked.authorization
    request = HttpRequest(url=asked.url, method=asked.method, headers=headers, body=asked.body.encode())
    began = means.timer()
    reply = means.outside.probe(request, means.within, KEPT if asked.text is not None else 1)
    took = in_time(means.timer() - began)
    if reply.status not in asked.expect:
        redirect = ", a redirect" if 300 <= reply.status < 400 else ""
        return Said(found=Found.FAILED, text=f"answers {reply.status} {took}{redirect}")
    if asked.text is not None and asked.text.encode() not in reply.body:
        return Said(found=Found.FAILED, text=f"answers {reply.status} {took} without «{asked.text}»")
    return Said(found=Found.OK, text="healthy")


CHECK = CheckType(
    name="http",
    title="HTTP",
    options=HttpOptions,
    look=look,
    setup="""\
    checks:
      site: {type: http, url: "https://shop.example.com/", text: Basket, within: 3s}
      api:  {type: http, url: "https://shop.example.com/health", expect: [200, 204]}

What is not answered within `within` has failed. An address that is not public needs its network in `TOCSIN_ALLOW_NET`.
""",
)
