"""What every store of sites must do: the real one over DynamoDB, and the fake that unit tests lean on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from chalicelib.aws.dynamo_connection import connection
from chalicelib.core import ids
from chalicelib.features.sites.model import SealedKey, Site
from chalicelib.features.sites.service import SiteStore
from chalicelib.features.sites.store import SiteRows
from tests.unit.sites.memory import MemorySites

if TYPE_CHECKING:
    from tests.fakes.installation import Installation

ADA, CYD = "ten_ada", "ten_cyd"
AT = datetime(2026, 3, 1, 12, 0, 0, 123_000, tzinfo=UTC)


@pytest.fixture(params=["memory", "rows"])
def store(request: pytest.FixtureRequest) -> Iterator[SiteStore]:
    if request.param == "memory":
        yield MemorySites()
    else:
        request.getfixturevalue("aws")
        yield SiteRows()


def a_site(tenant_id: str = ADA) -> Site:
    return Site(
        id=ids.new("site"),
        tenant_id=tenant_id,
        name="Bücher & mehr",
        url="https://shop.example/de",
        origins=("https://shop.example", "https://www.shop.example"),
        site_key=f"pk_{ids.ulid()}",
        subject="mailto:push@shop.com",
        key_id=ids.new("vap"),
        vapid_public_key="BPub",
        created_at=AT,
    )


def added(store: SiteStore, tenant_id: str = ADA) -> Site:
    site = a_site(tenant_id)
    store.add(site, SealedKey(site.key_id, b"public", b"sealed scalar"), identity_secret=b"sealed secret")
    return site


def test_a_site_comes_back_as_it_went_in(store: SiteStore) -> None:
    site = added(store)
    assert store.get(ADA, site.id) == site
    assert store.find(site.site_key) == site
    assert store.key(ADA, site.id, site.key_id) == SealedKey(site.key_id, b"public", b"sealed scalar")
    assert store.identity_secret(ADA, site.id) == b"sealed secret"


def test_another_tenant_sees_nothing_of_it(store: SiteStore) -> None:
    site = added(store)
    assert store.get(CYD, site.id) is None
    assert store.key(CYD, site.id, site.key_id) is None
    assert store.identity_secret(CYD, site.id) is None
    assert store.page(CYD, after=None, limit=10).rows == []
    assert not store.change(replace(site, tenant_id=CYD, name="Mine"))
    assert not store.close(replace(site, tenant_id=CYD), at=AT)
    assert store.find(site.site_key) == site


def test_the_unknown_is_none(store: SiteStore) -> None:
    site = a_site()
    assert store.get(ADA, site.id) is None
    assert store.find(site.site_key) is None
    assert store.key(ADA, site.id, site.key_id) is None
    assert store.identity_secret(ADA, site.id) is None
    assert not store.change(site)
    assert not store.close(site, at=AT)


def test_pages_run_through_the_tenants_sites_in_order(store: SiteStore) -> None:
    made = sorted((added(store) for _ in range(5)), key=lambda site: site.id)
    added(store, CYD)
    first = store.page(ADA, after=None, limit=2)
    second = store.page(ADA, after=first.position, limit=3)
    assert [*first.rows, *second.rows] == made
    assert (first.position, second.position) == (made[1].id, None)


def test_a_change_needs_the_revision_it_was_made_from(store: SiteStore) -> None:
    site = added(store)
    changed = replace(
        site, name="New", url="https://new.example", origins=("https://new.example",), subject="https://n.co"
    )
    assert store.change(changed)
    assert store.get(ADA, site.id) == replace(changed, rev=2)
    assert not store.change(replace(site, name="Too late"))
    assert store.get(ADA, site.id) == replace(changed, rev=2)
    assert store.identity_secret(ADA, site.id) == b"sealed secret"


def test_a_closed_site_is_out_of_sight_for_good(store: SiteStore) -> None:
    site, other = added(store), added(store)
    assert not store.close(replace(site, rev=7), at=AT)
    assert store.find(site.site_key) == site
    assert store.close(site, at=AT)
    assert store.get(ADA, site.id) is None
    assert store.find(site.site_key) is None
    assert store.identity_secret(ADA, site.id) is None
    assert not store.change(site)
    assert not store.close(site, at=AT)
    assert store.page(ADA, after=None, limit=10).rows == [other]


def test_the_row_of_a_closed_site_waits_for_the_clean_up_without_its_secret(aws: Installation) -> None:
    store = SiteRows()
    site = added(store)
    store.close(site, at=AT)
    rows = {row["sk"]: row for row in aws.rows("core")}
    assert set(rows) == {f"CLOSED#{site.id}", f"VAPID#{site.id}#{site.key_id}"}
    assert "identity_secret" not in rows[f"CLOSED#{site.id}"]
    assert {row["v"] for row in rows.values()} == {1}


def test_a_repeated_close_of_nothing_is_still_nothing(aws: Installation) -> None:
    """To find nothing to delete is no sign that an earlier attempt deleted it: the rest of the transaction would show."""
    events = connection().client.meta.events

    def send_again_once(attempts: int, **_: object) -> float | None:
        return 0.0 if attempts == 1 else None

    events.register("needs-retry.dynamodb.TransactWriteItems", send_again_once)
    try:
        assert not SiteRows().close(a_site(), at=AT)
    finally:
        events.unregister("needs-retry.dynamodb.TransactWriteItems", send_again_once)
    assert aws.rows("core") == []


def test_a_secret_is_sealed_anew_only_where_it_still_lies_as_it_did(store: SiteStore) -> None:
    site = added(store)
    key = SealedKey(site.key_id, b"public", b"anew")
    assert store.seal_key_anew(ADA, site.id, key, instead_of=b"sealed scalar")
    assert store.seal_identity_secret_anew(ADA, site.id, b"anew too", instead_of=b"sealed secret")
    assert not store.seal_key_anew(ADA, site.id, replace(key, sealed=b"late"), instead_of=b"sealed scalar")
    assert not store.seal_identity_secret_anew(ADA, site.id, b"late", instead_of=b"sealed secret")
    assert store.key(ADA, site.id, site.key_id) == key
    assert store.identity_secret(ADA, site.id) == b"anew too"
    found = store.get(ADA, site.id)
    assert found == site  # it is at the same revision: nobody who changes the site is in the way
    assert found.identity_secret == b"anew too"


def test_nothing_is_sealed_anew_that_is_not_there(store: SiteStore) -> None:
    site, key = a_site(), SealedKey("vap_1", b"public", b"anew")
    for tenant_id in (ADA, CYD):
        assert not store.seal_key_anew(tenant_id, site.id, key, instead_of=b"sealed scalar")
        assert not store.seal_identity_secret_anew(tenant_id, site.id, b"anew", instead_of=b"sealed secret")
    assert store.get(ADA, site.id) is None
    assert store.keys(ADA, site.id) == []


def test_all_keys_of_a_site_are_found_and_no_others(store: SiteStore) -> None:
    site, other = added(store), added(store)
    assert store.keys(ADA, site.id) == [SealedKey(site.key_id, b"public", b"sealed scalar")]
    assert store.keys(CYD, site.id) == []
    store.close(site, at=AT)
    assert [key.key_id for key in store.keys(ADA, site.id)] == [site.key_id]
    assert [key.key_id for key in store.keys(ADA, other.id)] == [other.key_id]
