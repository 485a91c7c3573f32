"""What arrived, what was answered, what the browser read: the truth that tests, chaos and benches hold a sender to.

The server's thread writes, any thread asks. Messages are opened only when somebody looks, so a bench pays nothing.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from infra.local.push_service.subscriber import Holder, Opened


@dataclass(slots=True, eq=False, kw_only=True)
class Record:
    """One request. `status` is None when no answer was decided; `answer_lost` when one was and did not leave whole."""

    at: datetime
    host: str
    path: str
    endpoint_id: str | None
    protocol: str
    body: bytes
    body_size: int
    ttl: str | None
    urgency: str | None
    topic: str | None
    status: int | None = None
    fault: str | None = None
    detail: str = ""
    misbehaviour: str | None = None
    subscriber: Holder | None = None
    number: int = 0
    answer_lost: bool = False
    _opened: Opened | None = field(default=None, repr=False)

    @property
    def endpoint(self) -> str:
        return f"https://{self.host}{self.path}"

    @property
    def accepted(self) -> bool:
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004 -- HTTP's own bounds of success

    @property
    def plaintext(self) -> bytes | None:
        return self._read().plaintext

    @property
    def decryption_error(self) -> str | None:
        return self._read().error

    def as_json(self) -> dict[str, Any]:
        plaintext = self.plaintext
        return {
            "number": self.number,
            "at": self.at.isoformat(),
            "endpoint": self.endpoint,
            "status": self.status,
            "fault": self.fault,
            "detail": self.detail,
            "misbehaviour": self.misbehaviour,
            "answer_lost": self.answer_lost,
            "protocol": self.protocol,
            "ttl": self.ttl,
            "urgency": self.urgency,
            "topic": self.topic,
            "body_size": self.body_size,
            "plaintext": None if plaintext is None else plaintext.decode("utf-8", "replace"),
            "decryption_error": self.decryption_error,
        }

    def _read(self) -> Opened:
        if self._opened is None:
            stranger = Opened(None, "not one of our subscribers")
            self._opened = self.subscriber.open(self.body) if self.subscriber else stranger
        return self._opened


class Ledger:
    """The last `capacity` requests in full, and exact counts over all since the start or the last `clear()`."""

    def __init__(self, *, capacity: int) -> None:
        self._records: deque[Record] = deque(maxlen=capacity)
        self._lock = threading.Lock()
        self._statuses: Counter[int | None] = Counter()
        self._lost = 0
        self._next_number = self._first_number = 1

    def received(self, *, since: datetime | None = None, after: int = 0) -> list[Record]:
        """Oldest first. `after` is a record's number: the cursor of whoever watches them arrive."""
        with self._lock:
            records = list(self._records)
        return [record for record in records if record.number > after and (since is None or record.at >= since)]

    def accepted_counts(self) -> dict[str, int]:
        """How often each endpoint was told yes, among the records held: 2 is a duplicate, however the answer fared."""
        return dict(Counter(record.endpoint for record in self.received() if record.accepted))

    def accepted_endpoints(self) -> frozenset[str]:
        return frozenset(self.accepted_counts())

    def counts_by_status(self) -> Mapping[int | None, int]:
        with self._lock:
            return MappingProxyType(dict(self._statuses))

    @property
    def next_number(self) -> int:
        return self._next_number

    @property
    def total(self) -> int:
        with self._lock:
            return self._statuses.total()

    @property
    def answers_lost(self) -> int:
        with self._lock:
            return self._lost

    @property
    def forgotten(self) -> int:
        """Requests counted but no longer held; above 0, questions about single endpoints have partial answers."""
        with self._lock:
            return self._statuses.total() - len(self._records)

    def clear(self) -> None:
        """Forgets everything but the numbering, so that a watcher's cursor stays right."""
        with self._lock:
            self._records.clear()
            self._statuses.clear()
            self._lost = 0
            self._first_number = self._next_number

    def add(self, record: Record) -> None:
        with self._lock:
            record.number = self._next_number
            self._next_number += 1
            self._records.append(record)
            self._statuses[record.status] += 1

    def mark_lost(self, record: Record) -> None:
        with self._lock:
            if not record.answer_lost:
                record.answer_lost = True
                self._lost += record.number >= self._first_number
