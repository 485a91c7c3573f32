"""Tenants as rows of the core table: `T#<tenant>` / `TENANT`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import msgspec

from chalicelib.aws.dynamo import Put, Refused, Table, Update, absent, equals
from chalicelib.aws.values import Row, known
from chalicelib.core.errors import Stale
from chalicelib.features.tenants.model import Tenant

_SK = "TENANT"
_TABLE = Table("core")


class TenantRows:
    def get(self, tenant_id: str) -> Tenant | None:
        row = _TABLE.get(*self.key(tenant_id))
        return self.read(row) if row else None

    def get_many(self, tenant_ids: Iterable[str]) -> list[Tenant]:
        return [self.read(row) for row in _TABLE.get_many(self.key(tenant_id) for tenant_id in tenant_ids)]

    def change(self, tenant: Tenant) -> Tenant:
        """What may change of one: IF it still is at its `rev`."""
        changed = replace(tenant, rev=tenant.rev + 1)
        written = {name: getattr(changed, name) for name in ("name", "requires_second_factor", "rev")}
        written["closes_at"] = changed.closes_at.isoformat() if changed.closes_at else None
        try:
            _TABLE.update(*self.key(tenant.id), written, equals("rev", tenant.rev))
        except Refused:
            raise Stale from None
        return changed

    def key(self, tenant_id: str) -> tuple[str, str]:
        return _pk(tenant_id), _SK

    def read(self, row: Row) -> Tenant:
        return msgspec.convert(known(row), Tenant)


def put_tenant(tenant: Tenant) -> Put:
    """The write that opens a tenant, for the transaction that also makes its owner."""
    return Put(_TABLE, {"pk": _pk(tenant.id), "sk": _SK, "v": 1, **_fields(tenant)}, absent())


def _fields(tenant: Tenant) -> Row:
    fields: Row = msgspec.to_builtins(tenant)
    return {name: value for name, value in fields.items() if value is not None}


def change_sso(tenant: Tenant) -> Update:
    """The write that says how members sign in, for the transaction that also says where: `tenant` as it shall be, with
    the `rev` that was read.
    """
    changes = {"requires_sso": tenant.requires_sso, "sso_epoch": tenant.sso_epoch, "rev": tenant.rev + 1}
    return Update(_TABLE, _pk(tenant.id), _SK, changes, equals("rev", tenant.rev))


def _pk(tenant_id: str) -> str:
    return f"T#{tenant_id}"
