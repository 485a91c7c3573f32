"""What a tenant wants kept, as a row of the core table, `T#<tenant>` / `RETENTION`; and what is older than that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import msgspec

from chalicelib.aws.dynamo import Refused, Span, Table, equals
from chalicelib.aws.values import known
from chalicelib.core.clock import from_milliseconds
from chalicelib.features.campaigns.model import RUNS_KEPT_FOR
from chalicelib.features.privacy.model import Portion, Retention
from chalicelib.features.privacy.store import keys
from chalicelib.features.privacy.store.sites import remove_run
from chalicelib.features.subscriptions.model import Status, Subscription, unpack

CORE, SUBS = Table("core"), Table("subs")
_SHARDS = "0123456789abcdef"
_LINKS_A_PORTION = 100


class RetentionRows:
    def get(self, tenant_id: str) -> Retention:
        row = CORE.get(f"T#{tenant_id}", "RETENTION")
        return msgspec.convert(known(row), Retention) if row else Retention()

    def put(self, tenant_id: str, wanted: Retention) -> None:
        CORE.put({"pk": f"T#{tenant_id}", "sk": "RETENTION", "v": 1, **msgspec.to_builtins(wanted)})

    def drop_subscriptions(self, tenant_id: str, *, position: str, drops: Callable[[Subscription], bool]) -> Portion:
        """A few hundred rows of one shard. `position` is `<site>#<shard>#<key>`. Who has come back meanwhile stays."""
        site_id, _, rest = position.partition("#")
        shard, _, key = rest.partition("#")
        if not site_id:
            return Portion(position=self._from_site(tenant_id, after=""))
        pk = f"S#{tenant_id}#{site_id}#{shard}"
        page = SUBS.query(pk, limit=keys.A_PORTION, position=key or None)
        removed = 0
        for row in page.rows:
            kept = Subscription(
                tenant_id,
                site_id,
                bytes.fromhex(known(row)["sk"]),
                row["key_id"],
                unpack(row["packed"]),
                row["active_since"],
                Status(row["status"]),
                ended_at=from_milliseconds(row["ended_at"]) if "ended_at" in row else None,
            )
            removed += drops(kept) and _remove_as_read(pk, row["sk"], row["rev"])
        if page.position is not None:
            return Portion(removed, f"{site_id}#{shard}#{page.position}")
        following = _SHARDS[_SHARDS.index(shard) + 1 :][:1]
        here = f"{site_id}#{following}#" if following else self._from_site(tenant_id, after=site_id)
        return Portion(removed, here)

    def drop_runs(self, tenant_id: str, *, position: str, drops: Callable[[datetime], bool]) -> Portion:
        """Those of campaigns: the link to each says by its own last day when it began."""
        page = CORE.query(f"T#{tenant_id}", Span(prefix="CAMP#"), limit=_LINKS_A_PORTION, position=position or None)
        removed = 0
        for row in page.rows:
            if "status" not in row and drops(from_milliseconds(row["ttl"] * 1000) - RUNS_KEPT_FOR):
                gone, is_all = remove_run(tenant_id, row)
                removed += gone
                if not is_all:
                    return Portion(removed, position)
            position = row["sk"]
        return Portion(removed, page.position)

    def sunsets(self, tenant_id: str) -> Iterator[tuple[str, int]]:
        """In the order of the sites' ids."""
        for row in keys.rows(CORE, f"T#{tenant_id}", "SITE#"):
            if "sunset_after_days" in row:
                yield known(row)["sk"].removeprefix("SITE#"), row["sunset_after_days"]

    def _from_site(self, tenant_id: str, *, after: str) -> str | None:
        page = CORE.query(f"T#{tenant_id}", Span(prefix="SITE#"), limit=1, position=f"SITE#{after}" if after else None)
        found = [str(row["sk"]).removeprefix("SITE#") for row in page.rows]
        return f"{found[0]}#{_SHARDS[0]}#" if found else None


def _remove_as_read(pk: str, sk: str, rev: int) -> bool:
    try:
        SUBS.delete(pk, sk, equals("rev", rev))
    except Refused:
        return False
    return True
