"""Tenants as rows of the core table: `T#<tenant>` / `TENANT`."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from chalicelib.aws.dynamo import Put, Table, absent
from chalicelib.aws.values import Row, known
from chalicelib.features.tenants.model import Tenant

_SK = "TENANT"
_TABLE = Table("core")


class TenantRows:
    def get(self, tenant_id: str) -> Tenant | None:
        row = _TABLE.get(_pk(tenant_id), _SK)
        return _tenant(row) if row else None

    def get_many(self, tenant_ids: Iterable[str]) -> list[Tenant]:
        return [_tenant(row) for row in _TABLE.get_many((_pk(tenant_id), _SK) for tenant_id in tenant_ids)]


def put_tenant(tenant: Tenant) -> Put:
    """The write that opens a tenant, for the transaction that also makes its owner."""
    return Put(_TABLE, {"pk": _pk(tenant.id), "sk": _SK, "v": 1, **msgspec.to_builtins(tenant)}, absent())


def _pk(tenant_id: str) -> str:
    return f"T#{tenant_id}"


def _tenant(row: Row) -> Tenant:
    return msgspec.convert(known(row), Tenant)
