"""Sites without AWS: the store's contract kept in dictionaries, and a vault whose boxes name where they belong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import msgspec

from chalicelib.aws.envelope import Tampered
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
    keys: dict[tuple[str, str, str], SealedKey] = field(default_factory=dict)
    secrets: dict[tuple[str, str], bytes] = field(default_factory=dict)
    guards: dict[str, tuple[str, str]] = field(default_factory=dict)
    reads: int = 0

    def add(self, site: Site, key: SealedKey, *, identity_secret: bytes) -> None:
        place = (site.tenant_id, site.id)
        self.rows[place], self.secrets[place] = site, identity_secret
        self.keys[*place, key.key_id] = key
        self.guards[site.site_key] = place

    def get(self, tenant_id: str, site_id: str) -> Site | None:
        self.reads += 1
        return self.rows.get((tenant_id, site_id))

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
        return self.keys.get((tenant_id, site_id, key_id))

    def identity_secret(self, tenant_id: str, site_id: str) -> bytes | None:
        return self.secrets.get((tenant_id, site_id))

    def _stands(self, site: Site) -> bool:
        before = self.rows.get((site.tenant_id, site.id))
        return before is not None and before.rev == site.rev


class GlassVault:
    """Seals nothing, but opens only under the context it was given."""

    def seal(self, plaintext: bytes, context: Mapping[str, str], /) -> bytes:
        return msgspec.msgpack.encode((plaintext, dict(context)))

    def unseal(self, sealed: bytes, context: Mapping[str, str], /) -> bytes:
        plaintext, bound_to = msgspec.msgpack.decode(sealed, type=tuple[bytes, dict[str, str]])
        if bound_to != context:
            raise Tampered
        return plaintext


def make_sites(store: MemorySites, *, clock: Clock | None = None, allows_http_origins: bool = False) -> Sites:
    return Sites(
        store=store,
        vault=GlassVault(),
        key_pair=key_pair,
        terms=Terms(allows_http_origins=allows_http_origins, default_subject="mailto:push@example.com"),
        clock=clock or ManualClock(NOW),
        cursor_secret=lambda: b"pepper",
    )
