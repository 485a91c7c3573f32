"""Subscriptions as rows of the subs table: 16 shards a site, the first digit of the key is the shard.

| attribute | holds |
|---|---|
| `pk`, `sk` | `S#<tenant>#<site>#<shard>`, the key in hex |
| `status`, `active_since` | `active` or `ended`; milliseconds |
| `trouble` | why an active one is not reached, if so: `needs_resubscribe` |
| `successor` | of one that was replaced: the key of the row that did |
| `ended_at`, `ended_reason`, `ttl` | of a tombstone: milliseconds, a word, and the second from which the row may go |
| `key_id` | the VAPID key it was made under |
| `external_id`, `person` | if known; `<tenant>#<site>#<external id>` for the index `by_person`; tombstones keep them |
| `v`, `rev` | format version, optimistic lock |
| `packed` | everything else that is sent with, in one binary (`model.Packed`) |
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

from pynamodb.expressions.condition import Condition

from chalicelib.aws.dynamo import ONE_MORE, Refused, Span, Table, absent, equals, look_up
from chalicelib.aws.values import Row, WireRow, from_wire, known
from chalicelib.core.clock import from_milliseconds, in_milliseconds, in_seconds
from chalicelib.core.errors import FromTheFuture
from chalicelib.features.subscriptions.model import BURIED_FOR, KEY_BYTES, Recipient, Status, Subscription, pack, unpack

_VERSION = 1
_READABLE = {str(v) for v in range(1, _VERSION + 1)}  # as wire rows spell `v`: the send path reads thousands
_FIRST_KEY = b"\x00" * KEY_BYTES
_LAST_KEY = b"\xff" * KEY_BYTES
_FOR_SENDING = ("v", "sk", "status", "active_since", "key_id", "external_id", "packed")


class SubscriptionRows:
    """Serves the service and, as `Audience`, the sender."""

    def __init__(self) -> None:
        self._table = Table("subs")

    def get(self, tenant_id: str, site_id: str, key: bytes) -> Subscription | None:
        row = self._table.get(_pk(tenant_id, site_id, key), key.hex())
        return _subscription(tenant_id, site_id, row) if row else None

    def put(self, subscription: Subscription) -> bool:
        condition: Condition = equals("rev", subscription.rev) if subscription.rev else absent()
        try:
            self._table.put(_row(subscription), condition)
        except Refused:
            return False
        return True

    def page(
        self, tenant_id: str, site_id: str, *, after: bytes | None, limit: int, to: bytes | None = None
    ) -> tuple[Sequence[Subscription], bool]:
        span = Span(after=after.hex() if after else "", to=to.hex() if to else "")
        items, more = self._walk(tenant_id, site_id, _shards(after or _FIRST_KEY, to or _LAST_KEY), span, limit)
        return [_subscription(tenant_id, site_id, from_wire(item)) for item in items], more

    def of_person(self, tenant_id: str, site_id: str, external_id: str, *, most: int) -> list[Subscription]:
        rows = self._table.get_many(_places(self._table, tenant_id, site_id, [external_id], most))
        return _still_of([external_id], (_subscription(tenant_id, site_id, row) for row in rows))

    def read(
        self, tenant_id: str, site_id: str, *, start: bytes, end: bytes, limit: int
    ) -> tuple[list[Recipient], bool]:
        if start > end:
            return [], False
        span = Span(after=_before(start), to=end.hex())
        items, more = self._walk(tenant_id, site_id, _shards(start, end), span, limit, fields=_FOR_SENDING)
        return [_recipient(item) for item in items], more

    def pick(self, tenant_id: str, site_id: str, keys: Sequence[bytes]) -> list[Recipient]:
        places = [(_pk(tenant_id, site_id, key), key.hex()) for key in dict.fromkeys(keys)]
        found = {row["sk"]: row for row in self._table.get_many(places)}
        return [_picked(found[sk]) for _, sk in places if sk in found]

    def bury(self, tenant_id: str, site_id: str, *, key: bytes, active_since: int, reason: str, at: datetime) -> bool:
        changes = {
            "status": Status.ENDED.value,
            "ended_at": in_milliseconds(at),
            "ended_reason": reason,
            "ttl": in_seconds(at + BURIED_FOR),
            "rev": ONE_MORE,
        }
        return self._change(tenant_id, site_id, key, changes, _alive_since(active_since))

    def trouble(self, tenant_id: str, site_id: str, *, key: bytes, active_since: int, why: str) -> bool:
        changes = {"trouble": why, "rev": ONE_MORE}
        return self._change(tenant_id, site_id, key, changes, _alive_since(active_since) & absent("trouble"))

    def revive(self, tombstone: Subscription, *, active_since: int) -> bool:
        changes = {
            "status": Status.ACTIVE.value,
            "active_since": active_since,
            "ended_at": None,
            "ended_reason": None,
            "trouble": None,
            "ttl": None,
            "rev": ONE_MORE,
        }
        assert tombstone.ended_at is not None, "what has ended has its instant"
        still = equals("status", Status.ENDED.value) & equals("active_since", tombstone.active_since)
        still &= equals("ended_at", in_milliseconds(tombstone.ended_at)) & equals(
            "ended_reason", tombstone.ended_reason
        )
        return self._change(tombstone.tenant_id, tombstone.site_id, tombstone.key, changes, still)

    def _change(
        self, tenant_id: str, site_id: str, key: bytes, changes: Mapping[str, object], condition: Condition
    ) -> bool:
        try:
            self._table.update(_pk(tenant_id, site_id, key), key.hex(), changes, condition)
        except Refused:
            return False
        return True

    def _walk(
        self, tenant_id: str, site_id: str, shards: range, span: Span, limit: int, *, fields: Sequence[str] = ()
    ) -> tuple[list[WireRow], bool]:
        """Shard by shard, page by page: DynamoDB ends a page at 1 MB, whatever the limit."""
        items: list[WireRow] = []
        for shard in shards:
            pk, position = f"S#{tenant_id}#{site_id}#{shard:x}", None
            while True:
                room = limit - len(items)
                found, position = self._table.query_wire(pk, span, limit=room, position=position, fields=fields)
                items += found
                if len(items) >= limit:
                    return items, position is not None or shard != shards[-1]
                if position is None:
                    break
        return items, False


def _alive_since(active_since: int) -> Condition:
    alive: Condition = equals("status", Status.ACTIVE.value) & equals("active_since", active_since)
    return alive


def _shards(start: bytes, end: bytes) -> range:
    return range(start[0] >> 4, (end[0] >> 4) + 1)


def _before(start: bytes) -> str:
    """The key just below, because a span leaves its lower end out."""
    number = int.from_bytes(start)
    return (number - 1).to_bytes(KEY_BYTES).hex() if number else ""


class ErasedRows:
    """Of the idem table: `ERASED#<half a hash of place and key>` / `-`, and the second from which it is forgotten."""

    def __init__(self) -> None:
        self._table = Table("idem")

    def note(self, tenant_id: str, site_id: str, keys: Sequence[bytes], *, until: datetime) -> None:
        for key in keys:
            self._table.put({"pk": _erased(tenant_id, site_id, key), "sk": "-", "v": 1, "ttl": in_seconds(until)})

    def know(self, tenant_id: str, site_id: str, keys: Sequence[bytes], *, now: datetime) -> bool:
        found = (self._table.get(_erased(tenant_id, site_id, key)) for key in keys)
        return any(row is not None and row["ttl"] > in_seconds(now) for row in found)


class BrowsersOnSites:
    """`place_of_site` tells where a site's row is."""

    def __init__(self, *, place_of_site: Callable[[str, str], tuple[str, str]]) -> None:
        self._sites = Table("core")
        self._table = Table("subs")
        self._place_of_site = place_of_site

    def named(self, tenant_id: str, site_id: str, keys: Sequence[bytes]) -> list[Subscription] | None:
        return self._found(tenant_id, site_id, [(_pk(tenant_id, site_id, key), key.hex()) for key in keys])

    def of_people(
        self, tenant_id: str, site_id: str, external_ids: Sequence[str], *, most: int
    ) -> list[Subscription] | None:
        found = self._found(tenant_id, site_id, _places(self._table, tenant_id, site_id, external_ids, most))
        return None if found is None else _still_of(external_ids, found)

    def _found(self, tenant_id: str, site_id: str, places: Iterable[tuple[str, str]]) -> list[Subscription] | None:
        site = (self._sites, self._place_of_site(tenant_id, site_id))
        found = list(look_up([site, *((self._table, place) for place in dict.fromkeys(places))]))
        if not any(table == self._sites for table, _ in found):
            return None
        return [_subscription(tenant_id, site_id, row) for table, row in found if table == self._table]


def _places(
    table: Table, tenant_id: str, site_id: str, external_ids: Sequence[str], most: int
) -> list[tuple[str, str]]:
    persons = [_person(tenant_id, site_id, external_id) for external_id in external_ids]
    return table.find_each("by_person", "person", persons, most=most)


def _still_of(external_ids: Sequence[str], found: Iterable[Subscription]) -> list[Subscription]:
    """In the order of keys. The index is late, so the rows themselves are asked whose they are."""
    wanted = set(external_ids)
    return sorted((each for each in found if each.external_id in wanted), key=lambda each: each.key)


def _pk(tenant_id: str, site_id: str, key: bytes) -> str:
    return f"S#{tenant_id}#{site_id}#{key[0] >> 4:x}"


def _erased(tenant_id: str, site_id: str, key: bytes) -> str:
    named = f"{tenant_id}#{site_id}#{key.hex()}".encode()
    return f"ERASED#{hashlib.sha256(named).digest()[:KEY_BYTES].hex()}"


def _person(tenant_id: str, site_id: str, external_id: str) -> str:
    return f"{tenant_id}#{site_id}#{external_id}"


def _recipient(item: WireRow) -> Recipient:
    if item["v"]["N"] not in _READABLE:
        raise FromTheFuture
    return Recipient(
        bytes.fromhex(item["sk"]["S"]),
        item["status"]["S"] == "active",
        int(item["active_since"]["N"]),
        item["key_id"]["S"],
        item["external_id"]["S"] if "external_id" in item else None,
        item["packed"]["B"],
    )


def _picked(row: Row) -> Recipient:
    return Recipient(
        bytes.fromhex(known(row, newest=_VERSION)["sk"]),
        row["status"] == "active",
        row["active_since"],
        row["key_id"],
        row.get("external_id"),
        row["packed"],
    )


def _row(subscription: Subscription) -> Row:
    """As the next revision. What is None is not stored: a tombstone that comes back loses its `ttl`."""
    whose, external_id = (subscription.tenant_id, subscription.site_id), subscription.external_id
    ended_at = subscription.ended_at
    return {
        "pk": _pk(*whose, subscription.key),
        "sk": subscription.key.hex(),
        "v": _VERSION,
        "rev": subscription.rev + 1,
        "status": subscription.status.value,
        "active_since": subscription.active_since,
        "ended_at": None if ended_at is None else in_milliseconds(ended_at),
        "ended_reason": subscription.ended_reason,
        "trouble": subscription.trouble,
        "successor": None if subscription.successor is None else subscription.successor.hex(),
        "ttl": None if ended_at is None else in_seconds(ended_at + BURIED_FOR),
        "key_id": subscription.key_id,
        "external_id": external_id,
        "person": None if external_id is None else _person(*whose, external_id),
        "packed": pack(subscription.packed),
    }


def _subscription(tenant_id: str, site_id: str, row: Row) -> Subscription:
    return Subscription(
        tenant_id,
        site_id,
        key=bytes.fromhex(known(row, newest=_VERSION)["sk"]),
        key_id=row["key_id"],
        packed=unpack(row["packed"]),
        active_since=row["active_since"],
        status=Status(row["status"]),
        external_id=row.get("external_id"),
        ended_at=from_milliseconds(row["ended_at"]) if "ended_at" in row else None,
        ended_reason=row.get("ended_reason"),
        trouble=row.get("trouble"),
        successor=bytes.fromhex(row["successor"]) if "successor" in row else None,
        rev=row["rev"],
    )
