"""Trips to providers that have come back, as rows of the idem table, while one could come again: `OAUTH#<trip>`, and
`SAML#<answer>`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from chalicelib.aws.dynamo import Refused, Table, absent, equals
from chalicelib.core.clock import in_seconds
from chalicelib.core.errors import Stale
from chalicelib.features.identity.model.oauth import Arrival, Profile
from chalicelib.features.identity.store.rows import fields, read

_SWEPT_AFTER = timedelta(minutes=5)
A = TypeVar("A", bound=Arrival)


class ArrivalRows(Generic[A]):
    def __init__(self, kind: type[A], *, prefix: str) -> None:
        self._kind = kind
        self._prefix = prefix
        self._table = Table("idem")

    def claim(self, arrival: A) -> None:
        ttl = in_seconds(arrival.expires_at + _SWEPT_AFTER)
        try:
            self._table.put({"pk": self._key(arrival.id), "sk": "-", "v": 1, **fields(arrival), "ttl": ttl}, absent())
        except Refused:
            raise Stale from None

    def get(self, arrival_id: str) -> A | None:
        row = self._table.get(self._key(arrival_id))
        return read(row, self._kind) if row else None

    def prove(self, arrival: A, *, profile: Profile, expires_at: datetime) -> A:
        self._change(arrival, profile=fields(profile), expires_at=expires_at.isoformat())
        return replace(arrival, profile=profile, expires_at=expires_at, rev=arrival.rev + 1)

    def count_attempt(self, arrival: A, *, mark: str) -> A:
        attempts = arrival.attempts + 1
        self._change(arrival, attempts=attempts, last_attempt=mark)
        return replace(arrival, attempts=attempts, last_attempt=mark, rev=arrival.rev + 1)

    def spend(self, arrival: A) -> None:
        """What the provider said is forgotten with it."""
        self._change(arrival, is_spent=True, profile=None)

    def _change(self, arrival: A, **changes: Any) -> None:
        changed = {**changes, "rev": arrival.rev + 1}
        try:
            self._table.update(self._key(arrival.id), "-", changed, equals("rev", arrival.rev))
        except Refused:
            raise Stale from None

    def _key(self, arrival_id: str) -> str:
        return f"{self._prefix}#{arrival_id}"
