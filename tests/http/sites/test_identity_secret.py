"""The secret a site's own server signs external ids with: for people who may change the site, and nobody else."""

from __future__ import annotations

import hashlib
import hmac

from chalicelib.core.encoding import b64url
from chalicelib.core.identity import Scope
from infra.local.push_service.service import PushService
from tests.world import World

_SHOP = {"name": "Shop", "url": "https://shop.example"}
_UNKNOWN = "/v1/sites/site_01hzy3f5c8k9m2n4p6q8r0s1t2/identity-secret"


def test_what_it_signs_is_believed(world: World) -> None:
    site = world.client.post("/v1/sites", as_=world.ada, json=_SHOP).json()
    secret = world.client.get(f"/v1/sites/{site['id']}/identity-secret", as_=world.ada).json()["identity_secret"]
    said = {
        "subscription": PushService.simulated(1, 1, vapid_public_key=site["vapid_public_key"]),
        "external_id": "customer-7",
        "external_id_signature": b64url(hmac.digest(secret.encode(), b"customer-7", hashlib.sha256)),
    }
    path, origin = f"/v1/sdk/{site['site_key']}/subscriptions", {"Origin": "https://shop.example"}
    assert world.client.post(path, json=said, headers=origin).status == 201
    forged = said | {"external_id": "customer-8"}
    assert world.client.post(path, json=forged, headers=origin).code == "external_id_unproven"


def test_nobody_else_sees_it(world: World) -> None:
    site = world.client.post("/v1/sites", as_=world.ada, json=_SHOP).json()
    path = f"/v1/sites/{site['id']}/identity-secret"
    assert world.client.get(path).status == 401
    assert world.client.get(path, as_=world.ben).status == 403  # an editor
    assert world.client.get(path, as_=world.api_key(world.ada, Scope.SITES_WRITE)).status == 403
    strangers, unknown = world.client.get(path, as_=world.cyd), world.client.get(_UNKNOWN, as_=world.cyd)
    assert (strangers.status, strangers.code) == (unknown.status, unknown.code) == (404, "not_found")
