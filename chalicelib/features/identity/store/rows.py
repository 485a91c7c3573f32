"""How identity's dataclasses become rows of the core table and change there."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

import msgspec

from chalicelib.aws.dynamo import Put, Refused, Table, Update, absent, equals
from chalicelib.aws.values import Row, known
from chalicelib.core.errors import Stale
from chalicelib.features.tenants.model import Tenant

T = TypeVar("T")
Key = tuple[str, str]

CORE = Table("core")


class TenantRow(Protocol):
    """Where a tenant's row is, and what it says."""

    def key(self, tenant_id: str) -> Key: ...

    def read(self, row: Row) -> Tenant: ...


def look_up(*keys: Key) -> tuple[Row | None, ...]:
    """All in one call; None where nothing stands. Each is as last written, but not all as of the same moment."""
    found = {(row["pk"], row["sk"]): row for row in CORE.get_many(keys)}
    return tuple(found.get(key) for key in keys)


def insert(key: Key, thing: object, **more: Any) -> Put:
    return Put(CORE, {"pk": key[0], "sk": key[1], "v": 1, **fields(thing), **more}, absent())


def fields(thing: object) -> Row:
    wire: Row = msgspec.to_builtins(thing, builtin_types=(bytes,))
    return wire


def read(row: Row, kind: type[T]) -> T:
    return msgspec.convert(known(row), kind)


def changing(key: Key, *, rev: int, **changes: Any) -> Update:
    """Only if nobody wrote since: `rev` is the one that was read."""
    wire = {name: msgspec.to_builtins(value, builtin_types=(bytes,)) for name, value in changes.items()}
    return Update(CORE, *key, {**wire, "rev": rev + 1}, equals("rev", rev))


def change(key: Key, *, rev: int, **changes: Any) -> None:
    try:
        CORE.write(changing(key, rev=rev, **changes))
    except Refused:
        raise Stale from None
