"""Sites: made, changed, closed; who a browser's site key and origin belong to; and the keys that sign pushes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Protocol, TypeVar

from msgspec import UNSET, UnsetType

from chalicelib.core import chance, ids
from chalicelib.core.encoding import b64url
from chalicelib.core.errors import Forbidden, NotFound, PushError, Stale
from chalicelib.core.paging import Cursors, Page
from chalicelib.core.ports import Clock
from chalicelib.features.sites.model import (
    OriginNotAllowed,
    SealedKey,
    SigningKey,
    Site,
    admits,
    check_name,
    check_origins,
    check_subject,
    check_sunset,
    check_url,
    is_site_id,
    is_site_key,
    origin_of,
)

T = TypeVar("T")

_ATTEMPTS = 5
_KEPT_FOR = timedelta(minutes=5)
_MOST_KEPT = 256
_IDENTITY = "identity"  # where a VAPID key has its id, in the context that a secret is sealed under


class SiteStore(Protocol):
    def add(self, site: Site, key: SealedKey, *, identity_secret: bytes) -> None:
        """The site, its key and the guard of its site key: all or none."""
        ...

    def get(self, tenant_id: str, site_id: str) -> Site | None:
        """None for a foreign id as for an unknown one."""
        ...

    def find(self, site_key: str) -> Site | None:
        """By the guard; the one look-up that starts without a tenant."""
        ...

    def page(self, tenant_id: str, *, after: str | None, limit: int) -> Page[Site]:
        """In order of birth; `position` is the id of the last one shown."""
        ...

    def change(self, site: Site) -> bool:
        """Writes what may change, IF the row is still at `site.rev`."""
        ...

    def close(self, site: Site, *, at: datetime) -> bool:
        """Takes the site and its guard out of sight, IF the row is still at `site.rev`."""
        ...

    def key(self, tenant_id: str, site_id: str, key_id: str) -> SealedKey | None:
        """One VAPID key of the site, sealed."""
        ...

    def keys(self, tenant_id: str, site_id: str) -> Sequence[SealedKey]:
        """All VAPID keys of the site, also of a closed one."""
        ...

    def seal_key_anew(self, tenant_id: str, site_id: str, key: SealedKey, *, instead_of: bytes) -> bool:
        """IF it still lies sealed as these bytes."""
        ...

    def identity_secret(self, tenant_id: str, site_id: str) -> bytes | None:
        """Sealed."""
        ...

    def seal_identity_secret_anew(self, tenant_id: str, site_id: str, sealed: bytes, *, instead_of: bytes) -> bool:
        """IF it still lies sealed as these bytes."""
        ...


class Vault(Protocol):
    def seal(self, plaintext: bytes, context: Mapping[str, str], /) -> bytes:
        """Opens again only under the same context."""
        ...

    def unseal(self, sealed: bytes, context: Mapping[str, str], /) -> bytes:
        """Raises Tampered for anything that was not sealed under this context."""
        ...

    def is_stale(self, sealed: bytes, /) -> bool:
        """Whether it may stand under a key of the installation that is being replaced. Opens nothing."""
        ...


class Nights(Protocol):
    def plan(self, *, tenant_id: str, now: datetime) -> None:
        """Have somebody come at night and look which subscriptions gave no sign of life."""
        ...


class KeyPair(Protocol):
    def __call__(self) -> tuple[bytes, bytes]:
        """A new P-256 pair: the private scalar (32 bytes) and the uncompressed public point (65)."""
        ...


@dataclass(frozen=True)
class Terms:
    """What this installation says about all sites."""

    allows_http_origins: bool
    default_subject: str


class Sites:
    def __init__(
        self,
        *,
        store: SiteStore,
        vault: Vault,
        key_pair: KeyPair,
        terms: Terms,
        clock: Clock,
        cursor_secret: Callable[[], bytes],
        nights: Nights,
    ) -> None:
        self._store = store
        self._vault = vault
        self._key_pair = key_pair
        self._terms = terms
        self._clock = clock
        self._cursor_secret = cursor_secret
        self._nights = nights
        self._tried: dict[tuple[str, str], datetime] = {}
        self._opened: dict[tuple[str, str, str], tuple[datetime, SigningKey]] = {}
        self._opening = Lock()  # batches side by side want the same key in the same instant: one asks for it

    def create(
        self,
        *,
        tenant_id: str,
        name: str,
        url: str,
        now: datetime,
        origins: tuple[str, ...] | None = None,
        subject: str | None = None,
        bound_to: str | None = None,
    ) -> Site:
        """`bound_to` is the site of an API key that is bound to one: such a key makes no others."""
        if bound_to is not None:
            raise Forbidden("A key that is bound to one site cannot make another.")
        allows_http = self._terms.allows_http_origins
        wanted = (origin_of(url, allows_http=allows_http),) if origins is None else origins
        scalar, public = self._key_pair()
        site = Site(
            id=ids.new("site"),
            tenant_id=tenant_id,
            name=check_name(name),
            url=check_url(url, allows_http=allows_http),
            origins=check_origins(wanted, allows_http=allows_http),
            site_key=f"pk_{chance.token(16).hex()}",
            subject=self._terms.default_subject if subject is None else check_subject(subject),
            key_id=ids.new("vap"),
            vapid_public_key=b64url(public),
            created_at=now,
        )
        key = SealedKey(site.key_id, public, self._vault.seal(scalar, _context(tenant_id, site.id, site.key_id)))
        self._store.add(site, key, identity_secret=self._new_identity_secret(tenant_id, site.id))
        return site

    def get(self, *, tenant_id: str, site_id: str) -> Site:
        """For the API, which may open and seal: see `_keep_fresh`."""
        return self._keep_fresh(_found(self._store.get(tenant_id, site_id) if is_site_id(site_id) else None))

    def name(self, *, tenant_id: str, site_id: str) -> str:
        """For letters, by functions that may open nothing."""
        return _found(self._store.get(tenant_id, site_id)).name

    def list(self, *, tenant_id: str, limit: int, cursor: str | None, bound_to: str | None = None) -> Page[Site]:
        """`position` of the page is a sealed cursor."""
        if bound_to is not None:
            return Page([self.get(tenant_id=tenant_id, site_id=bound_to)], None)
        cursors = Cursors(secret=self._cursor_secret(), scope=f"{tenant_id}/sites")
        page = self._store.page(tenant_id, after=cursors.open(cursor), limit=limit)
        return Page(page.rows, cursors.seal(page.position))

    def change(
        self,
        *,
        tenant_id: str,
        site_id: str,
        name: str | None = None,
        url: str | None = None,
        origins: tuple[str, ...] | None = None,
        subject: str | None = None,
        sunset_after_days: int | UnsetType | None = UNSET,
    ) -> Site:
        """None leaves as it is, but for the sunset, which it calls off. A new url does not touch the origins: those are
        what browsers are held to.
        """
        allows_http = self._terms.allows_http_origins
        wanted: dict[str, Any] = {
            "name": None if name is None else check_name(name),
            "url": None if url is None else check_url(url, allows_http=allows_http),
            "origins": None if origins is None else check_origins(origins, allows_http=allows_http),
            "subject": None if subject is None else check_subject(subject),
        }
        changes = {field: value for field, value in wanted.items() if value is not None}
        if sunset_after_days is not UNSET:
            changes["sunset_after_days"] = None if sunset_after_days is None else check_sunset(sunset_after_days)
        for _ in range(_ATTEMPTS):
            site = self.get(tenant_id=tenant_id, site_id=site_id)
            changed = replace(site, **changes)
            if changed == site:
                return site
            if changed.sunset_after_days is not None and site.sunset_after_days is None:
                self._nights.plan(tenant_id=tenant_id, now=self._clock.now())  # first: else nobody would keep the word
            if self._store.change(changed):
                return replace(changed, rev=site.rev + 1)
        raise Stale

    def close(self, *, tenant_id: str, site_id: str, now: datetime) -> Site:
        """From now on the site is unknown, also to its browsers. Its subscriptions and keys wait for a clean-up."""
        for _ in range(_ATTEMPTS):
            site = self.get(tenant_id=tenant_id, site_id=site_id)
            if self._store.close(site, at=now):
                return site
        raise Stale

    def by_key(self, site_key: str) -> Site:
        return self._keep_fresh(_found(self._store.find(site_key) if is_site_key(site_key) else None))

    def admit(self, *, site_key: str, origin: str | None) -> Site:
        """The site a browser speaks for, when it stands on one of the site's own pages."""
        site = self.by_key(site_key)
        if origin is None or not admits(site, origin, allows_http=self._terms.allows_http_origins):
            raise OriginNotAllowed
        return site

    def signing_key(self, *, tenant_id: str, site_id: str, key_id: str) -> SigningKey:
        """Kept in memory for five minutes, under its full name: a warm Lambda serves many tenants.

        A changed subject, or a closed site, is therefore noticed up to five minutes late.
        """
        place, now = (tenant_id, site_id, key_id), self._clock.now()
        with self._opening:
            kept = self._opened.get(place)
            if kept and timedelta() <= now - kept[0] < _KEPT_FOR:
                return kept[1]
            opened = self._open(tenant_id, site_id, key_id)
            if len(self._opened) >= _MOST_KEPT:
                self._opened.clear()
            self._opened[place] = (now, opened)
            return opened

    def key_id_of(self, *, tenant_id: str, site_id: str, vapid_public_key: str) -> str | None:
        """Of a key that the site has, or has had; None for any other."""
        keys = self._store.keys(tenant_id, site_id)
        return next((key.key_id for key in keys if b64url(key.public) == vapid_public_key), None)

    def identity_secret(self, *, tenant_id: str, site_id: str) -> str:
        """What a site's own server signs external ids with. Its UTF-8 bytes are the HMAC key."""
        sealed = _found(self._store.identity_secret(tenant_id, site_id) if is_site_id(site_id) else None)
        secret = self._vault.unseal(sealed, _context(tenant_id, site_id, _IDENTITY))
        if self._vault.is_stale(sealed):
            self.get(tenant_id=tenant_id, site_id=site_id)
        return secret.decode()

    # --- When the installation's key is replaced ---

    def seal_key_anew(self, *, tenant_id: str, site_id: str, key_id: str) -> bool:
        """The same secret, under the key that seals now. False when it was changed or taken away meanwhile."""
        key = self._store.key(tenant_id, site_id, key_id)
        if key is None:
            return False
        anew = replace(key, sealed=self._sealed_anew(key.sealed, _context(tenant_id, site_id, key_id)))
        return self._store.seal_key_anew(tenant_id, site_id, anew, instead_of=key.sealed)

    def seal_identity_secret_anew(self, *, tenant_id: str, site_id: str) -> bool:
        """The same."""
        sealed = self._store.identity_secret(tenant_id, site_id)
        if sealed is None:
            return False
        anew = self._sealed_anew(sealed, _context(tenant_id, site_id, _IDENTITY))
        return self._store.seal_identity_secret_anew(tenant_id, site_id, anew, instead_of=sealed)

    def _keep_fresh(self, site: Site) -> Site:
        """Whoever reads a site sees by its identity secret whether its secrets are stale, and has them sealed anew, the
        keys first: the identity secret is the last to be, so that it tells of all. What goes wrong with that is tried
        again five minutes later, and never the matter of who asked for something else.
        """
        with suppress(PushError):
            if self._vault.is_stale(site.identity_secret) and self._may_try(site):
                place = {"tenant_id": site.tenant_id, "site_id": site.id}
                for key in self._store.keys(**place):
                    if self._vault.is_stale(key.sealed):
                        self.seal_key_anew(**place, key_id=key.key_id)
                self.seal_identity_secret_anew(**place)
        return site

    def _may_try(self, site: Site) -> bool:
        place, now = (site.tenant_id, site.id), self._clock.now()
        tried = self._tried.get(place)
        if tried and timedelta() <= now - tried < _KEPT_FOR:
            return False
        if len(self._tried) >= _MOST_KEPT:
            self._tried.clear()
        self._tried[place] = now
        return True

    def _sealed_anew(self, sealed: bytes, context: Mapping[str, str]) -> bytes:
        return self._vault.seal(self._vault.unseal(sealed, context), context)

    def _open(self, tenant_id: str, site_id: str, key_id: str) -> SigningKey:
        site = _found(self._store.get(tenant_id, site_id))
        key = _found(self._store.key(tenant_id, site_id, key_id))
        scalar = self._vault.unseal(key.sealed, _context(tenant_id, site_id, key_id))
        return SigningKey(key_id, scalar, key.public, site.subject)

    def _new_identity_secret(self, tenant_id: str, site_id: str) -> bytes:
        secret = f"ids_{b64url(chance.token(32))}"
        return self._vault.seal(secret.encode(), _context(tenant_id, site_id, _IDENTITY))


def _context(tenant_id: str, site_id: str, key_id: str) -> dict[str, str]:
    return {"tenant": tenant_id, "site": site_id, "key": key_id}


def _found(thing: T | None) -> T:
    if thing is None:
        raise NotFound
    return thing
