"""An issuer of OpenID Connect of the tests' own: it vouches for whoever it is told to, and can be made to lie."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.serving import serving

CLIENT, SECRET = "tocsin-client", "a client's secret / & more"


def new_key() -> rsa.RSAPrivateKey:
    """A key to sign with."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class FakeIssuer:
    """What it says, and what it was asked."""

    url: str = ""
    key: rsa.RSAPrivateKey = field(default_factory=new_key)
    kid: str = "first"
    algorithm: str = "RS256"
    person: dict[str, Any] = field(default_factory=lambda: {"sub": "u-1", "preferred_username": "Ana"})
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    exchanged: list[dict[str, str]] = field(default_factory=list)
    spoil: Callable[[dict[str, Any]], dict[str, Any]] = lambda claims: claims
    """What it does to the claims before it signs them."""
    named: str | None = None
    """What its discovery document calls it, when not what it is."""

    def authorize(self, location: str) -> str:
        """Somebody says yes at the address they were sent to; the query they come back with."""
        asked = {name: one[0] for name, one in parse_qs(urlsplit(location).query).items()}
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return f"code={code}&state={asked['state']}"

    def answer(self, path: str, form: dict[str, str], authorization: str) -> tuple[int, Any]:
        """One request behind the browser's back."""
        if path == "/.well-known/openid-configuration":
            return 200, {
                "issuer": self.named or self.url,
                "authorization_endpoint": f"{self.url}/authorize?tenant=1",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
                "padding": "x" * 5000,
            }
        if path == "/keys":
            public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
            return 200, {"keys": [{**public, "kid": self.kid, "use": "sig", "alg": "RS256"}]}
        return self._token(form, authorization)

    def _token(self, form: dict[str, str], authorization: str) -> tuple[int, Any]:
        asked = self.codes.pop(form.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        given = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        right = given == f"{CLIENT}:a%20client%27s%20secret%20%2F%20%26%20more"
        if asked is None or not right or asked["code_challenge"] != challenge.decode():
            return 400, {"error": "invalid_grant"}
        self.exchanged.append(form)
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"], **self.person}
        key = SECRET * 2 if self.algorithm.startswith("HS") else self.key
        signed = jwt.encode(self.spoil(claims), key, algorithm=self.algorithm, headers={"kid": self.kid})
        return 200, {"id_token": signed, "access_token": "unused", "token_type": "Bearer"}


@contextmanager
def issuing() -> Iterator[FakeIssuer]:
    """The issuer, listening."""
    issuer = FakeIssuer()

    class Endpoint(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
            form = {name: one[0] for name, one in parse_qs(body).items()}
            status, said = issuer.answer(self.path, form, self.headers.get("authorization") or "")
            data = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    issuer.url = f"http://127.0.0.1:{server.server_port}"
    with serving(server):
        yield issuer
