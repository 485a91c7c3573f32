"""HTTP bodies of a tenant as its own people see it."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from chalicelib.features.tenants.model import LONGEST_NAME, Tenant
from chalicelib.web.schema import Schema, example


class TenantChange(Schema):
    """What is left out stays as it is."""

    model_config = example(name="Analytical Engines")

    name: str | None = Field(None, min_length=1, max_length=LONGEST_NAME)
    require_second_factor: bool | None = Field(
        None, description="Whether members need a second factor. Only an owner may say so, by a token of step-up's."
    )


class OwnTenant(Schema):
    model_config = example(name="Analytical Engines", plan="free", state="active")

    id: str
    name: str
    plan: str
    state: str
    require_second_factor: bool
    require_sso: bool = Field(description="Whether members but owners sign in by `GET /v1/tenant/sso` only.")
    created_at: datetime
    closes_at: datetime | None = Field(None, description="When it is removed, if it is closing.")

    @classmethod
    def of(cls, tenant: Tenant) -> OwnTenant:
        return cls(
            id=tenant.id,
            name=tenant.name,
            plan=tenant.plan,
            state="closing" if tenant.closes_at else tenant.state,
            require_second_factor=tenant.requires_second_factor,
            require_sso=tenant.requires_sso,
            created_at=tenant.created_at,
            closes_at=tenant.closes_at,
        )
