"""A stand-in for Google and Microsoft that speaks OpenID Connect: discovery, authorize, token and keys.

It signs in whoever is asked for, as anybody. All else it takes as seriously as they do: the client, the exact redirect,
PKCE, and that a code is good once. The local product serves it under /local/oidc/, tests on a port of its own.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

import jwt

from chalicelib.core import chance
from chalicelib.core.clock import in_seconds
from chalicelib.core.encoding import b64url
from infra.local.console.exchange import Answer, Request, answer_json
from infra.local.oidc.page import page
from infra.local.oidc.signing import SigningKey, new_key

ROOT = "/local/oidc/"
CODE_SECONDS = 60
_TOKEN_SECONDS = 300
_MOST_GRANTS = 1_000
_ORGANISATION = "11111111-2222-4333-8444-555555555555"
_ASKED = ("client_id", "redirect_uri", "state", "nonce", "code_challenge")


@dataclass(frozen=True)
class Registration:
    """What the product is to a provider."""

    client_id: str
    client_secret: str
    redirect_uri: str


@dataclass(frozen=True)
class Somebody:
    """Whoever signs in there. `is_vouched_for`: the provider has made sure that the address is theirs."""

    email: str
    is_vouched_for: bool = True
    name: str = ""

    @property
    def subject(self) -> str:
        return hashlib.sha256(self.email.encode()).hexdigest()[:24]


@dataclass(frozen=True)
class Grant:
    somebody: Somebody
    asked: Mapping[str, str]
    granted_at: datetime


class Refused(Exception):
    """In the provider's own words (RFC 6749)."""


@dataclass
class Persona:
    """One provider: `google` or `microsoft`. Tests overwrite `claims` and `sign` to have it lie."""

    name: str
    url: str
    registration: Registration
    now: Callable[[], datetime]
    key: SigningKey
    grants: dict[str, Grant] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        return f"{self.url}/{_ORGANISATION}/v2.0" if self.name == "microsoft" else self.url

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [self.key.algorithm],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }

    def keys(self) -> dict[str, Any]:
        """Microsoft says of each whose it is; this one is every organisation's."""
        whose = {"issuer": f"{self.url}/{{tenantid}}/v2.0"} if self.name == "microsoft" else {}
        return {"keys": [{**self.key.public(), **whose}]}

    def authorize(self, asked: Mapping[str, str], somebody: Somebody) -> str:
        """Where the browser is sent back to. Raises Refused."""
        self.check(asked)
        code = b64url(chance.token(24))
        while len(self.grants) >= _MOST_GRANTS:
            self.grants.pop(next(iter(self.grants)))
        self.grants[code] = Grant(somebody, {name: asked[name] for name in _ASKED}, self.now())
        back = {"code": code, "state": asked["state"], "iss": self.issuer}
        return f"{asked['redirect_uri']}?{urlencode(back)}"

    def check(self, asked: Mapping[str, str]) -> None:
        if any(not asked.get(name) for name in _ASKED):
            raise Refused("invalid_request")
        if asked["client_id"] != self.registration.client_id:
            raise Refused("unauthorized_client")
        if asked["redirect_uri"] != self.registration.redirect_uri:
            raise Refused("redirect_uri_mismatch")
        if asked.get("response_type") != "code" or asked.get("code_challenge_method") != "S256":
            raise Refused("invalid_request")

    def redeem(self, form: Mapping[str, str]) -> dict[str, Any]:
        """Raises Refused."""
        registration = self.registration
        grant = self.grants.pop(form.get("code", ""), None)  # good once, also for who then gets it wrong
        if form.get("grant_type") != "authorization_code":
            raise Refused("unsupported_grant_type")
        is_client = form.get("client_id") == registration.client_id
        if not is_client or not hmac.compare_digest(form.get("client_secret", ""), registration.client_secret):
            raise Refused("invalid_client")
        if grant is None or (self.now() - grant.granted_at).total_seconds() > CODE_SECONDS:
            raise Refused("invalid_grant")
        challenge = b64url(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if form.get("redirect_uri") != registration.redirect_uri or challenge != grant.asked["code_challenge"]:
            raise Refused("invalid_grant")
        return {
            "access_token": b64url(chance.token(24)),
            "token_type": "Bearer",
            "expires_in": _TOKEN_SECONDS,
            "id_token": self.sign(self.claims(grant)),
        }

    def claims(self, grant: Grant) -> dict[str, Any]:
        somebody, present = grant.somebody, in_seconds(self.now())
        told: dict[str, Any] = {
            "iss": self.issuer,
            "sub": somebody.subject,
            "aud": self.registration.client_id,
            "iat": present,
            "nbf": present,
            "exp": present + _TOKEN_SECONDS,
            "nonce": grant.asked["nonce"],
            "email": somebody.email,
            "name": somebody.name,
        }
        if self.name == "microsoft":
            return told | {"tid": _ORGANISATION, "xms_edov": somebody.is_vouched_for}
        return told | {"email_verified": somebody.is_vouched_for}

    def sign(self, claims: Mapping[str, Any]) -> str:
        key = self.key
        return jwt.encode(dict(claims), key.private, algorithm=key.algorithm, headers={"kid": key.kid})


class Desk:
    """Both of them, behind one address. `url` is where ROOT is reached."""

    def __init__(self, *, url: str, public_url: str, now: Callable[[], datetime]) -> None:
        self.personas = {
            name: Persona(name, f"{url}{ROOT}{name}", registration(name, public_url), now, new_key(algorithm))
            for name, algorithm in (("google", "RS256"), ("microsoft", "ES256"))
        }

    @staticmethod
    def concerns(path: str) -> bool:
        return path.startswith(ROOT)

    def answer(self, request: Request) -> Answer:
        name, _, rest = request.path.removeprefix(ROOT).partition("/")
        persona = self.personas.get(name)
        if persona is None:
            return answer_json({"error": "not_found"}, status=404)
        try:
            return self._answer(persona, request, rest)
        except Refused as refused:
            return answer_json({"error": str(refused)}, status=400)

    def _answer(self, persona: Persona, request: Request, rest: str) -> Answer:
        match request.method, rest:
            case "GET", ".well-known/openid-configuration":
                return answer_json(persona.discovery())
            case "GET", "keys":
                return answer_json(persona.keys())
            case "GET", "authorize":
                persona.check(request.query)
                return page(persona.name, request.query)
            case "POST", "authorize":
                return _sent_back(persona, _form(request))
            case "POST", "token":
                return answer_json(persona.redeem(_form(request)))
        return answer_json({"error": "not_found"}, status=404)


def registration(name: str, public_url: str) -> Registration:
    """The product's, at this provider: no secret, for the provider is none."""
    return Registration(f"local-{name}", f"local-{name}-client", f"{public_url}/v1/auth/oauth/{name}/callback")


def credentials(name: str) -> str:
    """As the product keeps them."""
    known = registration(name, "")
    return json.dumps({"client_id": known.client_id, "client_secret": known.client_secret})


def _sent_back(persona: Persona, form: Mapping[str, str]) -> Answer:
    email = form.get("email", "").strip().lower()
    if "@" not in email:
        raise Refused("login_required")
    somebody = Somebody(email, is_vouched_for=form.get("vouched") == "yes", name=form.get("name", ""))
    return Answer(status=302, headers={"Location": persona.authorize(form, somebody)}, body=b"")


def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl(request.body.decode("utf-8", "replace"), max_num_fields=50))
