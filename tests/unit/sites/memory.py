"""Sites without AWS: the store's contract kept in dictionaries, and a vault whose boxes name where they belong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import msgspec

from chalicelib.aws.envelope import Tampered
from chalicelib.core.errors import Unavailable
from chalicelib.core.paging import Page
from chalicelib.core.ports import Clock
from chalicelib.features.sites.adapters.key_pairs import key_pair
from chalicelib.features.sites.model import SealedKey, Site
from chalicelib.features.sites.service import Sites, Terms
from tests.fakes.clock import ManualClock

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class MemorySites:
    rows: dict[tuple[str, str], Site] = field(default_factory=dict)
    keys_at: dict[tuple[str, str, str], SealedKey] = field(default_factory=dict)
    secrets: dict[tuple[str, str], bytes] = field(default_factory=dict)
    guards: dict[str, tuple[str, str]] = field(default_factory=dict)
    reads: int = 0

    def add(self, site: Site, key: SealedKey, *, identity_secret: bytes) -> None:
        place = (site.tenant_id, site.id)
        self.rows[place], self.secrets[place] = site, identity_secret
        self.keys_at[*place, key.key_id] = key
        self.guards[site.site_key] = place

    def get(self, tenant_id: str, site_id: str) -> Site | None:
        self.reads += 1
        site = self.rows.get((tenant_id, site_id))
        return replace(site, identity_secret=self.secrets[tenant_id, site_id]) if site else None

    def find(self, site_key: str) -> Site | None:
        place = self.guards.get(site_key)
        return self.get(*place) if place else None

    def page(self, tenant_id: str, *, after: str | None, limit: int) -> Page[Site]:
        later = [site for place, site in sorted(self.rows.items()) if place[0] == tenant_id and site.id > (after or "")]
        return Page(later[:limit], later[limit - 1].id if len(later) > limit else None)

    def change(self, site: Site) -> bool:
        if not self._stands(site):
            return False
        self.rows[site.tenant_id, site.id] = replace(site, rev=site.rev + 1)
        return True

    def close(self, site: Site, *, at: datetime) -> bool:
        if not self._stands(site):
            return False
        del self.rows[site.tenant_id, site.id], self.secrets[site.tenant_id, site.id], self.guards[site.site_key]
        return True

    def key(self, tenant_id: str, site_id: str, key_id: str) -> SealedKey | None:
        return self.keys_at.get((tenant_id, site_id, key_id))

    def keys(self, tenant_id: str, site_id: str) -> list[SealedKey]:
        return [key for place, key in sorted(self.keys_at.items()) if place[:2] == (tenant_id, site_id)]

    def seal_key_anew(self, tenant_id: str, site_id: str, key: SealedKey, *, instead_of: bytes) -> bool:
        before = self.key(tenant_id, site_id, key.key_id)
        if before is None or before.sealed != instead_of:
            return False
        self.keys_at[tenant_id, site_id, key.key_id] = key
        return True

    def identity_secret(self, tenant_id: str, site_id: str) -> bytes | None:
        return self.secrets.get((tenant_id, site_id))

    def seal_identity_secret_anew(self, tenant_id: str, site_id: str, sealed: bytes, *, instead_of: bytes) -> bool:
        if self.secrets.get((tenant_id, site_id)) != instead_of:
            return False
        self.secrets[tenant_id, site_id] = sealed
        return True

    def _stands(self, site: Site) -> bool:
        before = self.rows.get((site.tenant_id, site.id))
        return before is not None and before.rev == site.rev


class _Box(msgspec.Struct, array_like=True):
    plaintext: bytes
    bound_to: dict[str, str]
    key: str


class GlassVault:
    """Seals nothing, but opens only under the context it was given. `other` is the key that is being replaced."""

    def __init__(self, key: str = "first", *, other: str = "") -> None:
        self.key = key
        self.other = other
        self.is_away = False

    def seal(self, plaintext: bytes, context: Mapping[str, str], /) -> bytes:
        if self.is_away:
            raise Unavailable
        return msgspec.msgpack.encode(_Box(plaintext, dict(context), self.key))

    def unseal(self, sealed: bytes, context: Mapping[str, str], /) -> bytes:
        box = msgspec.msgpack.decode(sealed, type=_Box)
        if box.bound_to != context:
            raise Tampered
        return box.plaintext

    def is_stale(self, sealed: bytes, /) -> bool:
        return msgspec.msgpack.decode(sealed, type=_Box).key == self.other


class NoNights:
    """Notes who is to come."""

    def __init__(self) -> None:
        self.planned: list[str] = []

    def plan(self, *, tenant_id: str, now: datetime) -> None:
        self.planned.append(f"{tenant_id} {now:%d}")


def make_sites(
    store: MemorySites,
    *,
    clock: Clock | None = None,
    allows_http_origins: bool = False,
    vault: GlassVault | None = None,
    nights: NoNights | None = None,
) -> Sites:
    return Sites(
        store=store,
        vault=vault or GlassVault(),
        key_pair=key_pair,
        terms=Terms(allows_http_origins=allows_http_origins, default_subject="mailto:push@example.com"),
        clock=clock or ManualClock(NOW),
        cursor_secret=lambda: b"pepper",
        nights=nights or NoNights(),
    )
