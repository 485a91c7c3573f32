"""Subscriptions without AWS: the store's contract kept in a dictionary, and things that tests make again and again."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Container, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from chalicelib.core.encoding import b64url
from chalicelib.core.errors import NotFound
from chalicelib.features.sites.adapters.key_pairs import key_pair
from chalicelib.features.sites.model import Site
from chalicelib.features.subscriptions.model import Browser, Recipient, Status, Subscription, pack
from chalicelib.features.subscriptions.service.subscriptions import Subscriptions
from chalicelib.features.subscriptions.service.tombstones import Portion, Tombstones

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
POINT = key_pair()[1]
AUTH = b"sixteen bytes !!"
ADA, CYD = "ten_ada", "ten_cyd"


def endpoint(name: object = "x") -> str:
    return f"https://fcm.googleapis.com/fcm/send/{name}"


def a_browser(name: object = "x", *, auth: bytes = AUTH) -> Browser:
    return Browser(endpoint(name), POINT, auth)


def signed(secret: str, external_id: str) -> str:
    return base64.urlsafe_b64encode(hmac.digest(secret.encode(), external_id.encode(), "sha256")).decode()


@dataclass
class MemorySubscriptions:
    """The contract of `SubscriptionStore` and `Audience`; what it is asked is noted in `calls`."""

    rows: dict[tuple[str, str, bytes], Subscription] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def get(self, tenant_id: str, site_id: str, key: bytes) -> Subscription | None:
        self.calls.append("get")
        return self.rows.get((tenant_id, site_id, key))

    def put(self, subscription: Subscription) -> bool:
        self.calls.append("put")
        place = (subscription.tenant_id, subscription.site_id, subscription.key)
        before = self.rows.get(place)
        if (before.rev if before else 0) != subscription.rev:
            return False
        self.rows[place] = replace(subscription, rev=subscription.rev + 1)
        return True

    def page(
        self, tenant_id: str, site_id: str, *, after: bytes | None, limit: int, to: bytes | None = None
    ) -> tuple[Sequence[Subscription], bool]:
        self.calls.append("page")
        span = (after or b"", to or b"\xff" * 16)
        found = [row for row in self._of_site(tenant_id, site_id) if span[0] < row.key <= span[1]]
        return found[:limit], len(found) > limit

    def of_person(self, tenant_id: str, site_id: str, external_id: str, *, most: int) -> Sequence[Subscription]:
        self.calls.append("of_person")
        return [row for row in self._of_site(tenant_id, site_id) if row.external_id == external_id][:most]

    def read(
        self, tenant_id: str, site_id: str, *, start: bytes, end: bytes, limit: int
    ) -> tuple[list[Recipient], bool]:
        found = [_recipient(row) for row in self._of_site(tenant_id, site_id) if start <= row.key <= end]
        return found[:limit], len(found) > limit

    def pick(self, tenant_id: str, site_id: str, keys: Sequence[bytes]) -> list[Recipient]:
        asked = dict.fromkeys((tenant_id, site_id, key) for key in keys)
        return [_recipient(self.rows[place]) for place in asked if place in self.rows]

    def bury(self, tenant_id: str, site_id: str, *, key: bytes, active_since: int, reason: str, at: datetime) -> bool:
        self.calls.append("bury")
        row = self.rows.get((tenant_id, site_id, key))
        if row is None or not row.is_active or row.active_since != active_since:
            return False
        ended = replace(row, status=Status.ENDED, ended_at=at, ended_reason=reason, rev=row.rev + 1)
        self.rows[tenant_id, site_id, key] = ended
        return True

    def trouble(self, tenant_id: str, site_id: str, *, key: bytes, active_since: int, why: str) -> bool:
        row = self.rows.get((tenant_id, site_id, key))
        if row is None or not row.is_active or row.active_since != active_since or row.trouble:
            return False
        self.rows[tenant_id, site_id, key] = replace(row, trouble=why, rev=row.rev + 1)
        return True

    def revive(self, tombstone: Subscription, *, active_since: int) -> bool:
        self.calls.append("revive")
        place = (tombstone.tenant_id, tombstone.site_id, tombstone.key)
        row = self.rows.get(place)
        if row is None or _life(row) != _life(tombstone):
            return False
        self.rows[place] = replace(
            row,
            status=Status.ACTIVE,
            active_since=active_since,
            ended_at=None,
            ended_reason=None,
            trouble=None,
            rev=row.rev + 1,
        )
        return True

    def _of_site(self, tenant_id: str, site_id: str) -> list[Subscription]:
        return [row for place, row in sorted(self.rows.items()) if place[:2] == (tenant_id, site_id)]


def _recipient(row: Subscription) -> Recipient:
    return Recipient(row.key, row.is_active, row.active_since, row.key_id, row.external_id, pack(row.packed))


def _life(row: Subscription) -> tuple[object, ...]:
    return row.status, row.active_since, row.ended_at, row.ended_reason


class OneSiteEach:
    """A site for Ada and one for Cyd, each with its own identity secret."""

    def __init__(self) -> None:
        self.secrets = {(ADA, "site_a"): "ids_of_ada", (ADA, "site_b"): "ids_of_b", (CYD, "site_c"): "ids_of_cyd"}
        self.key_id = "vap_1"
        self.sunset_after_days: int | None = None

    def get(self, *, tenant_id: str, site_id: str) -> Site:
        if (tenant_id, site_id) not in self.secrets:
            raise NotFound
        origins = ("https://shop.example",)
        subject = "mailto:push@shop.com"
        return Site(
            site_id,
            tenant_id,
            "Shop",
            origins[0],
            origins,
            "pk_x",
            subject,
            self.key_id,
            b64url(POINT),
            created_at=NOW,
            sunset_after_days=self.sunset_after_days,
        )

    def key_id_of(self, *, tenant_id: str, site_id: str, vapid_public_key: str) -> str | None:
        self.get(tenant_id=tenant_id, site_id=site_id)
        return {b64url(POINT): self.key_id, "an older key": "vap_0"}.get(vapid_public_key)

    def identity_secret(self, *, tenant_id: str, site_id: str) -> str:
        self.get(tenant_id=tenant_id, site_id=site_id)
        return self.secrets[tenant_id, site_id]


@dataclass
class MemoryErasures:
    noted: dict[tuple[str, str, bytes], datetime] = field(default_factory=dict)

    def note(self, tenant_id: str, site_id: str, keys: Sequence[bytes], *, until: datetime) -> None:
        self.noted |= {(tenant_id, site_id, key): until for key in keys}

    def know(self, tenant_id: str, site_id: str, keys: Sequence[bytes], *, now: datetime) -> bool:
        return any(self.noted.get((tenant_id, site_id, key), now) > now for key in keys)


class MemoryOnSites:
    def __init__(self, store: MemorySubscriptions, *, known: Container[tuple[str, str]]) -> None:
        self._store = store
        self._known = known

    def named(self, tenant_id: str, site_id: str, keys: Sequence[bytes]) -> Sequence[Subscription] | None:
        self._store.calls.append("named")
        found = (self._store.rows.get((tenant_id, site_id, key)) for key in dict.fromkeys(keys))
        return [row for row in found if row] if (tenant_id, site_id) in self._known else None

    def of_people(
        self, tenant_id: str, site_id: str, external_ids: Sequence[str], *, most: int
    ) -> Sequence[Subscription] | None:
        if (tenant_id, site_id) not in self._known:
            return None
        people = dict.fromkeys(external_ids)
        found = [row for person in people for row in self._store.of_person(tenant_id, site_id, person, most=most)]
        return sorted(found, key=lambda row: row.key)


def make_subscriptions(
    store: MemorySubscriptions, sites: OneSiteEach | None = None, erasures: MemoryErasures | None = None
) -> Subscriptions:
    sites = sites or OneSiteEach()
    return Subscriptions(
        store=store,
        erasures=erasures or MemoryErasures(),
        on_sites=MemoryOnSites(store, known=sites.secrets),
        sites=sites,
        installation_secret=lambda: b"installation",
        pepper=lambda: b"pepper",
    )


def make_tombstones(store: MemorySubscriptions, portion: Portion) -> Tombstones:
    return Tombstones(store=store, sites=OneSiteEach(), cursor_secret=lambda: b"pepper", portion=portion)


def key_by_hand(site_id: str, url: str) -> str:
    """The rule as it is written down, computed the long way."""
    return hmac.new(b"installation", site_id.encode() + b"\0" + url.encode(), hashlib.sha256).hexdigest()[:32]
