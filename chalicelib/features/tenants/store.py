"""Tenants as rows of the core table: `T#<tenant>` / `TENANT`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import msgspec

from chalicelib.aws.dynamo import Put, Refused, Table, absent, equals
from chalicelib.aws.values import Row, known
from chalicelib.core.errors import Stale
from chalicelib.features.tenants.model import Tenant

_SK = "TENANT"
_TABLE = Table("core")


class TenantRows:
    def get(self, tenant_id: str) -> Tenant | None:
        row = _TABLE.get(_pk(tenant_id), _SK)
        return _tenant(row) if row else None

    def get_many(self, tenant_ids: Iterable[str]) -> list[Tenant]:
        return [_tenant(row) for row in _TABLE.get_many((_pk(tenant_id), _SK) for tenant_id in tenant_ids)]

    def rename(self, tenant: Tenant, name: str) -> Tenant:
        renamed = replace(tenant, name=name, rev=tenant.rev + 1)
        try:
            _TABLE.update(_pk(tenant.id), _SK, {"name": name, "rev": renamed.rev}, equals("rev", tenant.rev))
        except Refused:
            raise Stale from None
        return renamed


def put_tenant(tenant: Tenant) -> Put:
    """The write that opens a tenant, for the transaction that also makes its owner."""
    return Put(_TABLE, {"pk": _pk(tenant.id), "sk": _SK, "v": 1, **msgspec.to_builtins(tenant)}, absent())


def _pk(tenant_id: str) -> str:
    return f"T#{tenant_id}"


def _tenant(row: Row) -> Tenant:
    return msgspec.convert(known(row), Tenant)
