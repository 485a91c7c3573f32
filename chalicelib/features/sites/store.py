"""Sites and their keys as rows of the core table.

| pk | sk | holds |
|---|---|---|
| `T#<tenant>` | `SITE#<site>` | the site; `identity_secret` sealed; `key_id` names the VAPID key in use |
| `T#<tenant>` | `VAPID#<site>#<key>` | one VAPID key, `sealed`: a rotation adds a row, older keys go on signing |
| `T#<tenant>` | `CLOSED#<site>` | a deleted site, until its subscriptions and keys are cleaned up |
| `SITEKEY#<site key>` | `-` | whose site key this is |

Secrets are sealed under `{tenant, site, key}`, where `key` is the VAPID key's id, or `identity`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from itertools import islice

from chalicelib.aws.dynamo import Delete, Put, Refused, Span, Table, absent, equals, transact
from chalicelib.aws.values import Row, known
from chalicelib.core.clock import from_milliseconds, in_milliseconds
from chalicelib.core.paging import Page
from chalicelib.features.sites.model import SealedKey, Site

_SITE = "SITE#"
_VERSION = 1
_MOST_KEYS = 100  # of one site: each rotation adds one
_MOST_PLACES = 10_000  # remembered, of 150 bytes each


class SiteRows:
    def __init__(self) -> None:
        self._table = Table("core")
        self._places: dict[str, tuple[str, str]] = {}  # by site key, which names one site for ever

    def add(self, site: Site, key: SealedKey, *, identity_secret: bytes) -> None:
        key_row = {
            "pk": _pk(site.tenant_id),
            "sk": _key_sk(site.id, key.key_id),
            "v": _VERSION,
            "rev": 1,
            "public": key.public,
            "sealed": key.sealed,
            "created_at": in_milliseconds(site.created_at),
        }
        guard = {"pk": _guard(site.site_key), "sk": "-", "v": _VERSION, "tenant_id": site.tenant_id, "site_id": site.id}
        transact(
            Put(self._table, _site_row(site) | {"identity_secret": identity_secret}, absent()),
            Put(self._table, key_row, absent()),
            Put(self._table, guard, absent()),
        )

    def get(self, tenant_id: str, site_id: str) -> Site | None:
        row = self._table.get(*place_of(tenant_id, site_id))
        return _site(row, tenant_id) if row else None

    def find(self, site_key: str) -> Site | None:
        """Every visit of a browser begins with it, so where a key's site stands is asked once. Whether it still does is
        asked each time.
        """
        place = self._places.get(site_key) or self._look_up(site_key)
        return self.get(*place) if place else None

    def _look_up(self, site_key: str) -> tuple[str, str] | None:
        guard = self._table.get(_guard(site_key))
        if guard is None:
            return None
        if len(self._places) >= _MOST_PLACES:
            self._places.clear()
        place = self._places[site_key] = known(guard, newest=_VERSION)["tenant_id"], guard["site_id"]
        return place

    def page(self, tenant_id: str, *, after: str | None, limit: int) -> Page[Site]:
        """One more is asked for than is shown: its presence says that the list goes on."""
        found = self._table.query(
            _pk(tenant_id), Span(prefix=_SITE), limit=limit + 1, position=_SITE + after if after else None
        )
        sites = [_site(row, tenant_id) for row in islice(found.rows, limit)]
        return Page(sites, sites[-1].id if len(found.rows) > limit else None)

    def change(self, site: Site) -> bool:
        changes = {
            "name": site.name,
            "url": site.url,
            "origins": site.origins,
            "subject": site.subject,
            "sunset_after_days": site.sunset_after_days,
            "rev": site.rev + 1,
        }
        try:
            self._table.update(_pk(site.tenant_id), _SITE + site.id, changes, equals("rev", site.rev))
        except Refused:
            return False
        return True

    def close(self, site: Site, *, at: datetime) -> bool:
        closed = replace(site, rev=site.rev + 1)
        row = _site_row(closed) | {"sk": f"CLOSED#{site.id}", "closed_at": in_milliseconds(at)}
        try:
            transact(
                Delete(self._table, _pk(site.tenant_id), _SITE + site.id, equals("rev", site.rev)),
                Put(self._table, row, absent()),
                Delete(self._table, _guard(site.site_key), "-"),
            )
        except Refused:
            return False
        return True

    def key(self, tenant_id: str, site_id: str, key_id: str) -> SealedKey | None:
        row = self._table.get(_pk(tenant_id), _key_sk(site_id, key_id))
        return _key(row, key_id) if row else None

    def keys(self, tenant_id: str, site_id: str) -> list[SealedKey]:
        prefix = _key_sk(site_id, "")
        rows = self._table.query(_pk(tenant_id), Span(prefix=prefix), limit=_MOST_KEYS).rows
        return [_key(row, row["sk"].removeprefix(prefix)) for row in rows]

    def seal_key_anew(self, tenant_id: str, site_id: str, key: SealedKey, *, instead_of: bytes) -> bool:
        return self._seal_anew(_pk(tenant_id), _key_sk(site_id, key.key_id), "sealed", instead_of, key.sealed)

    def identity_secret(self, tenant_id: str, site_id: str) -> bytes | None:
        row = self._table.get(*place_of(tenant_id, site_id))
        return known(row, newest=_VERSION)["identity_secret"] if row else None

    def seal_identity_secret_anew(self, tenant_id: str, site_id: str, sealed: bytes, *, instead_of: bytes) -> bool:
        return self._seal_anew(*place_of(tenant_id, site_id), "identity_secret", instead_of, sealed)

    def _seal_anew(self, pk: str, sk: str, name: str, before: bytes, after: bytes) -> bool:
        """The bytes are the lock, and `rev` stays: the same secret is no change that anybody else could lose to."""
        try:
            self._table.update(pk, sk, {name: after}, equals(name, before))
        except Refused:
            return False
        return True


def place_of(tenant_id: str, site_id: str) -> tuple[str, str]:
    """Where its row is, for who reads it together with what is on the site."""
    return _pk(tenant_id), _SITE + site_id


def _pk(tenant_id: str) -> str:
    return f"T#{tenant_id}"


def _key_sk(site_id: str, key_id: str) -> str:
    return f"VAPID#{site_id}#{key_id}"


def _guard(site_key: str) -> str:
    return f"SITEKEY#{site_key}"


def _site_row(site: Site) -> Row:
    return {
        "pk": _pk(site.tenant_id),
        "sk": _SITE + site.id,
        "v": _VERSION,
        "rev": site.rev,
        "name": site.name,
        "url": site.url,
        "origins": list(site.origins),
        "site_key": site.site_key,
        "subject": site.subject,
        "key_id": site.key_id,
        "vapid_public_key": site.vapid_public_key,
        "created_at": in_milliseconds(site.created_at),
        "sunset_after_days": site.sunset_after_days,
    }


def _key(row: Row, key_id: str) -> SealedKey:
    return SealedKey(key_id, known(row, newest=_VERSION)["public"], row["sealed"])


def _site(row: Row, tenant_id: str) -> Site:
    return Site(
        id=known(row, newest=_VERSION)["sk"].removeprefix(_SITE),
        tenant_id=tenant_id,
        name=row["name"],
        url=row["url"],
        origins=tuple(row["origins"]),
        site_key=row["site_key"],
        subject=row["subject"],
        key_id=row["key_id"],
        vapid_public_key=row["vapid_public_key"],
        created_at=from_milliseconds(row["created_at"]),
        rev=row["rev"],
        sunset_after_days=row.get("sunset_after_days"),
        identity_secret=row["identity_secret"],
    )
