"""Tenants in memory. `rival`, if set, is called once between the next reading of one and its change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from chalicelib.core.errors import Stale
from chalicelib.features.tenants.model import Tenant


class MemoryTenants:
    def __init__(self) -> None:
        self.tenants: dict[str, Tenant] = {}
        self.rival: Callable[[], None] | None = None

    def get(self, tenant_id: str) -> Tenant | None:
        return self.tenants.get(tenant_id)

    def change(self, tenant: Tenant) -> Tenant:
        rival, self.rival = self.rival, None
        if rival is not None:
            rival()
        if self.tenants[tenant.id].rev != tenant.rev:
            raise Stale
        self.tenants[tenant.id] = replace(tenant, rev=tenant.rev + 1)
        return self.tenants[tenant.id]

    def get_many(self, tenant_ids: Iterable[str]) -> list[Tenant]:
        return [self.tenants[tenant_id] for tenant_id in set(tenant_ids) if tenant_id in self.tenants]
