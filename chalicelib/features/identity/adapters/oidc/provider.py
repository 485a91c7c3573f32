"""One OpenID provider: where its people are sent, how a code becomes an id token, and what of that is believed.

PyJWT checks the signature; issuer, times and nonce are checked here, because they go by the product's clock.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import jwt
import msgspec
from jwt.types import Options

from chalicelib.core.errors import Invalid
from chalicelib.features.identity.adapters.oidc.keys import Key, Keys
from chalicelib.features.identity.adapters.oidc.terms import Terms
from chalicelib.features.identity.adapters.oidc.wire import Wire
from chalicelib.features.identity.model.oauth import Profile, SignInFailed
from chalicelib.features.tenants.model import clean_name

_LEEWAY_SECONDS = 30
_LONGEST_TOKEN = 16 * 1024
_LONGEST_CODE = 2_048
_LONGEST_SUBJECT = 255
_OPTIONS: Options = {
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_iss": False,
    "strict_aud": True,
    "require": ["iss", "sub", "aud", "exp", "iat", "nonce"],
}


class Credentials(msgspec.Struct, frozen=True):
    """Ours at the provider, as they lie in the secret."""

    client_id: str
    client_secret: str


class _Claims(msgspec.Struct, frozen=True):
    """The ones that we need, of the types they must have."""

    iss: str
    sub: str
    exp: int
    iat: int
    nonce: str
    nbf: int = 0
    azp: str | None = None
    email: str = ""
    name: str = ""


class OidcProvider:
    def __init__(
        self, name: str, *, terms: Terms, wire: Wire, keys: Keys, credentials: Callable[[], Credentials]
    ) -> None:
        self._name = name
        self._terms = terms
        self._wire = wire
        self._keys = keys
        self._credentials = credentials

    def departure(self, *, state: str, nonce: str, challenge: str, redirect_uri: str) -> str:
        asked = {
            "response_type": "code",
            "client_id": self._credentials().client_id,
            "redirect_uri": redirect_uri,
            "scope": "openid email profile",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "prompt": "select_account",
        }
        return f"{self._terms.authorize_url}?{urlencode(asked)}"

    def is_named(self, issuer: str | None) -> bool:
        return issuer is None or self._terms.is_issuer(issuer)

    def redeem(self, *, code: str, verifier: str, nonce: str, redirect_uri: str, now: datetime) -> Profile:
        credentials = self._credentials()
        if len(code) > _LONGEST_CODE:
            raise SignInFailed
        answer = self._wire.post(
            self._terms.token_url,
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": redirect_uri,
                "client_id": credentials.client_id,
                "client_secret": credentials.client_secret,
                "code_verifier": verifier,
            },
        )
        token = answer.get("id_token") if answer else None
        if not isinstance(token, str) or len(token) > _LONGEST_TOKEN:
            raise SignInFailed
        claims = self._genuine(token, credentials.client_id, now)
        return self._profile(claims, client_id=credentials.client_id, nonce=nonce, now=now)

    def _genuine(self, token: str, client_id: str, now: datetime) -> Mapping[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
            key = self._keys.named(str(header.get("kid", "")), now=now)
            if key is None or header.get("alg") != key.algorithm:
                raise SignInFailed
            claims = jwt.decode(token, key.key, algorithms=[key.algorithm], audience=client_id, options=_OPTIONS)
        except jwt.PyJWTError:
            raise SignInFailed from None
        if not self._may_speak(key, claims):
            raise SignInFailed
        return claims

    def _may_speak(self, key: Key, claims: Mapping[str, Any]) -> bool:
        """Microsoft says of each key whose it is: one organisation's, or all of them, spelled `{tenantid}`. One that it
        says nothing of is nobody's.
        """
        issuer: object = claims["iss"]
        if not self._terms.is_issuer(issuer) or not self._terms.fits(claims):
            return False
        if not self._terms.tenant_claim:
            return key.issuer is None or key.issuer == issuer
        return (key.issuer or "").replace("{tenantid}", str(claims[self._terms.tenant_claim])) == issuer

    def _profile(self, raw: Mapping[str, Any], *, client_id: str, nonce: str, now: datetime) -> Profile:
        try:
            claims = msgspec.convert(raw, _Claims)
            for text in (claims.nonce, claims.sub, claims.email, claims.name):
                text.encode()  # JSON may hold half a character: it can be neither compared nor kept
        except (msgspec.ValidationError, UnicodeEncodeError):
            raise SignInFailed from None
        present = now.timestamp()
        is_timely = claims.exp > present - _LEEWAY_SECONDS and max(claims.iat, claims.nbf) <= present + _LEEWAY_SECONDS
        is_for_us = claims.azp in {None, client_id} and hmac.compare_digest(claims.nonce.encode(), nonce.encode())
        if not is_timely or not is_for_us or not 0 < len(claims.sub) <= _LONGEST_SUBJECT:
            raise SignInFailed
        return Profile(
            provider=self._name,
            issuer=claims.iss,
            subject=claims.sub,
            email=claims.email,
            is_email_verified=bool(claims.email) and self._terms.vouches(raw),
            name=_one_line(claims.name),
        )


def _one_line(name: str) -> str:
    try:
        return clean_name(name)
    except Invalid:
        return ""
