"""Bodies of API keys."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from chalicelib.core.identity import Mode, Scope
from chalicelib.features.identity.model.api_key import ApiKey
from chalicelib.features.tenants.model import LONGEST_NAME
from chalicelib.web.instant import Instant
from chalicelib.web.schema import Schema, Secret, example

_SENDS = ["campaigns:read", "campaigns:send", "campaigns:write"]
TenantScope = Annotated[Scope, Field(description="What a key may do; not more than who makes it.")]


class NewApiKey(Schema):
    model_config = example(name="Checkout server", scopes=_SENDS)

    name: str = Field(min_length=1, max_length=LONGEST_NAME)
    scopes: list[TenantScope] = Field(min_length=1, max_length=len(Scope))
    site_id: str | None = Field(None, max_length=64, description="The only site this key knows of.")
    expires_at: Instant | None = None
    mode: Mode = Field(Mode.LIVE, description="What a test key sends goes everywhere but out.")


class ApiKeyView(Schema):
    model_config = example(
        name="Checkout server",
        prefix="ps_live_4f7k2m9x",
        scopes=_SENDS,
        created_by="usr_01kz8m5q3v7x9c2b4n6t8w0y1e",
        last_used_at="2026-03-01T09:00:00Z",
    )

    id: str
    name: str
    prefix: str
    scopes: list[Scope]
    mode: Mode
    site_id: str | None
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, key: ApiKey) -> ApiKeyView:
        return cls(**_shown(key))


class FreshApiKey(ApiKeyView):
    """`key` is shown this once."""

    model_config = example(
        name="Checkout server",
        prefix="ps_live_4f7k2m9x",
        scopes=_SENDS,
        created_by="usr_01kz8m5q3v7x9c2b4n6t8w0y1e",
        key="ps_live_4f7k2m9x_…",
    )

    key: Secret

    @classmethod
    def issued(cls, key: ApiKey, *, text: str) -> FreshApiKey:
        return cls(key=text, **_shown(key))


class ApiKeyList(Schema):
    data: list[ApiKeyView]
    next_cursor: str | None
    has_more: bool


def _shown(key: ApiKey) -> dict[str, Any]:
    shown = {name: getattr(key, name) for name in ApiKeyView.model_fields}
    return shown | {"scopes": list(key.scopes), "prefix": f"ps_{key.mode}_{key.prefix}"}
