"""What simulated subscribers have received: the push service's ledger, each message opened as its browser would."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec

from chalicelib.features.sending.model.run import Run
from infra.local.console.product_view import Arrival, PushTraffic
from infra.local.console.run_book import Tags
from infra.local.push_service.ledger import Ledger, Record

NameOf = Callable[[str, str], str]


class PushServiceSeen(Protocol):
    @property
    def ledger(self) -> Ledger: ...

    @property
    def rules(self) -> Sequence[object]: ...


class RunsRead(Protocol):
    def read(self) -> Sequence[Run]:
        """Newest first."""
        ...


class Arrivals:
    """`name_of(site_id, endpoint)` is the subscription's id."""

    def __init__(self, push_service: PushServiceSeen, *, runs: RunsRead, name_of: NameOf) -> None:
        self._push_service = push_service
        self._runs = runs
        self._name_of = name_of

    def received(self, *, run_id: str | None = None, after: int = 0, most: int | None = None) -> Sequence[Arrival]:
        """Messages are opened from the newest back, and only as many as are asked for."""
        tags = Tags(self._runs.read())
        found: list[Arrival] = []
        for record in reversed(self._push_service.ledger.received(after=after)):
            if len(found) == most:
                break
            if not record.accepted:
                continue
            arrival = self._arrival(record, tags)
            if run_id in {None, arrival.run_id}:
                found.append(arrival)
        return found[::-1]

    def traffic(self) -> PushTraffic:
        ledger = self._push_service.ledger
        counts = ledger.counts_by_status()
        return PushTraffic(
            total=ledger.total,
            by_status={str(status or "none"): counts[status] for status in sorted(counts, key=lambda one: one or 0)},
            answers_lost=ledger.answers_lost,
            rules=len(self._push_service.rules),
        )

    def _arrival(self, record: Record, tags: Tags) -> Arrival:
        if record.plaintext is None:
            return Arrival(number=record.number, at=record.at, payload=None, error=record.decryption_error)
        payload = _read(record.plaintext)
        tag = _tag(payload)
        run = tags.run_of(tag, at=record.at) if tag else None
        return Arrival(
            number=record.number,
            at=record.at,
            payload=payload,
            run_id=run.id if run else None,
            subscription_id=self._name_of(run.site_id, record.endpoint) if run else None,
        )


def _read(plaintext: bytes) -> Any:
    try:
        return msgspec.json.decode(plaintext)
    except msgspec.DecodeError:
        return plaintext.decode("utf-8", "replace")


def _tag(payload: Any) -> str | None:
    match payload:
        case {"notification": {"tag": str(tag)}}:
            return tag
    return None
