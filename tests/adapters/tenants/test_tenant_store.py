"""What every store of tenants must do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from chalicelib.aws.dynamo import transact
from chalicelib.core.errors import Stale
from chalicelib.features.tenants.model import Tenant, open_tenant
from chalicelib.features.tenants.service import TenantStore
from chalicelib.features.tenants.store import TenantRows
from chalicelib.features.tenants.wiring import opening_write
from tests.fakes.tenants import MemoryTenants

AT = datetime(2026, 3, 1, 12, 0, 0, 123_456, tzinfo=UTC)
Opener = Callable[[Tenant], None]


@pytest.fixture(params=["memory", "rows"])
def store_and_opener(request: pytest.FixtureRequest) -> Iterator[tuple[TenantStore, Opener]]:
    if request.param == "memory":
        memory = MemoryTenants()
        yield memory, lambda tenant: memory.tenants.update({tenant.id: tenant})
    else:
        request.getfixturevalue("aws")
        yield TenantRows(), lambda tenant: transact(opening_write()(tenant))


def test_a_tenant_comes_back_as_it_went_in(store_and_opener: tuple[TenantStore, Opener]) -> None:
    store, opens = store_and_opener
    tenant = open_tenant(name="Bücher & mehr", plan="enterprise", now=AT)
    opens(tenant)
    assert store.get(tenant.id) == tenant
    assert store.get("ten_unknown") is None
    assert store.get_many([tenant.id, "ten_unknown", tenant.id]) == [tenant]
    assert store.get_many([]) == []


def test_a_tenant_is_changed_by_one_writer(store_and_opener: tuple[TenantStore, Opener]) -> None:
    store, opens = store_and_opener
    tenant = open_tenant(name="Bücher", plan="free", now=AT)
    opens(tenant)
    renamed = store.change(replace(tenant, name="店", requires_second_factor=True))
    assert renamed == replace(tenant, name="店", requires_second_factor=True, rev=2)
    assert store.get(tenant.id) == renamed
    with pytest.raises(Stale):
        store.change(replace(tenant, name="too late"))
