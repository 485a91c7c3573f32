"""Trips to providers that have come back, as rows of the idem table: `OAUTH#<trip>`, while one could come again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.aws.dynamo import Refused, Table, absent, equals
from chalicelib.core.clock import in_seconds
from chalicelib.core.errors import Stale
from chalicelib.features.identity.model.oauth import Arrival, Profile
from chalicelib.features.identity.store.rows import fields, read

_SWEPT_AFTER = timedelta(minutes=5)


class ArrivalRows:
    def __init__(self) -> None:
        self._table = Table("idem")

    def claim(self, arrival: Arrival) -> None:
        ttl = in_seconds(arrival.expires_at + _SWEPT_AFTER)
        try:
            self._table.put({"pk": _key(arrival.id), "sk": "-", "v": 1, **fields(arrival), "ttl": ttl}, absent())
        except Refused:
            raise Stale from None

    def get(self, arrival_id: str) -> Arrival | None:
        row = self._table.get(_key(arrival_id))
        return read(row, Arrival) if row else None

    def prove(self, arrival: Arrival, *, profile: Profile, expires_at: datetime) -> Arrival:
        self._change(arrival, profile=fields(profile), expires_at=expires_at.isoformat())
        return replace(arrival, profile=profile, expires_at=expires_at, rev=arrival.rev + 1)

    def count_attempt(self, arrival: Arrival, *, mark: str) -> Arrival:
        attempts = arrival.attempts + 1
        self._change(arrival, attempts=attempts, last_attempt=mark)
        return replace(arrival, attempts=attempts, last_attempt=mark, rev=arrival.rev + 1)

    def spend(self, arrival: Arrival) -> None:
        """What the provider said is forgotten with it."""
        self._change(arrival, is_spent=True, profile=None)

    def _change(self, arrival: Arrival, **changes: Any) -> None:
        changed = {**changes, "rev": arrival.rev + 1}
        try:
            self._table.update(_key(arrival.id), "-", changed, equals("rev", arrival.rev))
        except Refused:
            raise Stale from None


def _key(arrival_id: str) -> str:
    return f"OAUTH#{arrival_id}"
