"""The issuer people sign in at, asked behind the browser's back: its discovery document, its keys, a code for a token.

OpenID Connect Core 1.0, sections 3.1.3 and 3.1.3.7; OpenID Connect Discovery 1.0, section 4.
"""

from __future__ import annotations

import base64
import hmac
import time
from typing import Any
from urllib.parse import quote, urlencode

import jwt
import orjson

from workers.channels.contract import HttpRequest, Undelivered
from workers.outward import Outward
from workers.plain import is_web
from workers.settings import Settings

KEPT = 512 * 1024
"""Bytes of an answer: a large organisation has many keys."""
KEPT_FOR = 3600.0
"""Seconds until the discovery document is read again."""
LEEWAY = 60.0
"""Seconds by which two clocks may differ."""
# No symmetric one: whoever knows the client's secret could sign, and a public key could be taken for a secret.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
_NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class Unusable(Exception):
    """The issuer did not do its part; the message says which, and holds nothing secret."""


class Issuer:
    """Blocking, for threads. One per app."""

    def __init__(self, settings: Settings, outward: Outward) -> None:
        self._settings = settings
        self._outward = outward
        self._document: dict[str, Any] | None = None
        self._read_at = 0.0
        self._keys: jwt.PyJWKSet | None = None

    def document(self) -> dict[str, Any]:
        """What the issuer says of itself. Raises Unusable."""
        if self._document is None or time.monotonic() - self._read_at > KEPT_FOR:
            found = self._get(f"{self._settings.oidc_issuer}/.well-known/openid-configuration", "discovery document")
            if str(found.get("issuer", "")).rstrip("/") != self._settings.oidc_issuer:
                raise Unusable("its discovery document names another issuer than TOCSIN_OIDC_ISSUER")
            if not all(isinstance(found.get(name), str) and is_web(found[name]) for name in _NEEDED):
                raise Unusable(f"its discovery document lacks one of {', '.join(_NEEDED)}")
            self._document, self._read_at, self._keys = found, time.monotonic(), None
        return self._document

    def claims(self, code: str, verifier: str, nonce: str, back: str) -> dict[str, Any]:
        """Whom the issuer vouches for. Raises Unusable."""
        document = self.document()
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": verifier}
        found = self._asked(self._exchange(document, form), "token endpoint")
        if not isinstance(found.get("id_token"), str):
            raise Unusable("its token endpoint gave no id token")
        try:
            claims = self._verified(found["id_token"], document)
        except jwt.PyJWTError as wrong:
            raise Unusable(f"its id token does not hold: {type(wrong).__name__}") from None
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if several and claims.get("azp") != self._settings.oidc_client_id:
            raise Unusable("its id token was made for somebody else")
        if not hmac.compare_digest(str(claims.get("nonce")).encode(), nonce.encode()):
            raise Unusable("its id token belongs to another sign-in")
        return claims

    def _verified(self, token: str, document: dict[str, Any]) -> dict[str, Any]:
        return jwt.decode(
            token,
            self._key(jwt.get_unverified_header(token).get("kid"), document),
            algorithms=ALGORITHMS,
            audience=self._settings.oidc_client_id,
            issuer=document["issuer"],
            leeway=LEEWAY,
            options={"require": ["exp", "iat", "iss", "aud", "sub"], "enforce_minimum_key_length": True},
        )

    def _key(self, kid: object, document: dict[str, Any]) -> jwt.PyJWK:
        """The key of this id; asked for again when it is new, as after a rotation."""
        for keys in (self._keys, None):
            found = keys or jwt.PyJWKSet.from_dict(self._get(document["jwks_uri"], "keys"))
            self._keys = found
            fitting = [key for key in found.keys if kid is None or key.key_id == kid]
            if len(fitting) == 1:
                return fitting[0]
            if keys is None:
                break
        raise jwt.InvalidKeyError

    def _exchange(self, document: dict[str, Any], form: dict[str, str]) -> HttpRequest:
        id_, secret = self._settings.oidc_client_id or "", self._settings.oidc_client_secret
        word = secret.get_secret_value() if secret else ""
        headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
        known = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if "client_secret_basic" in known:
            pair = f"{quote(id_, safe='')}:{quote(word, safe='')}".encode()
            headers["authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        else:
            form = {**form, "client_id": id_, "client_secret": word}
        return HttpRequest(url=document["token_endpoint"], headers=headers, body=urlencode(form).encode())

    def _get(self, url: str, what: str) -> dict[str, Any]:
        return self._asked(HttpRequest(url=url, method="GET", headers={"accept": "application/json"}, body=b""), what)

    def _asked(self, request: HttpRequest, what: str) -> dict[str, Any]:
        try:
            reply = self._outward.perform(request, KEPT)
            found = orjson.loads(reply.body) if reply.status == 200 else None
        except Undelivered as wrong:
            raise Unusable(f"its {what} cannot be had: {wrong.why}") from None
        except orjson.JSONDecodeError:
            raise Unusable(f"its {what} is not JSON") from None
        if not isinstance(found, dict):
            raise Unusable(f"its {what} answered {reply.status}")
        return found
