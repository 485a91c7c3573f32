"""API keys: the key itself stands under its prefix (`APIKEY#<prefix>`), its tenant lists it by `APIKEY#<id>`.

One home for every fact: authentication is one read, and revoking is one change of that same row. What blocks a key is
suspicion's to write, and only read here.
"""

from __future__ import annotations

from datetime import datetime

from chalicelib.aws.dynamo import Put, Refused, Span, Update, absent, equals, transact
from chalicelib.aws.values import known
from chalicelib.core.clock import in_seconds
from chalicelib.core.errors import Stale
from chalicelib.core.paging import Page
from chalicelib.core.suspicion import Block
from chalicelib.features.identity.model.api_key import REVOKED_KEPT_FOR, ApiKey
from chalicelib.features.identity.store.rows import CORE, Key, change, changing, insert, read
from chalicelib.features.identity.store.suspicion import guard_key

_LISTED, _REVOKED = 1, 2  # the two revisions a listing ever has


class ApiKeyRows:
    def put(self, key: ApiKey) -> bool:
        """False when the prefix is taken."""
        listing = {"v": 1, "rev": _LISTED, "prefix": key.prefix}
        pk, sk = _listing_key(key.tenant_id, key.id)
        try:
            transact(insert(_key(key.prefix), key), Put(CORE, {"pk": pk, "sk": sk, **listing}, absent()))
        except Refused:
            return False
        return True

    def at(self, prefix: str) -> ApiKey | None:
        row = CORE.get(*_key(prefix))
        return read(row, ApiKey) if row else None

    def with_block(self, key: ApiKey) -> tuple[ApiKey | None, Block | None]:
        keys = [_key(key.prefix), guard_key(key.id)]
        found = {(row["pk"], row["sk"]): row for row in CORE.get_many(keys)}
        now, block = (found.get(each) for each in keys)
        return read(now, ApiKey) if now else None, read(block, Block) if block else None

    def get(self, tenant_id: str, key_id: str) -> ApiKey | None:
        row = CORE.get(*_listing_key(tenant_id, key_id))
        return self.at(known(row)["prefix"]) if row else None

    def of_tenant(self, tenant_id: str, *, limit: int, position: str | None) -> Page[ApiKey]:
        pk, prefix = _listing_key(tenant_id, "")
        page = CORE.query(pk, Span(prefix=prefix), limit=limit, position=position)
        rows = CORE.get_many(_key(known(row)["prefix"]) for row in page.rows)
        return Page(sorted((read(row, ApiKey) for row in rows), key=lambda key: key.id), page.position)

    def note_use(self, key: ApiKey, *, now: datetime) -> None:
        change(_key(key.prefix), rev=key.rev, last_used_at=now)

    def revoke(self, key: ApiKey, *, now: datetime) -> None:
        """Raises Stale. Both rows are swept away when nobody asks for the key any more."""
        ttl = in_seconds(now + REVOKED_KEPT_FOR)
        listing = Update(
            CORE, *_listing_key(key.tenant_id, key.id), {"ttl": ttl, "rev": _REVOKED}, equals("rev", _LISTED)
        )
        try:
            transact(changing(_key(key.prefix), rev=key.rev, revoked_at=now, ttl=ttl), listing)
        except Refused:
            raise Stale from None


def _key(prefix: str) -> Key:
    return f"APIKEY#{prefix}", "-"


def _listing_key(tenant_id: str, key_id: str) -> Key:
    return f"T#{tenant_id}" if tenant_id else "OPERATOR", f"APIKEY#{key_id}"
