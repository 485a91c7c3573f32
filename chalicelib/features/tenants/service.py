"""Looking tenants up, and what they ask of their people. Opening one is identity's: it comes with its owner, or not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

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

    def change(self, tenant: Tenant) -> Tenant:
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

    def close(self, *, tenant_id: str, closes_at: datetime) -> Tenant:
        """Asked again, it stays with the day that was said first."""
        return self._changed(tenant_id, lambda tenant: replace(tenant, closes_at=tenant.closes_at or closes_at))

    def reopen(self, *, tenant_id: str, now: datetime) -> Tenant:
        tenant = self.get(tenant_id=tenant_id)
        if tenant.has_closed(now=now):
            raise NotFound  # it is being removed
        return self._changed(tenant_id, lambda tenant: replace(tenant, closes_at=None))

    def change(self, *, tenant_id: str, name: str | None = None, requires_second_factor: bool | None = None) -> Tenant:
        """None leaves as it is."""
        wanted: dict[str, Any] = {
            "name": None if name is None else clean_name(name, pointer="/name"),
            "requires_second_factor": requires_second_factor,
        }
        changes = {field: value for field, value in wanted.items() if value is not None}
        return self._changed(tenant_id, lambda tenant: replace(tenant, **changes))

    def _changed(self, tenant_id: str, change: Callable[[Tenant], Tenant]) -> Tenant:
        for _ in range(_MOST_ROUNDS):
            try:
                return self._store.change(change(self.get(tenant_id=tenant_id)))
            except Stale:
                continue
        raise Stale

    def get_many(self, *, tenant_ids: Iterable[str]) -> Mapping[str, Tenant]:
        return {tenant.id: tenant for tenant in self._store.get_many(tenant_ids)}
