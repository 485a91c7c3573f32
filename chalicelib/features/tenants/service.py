"""Looking tenants up. Opening one is identity's: a tenant comes into being together with its owner, or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from chalicelib.core import ids
from chalicelib.core.errors import NotFound
from chalicelib.features.tenants.model import Tenant


class TenantStore(Protocol):
    def get(self, tenant_id: str) -> Tenant | None:
        """The tenant as last written."""
        ...

    def get_many(self, tenant_ids: Iterable[str]) -> list[Tenant]:
        """Those that exist, in no order."""
        ...


class Tenants:
    def __init__(self, *, store: TenantStore) -> None:
        self._store = store

    def get(self, *, tenant_id: str) -> Tenant:
        tenant = self._store.get(tenant_id) if ids.is_id(tenant_id, "ten") else None
        if tenant is None:
            raise NotFound
        return tenant

    def get_many(self, *, tenant_ids: Iterable[str]) -> Mapping[str, Tenant]:
        return {tenant.id: tenant for tenant in self._store.get_many(tenant_ids)}
