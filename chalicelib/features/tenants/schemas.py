"""HTTP bodies of a tenant as its own people see it."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from chalicelib.features.tenants.model import LONGEST_NAME, Tenant
from chalicelib.web.schema import Schema, example


class TenantRenaming(Schema):
    model_config = example(name="Analytical Engines")

    name: str = Field(min_length=1, max_length=LONGEST_NAME)


class OwnTenant(Schema):
    model_config = example(name="Analytical Engines", plan="free", state="active")

    id: str
    name: str
    plan: str
    state: str
    created_at: datetime

    @classmethod
    def of(cls, tenant: Tenant) -> OwnTenant:
        return cls(id=tenant.id, name=tenant.name, plan=tenant.plan, state=tenant.state, created_at=tenant.created_at)
