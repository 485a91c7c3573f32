"""Tenants in memory."""

from __future__ import annotations

from collections.abc import Iterable

from chalicelib.features.tenants.model import Tenant


class MemoryTenants:
    def __init__(self) -> None:
        self.tenants: dict[str, Tenant] = {}

    def get(self, tenant_id: str) -> Tenant | None:
        return self.tenants.get(tenant_id)

    def get_many(self, tenant_ids: Iterable[str]) -> list[Tenant]:
        return [self.tenants[tenant_id] for tenant_id in set(tenant_ids) if tenant_id in self.tenants]
