"""Tenants on DynamoDB. `opening_write`, `standing_tenant` and `sso_write` are for identity's wiring only: they open a
tenant together with its owner, read it together with a member, and change it together with its identity provider.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from chalicelib.features.tenants.model import Tenant
from chalicelib.features.tenants.service import Tenants

if TYPE_CHECKING:
    from chalicelib.aws.dynamo import Put, Update
    from chalicelib.features.tenants.store import TenantRows


@cache
def tenants() -> Tenants:
    from chalicelib.features.tenants.store import TenantRows

    return Tenants(store=TenantRows())


def opening_write() -> Callable[[Tenant], Put]:
    from chalicelib.features.tenants.store import put_tenant

    return put_tenant


def standing_tenant() -> TenantRows:
    from chalicelib.features.tenants.store import TenantRows

    return TenantRows()


def sso_write() -> Callable[[Tenant], Update]:
    from chalicelib.features.tenants.store import change_sso

    return change_sso
