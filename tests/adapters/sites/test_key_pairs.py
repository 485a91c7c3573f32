"""VAPID keys: made on the right curve, and sealed so that they open only in their own place (SECURITY 14)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chalicelib.aws.dynamo import Table
from chalicelib.aws.envelope import Tampered, unseal
from chalicelib.core.clock import now
from chalicelib.core.errors import Unavailable
from chalicelib.features.sites.adapters.key_pairs import key_pair
from chalicelib.features.sites.model import Site
from chalicelib.features.sites.service import Sites
from chalicelib.features.sites.wiring import sites

if TYPE_CHECKING:
    from tests.fakes.installation import Installation


def test_a_key_pair_belongs_together_and_is_new_each_time() -> None:
    scalar, public = key_pair()
    assert (len(scalar), len(public), public[0]) == (32, 65, 4)
    derived = derive_private_key(int.from_bytes(scalar), SECP256R1()).public_key()
    assert derived.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint) == public
    assert key_pair() != (scalar, public)


@pytest.fixture
def fresh(aws: Installation) -> Sites:
    sites.cache_clear()  # a service without opened keys
    return sites()


def make(fresh: Sites, tenant_id: str) -> Site:
    return fresh.create(tenant_id=tenant_id, name="Shop", url="https://shop.example", now=now())


def key_row(site: Site) -> dict[str, Any]:
    row = Table("core").get(f"T#{site.tenant_id}", f"VAPID#{site.id}#{site.key_id}")
    assert row is not None
    return row


def test_no_secret_is_at_rest_in_the_open(fresh: Sites, aws: Installation) -> None:
    site = make(fresh, "ten_ada")
    scalar = fresh.signing_key(tenant_id="ten_ada", site_id=site.id, key_id=site.key_id).private_scalar
    secret = fresh.identity_secret(tenant_id="ten_ada", site_id=site.id)
    assert scalar.decode("latin-1") not in aws.dump()
    assert secret not in aws.dump()


def test_a_ciphertext_moved_to_another_place_does_not_open(fresh: Sites) -> None:
    ada, second, cyd = make(fresh, "ten_ada"), make(fresh, "ten_ada"), make(fresh, "ten_cyd")
    sealed = key_row(ada)["sealed"]
    fresh.signing_key(tenant_id="ten_ada", site_id=ada.id, key_id=ada.key_id)  # its data key is in memory now
    for victim in (second, cyd):
        row = key_row(victim)
        Table("core").put(row | {"sealed": sealed})
        with pytest.raises(Tampered):
            fresh.signing_key(tenant_id=victim.tenant_id, site_id=victim.id, key_id=victim.key_id)
        Table("core").put(row | {"sealed": sealed, "sk": f"VAPID#{victim.id}#{ada.key_id}"})
        with pytest.raises(Tampered):
            fresh.signing_key(tenant_id=victim.tenant_id, site_id=victim.id, key_id=ada.key_id)


def test_every_flipped_byte_is_noticed(fresh: Sites) -> None:
    site = make(fresh, "ten_ada")
    sealed = key_row(site)["sealed"]
    context = {"tenant": "ten_ada", "site": site.id, "key": site.key_id}
    assert len(unseal(sealed, context)) == 32
    for place in range(len(sealed)):
        flipped = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        with pytest.raises((Tampered, Unavailable)):  # a key id that KMS does not know may also be a fault of ours
            unseal(flipped, context)


def test_the_default_subject_is_the_installations_address(fresh: Sites) -> None:
    assert make(fresh, "ten_ada").subject == "mailto:push@example.com"
