"""Looking tenants up and naming them. Opening one is identity's: it comes into being with its owner, or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from chalicelib.core import ids
from chalicelib.core.errors import NotFound, Stale
from chalicelib.features.tenants.model import Tenant, clean_name

_MOST_ROUNDS = 8


class TenantStore(Protocol):
    def get(self, tenant_id: str) -> Tenant | None:
        """The tenant as last written."""
        ...

    def get_many(self, tenant_ids: Iterable[str]) -> list[Tenant]:
        """Those that exist, in no order."""
        ...

    def rename(self, tenant: Tenant, name: str) -> Tenant:
        """Raises Stale when it was changed meanwhile."""
        ...


class Tenants:
    def __init__(self, *, store: TenantStore) -> None:
        self._store = store

    def get(self, *, tenant_id: str) -> Tenant:
        tenant = self._store.get(tenant_id) if ids.is_id(tenant_id, "ten") else None
        if tenant is None:
            raise NotFound
        return tenant

    def rename(self, *, tenant_id: str, name: str) -> Tenant:
        cleaned = clean_name(name, pointer="/name")
        for _ in range(_MOST_ROUNDS):
            try:
                return self._store.rename(self.get(tenant_id=tenant_id), cleaned)
            except Stale:
                continue
        raise Stale

    def get_many(self, *, tenant_ids: Iterable[str]) -> Mapping[str, Tenant]:
        return {tenant.id: tenant for tenant in self._store.get_many(tenant_ids)}
