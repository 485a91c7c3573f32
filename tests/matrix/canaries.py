"""Secrets of every kind that the product handles, each known by heart, to be looked for where they must not be."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass

from chalicelib.core.encoding import b64url, unb64url
from chalicelib.features.sites.wiring import sites
from tests.matrix.scene import Scene

_EMAIL = "canary@example.com"
_PASSWORD = "canary password of 2026"
_MINTED = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True)
class Canaries:
    """`kept` may lie in a table, for it is needed there, and nowhere else; `told` is what one route is for."""

    secrets: dict[str, str]
    kept: dict[str, str]
    told: dict[str, str]

    def in_text(self, text: str, *, at_rest: bool = False) -> list[str]:
        """The names of those that can be read there, however they are spelled."""
        watched = self.secrets | self.told | ({} if at_rest else self.kept)
        return [name for name, secret in watched.items() if any(each in text for each in _spellings(secret))]


def released(scene: Scene) -> Canaries:
    site = {"tenant_id": scene.things["tenant_id"], "site_id": scene.things["site_id"]}
    key_id = sites().get(**site).key_id
    scalar = sites().signing_key(**site, key_id=key_id).private_scalar
    people = scene.cast
    secrets = {
        **_of_somebody(scene),
        "an access token": people.owner.access_token,
        "a refresh token": people.owner.refresh_token,
        "an API key": people.bound,
        "the secret of an API key": people.bound[-52:],
        "the operator's key": people.operator,
        "the secret of the operator's key": people.operator[-52:],
        "the token of an invitation": _token_in(scene, "guest@example.com", "it"),
        "a VAPID private key": b64url(scalar),
        "a subscription token": scene.things["subscription_token"],
        "a receipt": scene.things["receipt"],
        "the pepper": "test-pepper",
        "the installation's secret": "test-installation",
    }
    browser = {"an endpoint": scene.things["endpoint"], "the auth of a browser": scene.things["auth"]}
    return Canaries(secrets, browser, {"an identity secret": sites().identity_secret(**site)})


def _of_somebody(scene: Scene) -> dict[str, str]:
    """Who registers, mistypes, signs in, refreshes, and forgets their password."""
    post = scene.world.client.post
    post("/v1/auth/register", json={"email": _EMAIL, "password": _PASSWORD, "tenant_name": "Mine"})
    link = _token_in(scene, _EMAIL, "vt")
    post("/v1/auth/verify-email", json={"token": link, "password": f"{_PASSWORD}, nearly"})
    tokens = post("/v1/auth/verify-email", json={"token": link, "password": _PASSWORD}).json()
    post("/v1/auth/login", json={"email": _EMAIL, "password": f"{_PASSWORD}, nearly"})
    fresh = post("/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]}).json()
    post("/v1/auth/password/forgot", json={"email": _EMAIL})
    return {
        "a password": _PASSWORD,
        "the link of a registration": link,
        "the link to a new password": _token_in(scene, _EMAIL, "pt"),
        "a spent refresh token": tokens["refresh_token"],
        "the refresh token after it": fresh["refresh_token"],
        "an access token of theirs": fresh["access_token"],
    }


def _token_in(scene: Scene, email: str, kind: str) -> str:
    found = re.search(rf"\b{kind}_\S+", scene.world.mail_to(email)[-1].text)
    assert found is not None
    return found[0]


def _spellings(secret: str) -> Iterator[str]:
    yield secret
    last = secret[-43:]
    if _MINTED.fullmatch(last):  # what is signed with, or the signature itself
        raw = unb64url(last)
        yield from (last, raw.hex(), base64.b64encode(raw).decode(), repr(raw)[2:-1])
