"""What a delivery has to do, in order: what is in doubt, what has waited long enough, then its stretch of the ring."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from chalicelib.features.sending.model import ring
from chalicelib.features.sending.model.batch import MOST_LATER, Batch, Wait
from chalicelib.features.sending.model.run import Run
from chalicelib.features.sending.service.patience import patiently
from chalicelib.features.sending.service.ports import Ports, Recipient

_PICKED_AT_ONCE = 100
_READ_AT_ONCE = 512

Origin = Wait | Literal["range", "doubt"]


class Candidate(NamedTuple):
    """`recipient` is None when the row is no longer there; `origin` says where the record has the key now."""

    key: bytes
    recipient: Recipient | None
    origin: Origin


class Source:
    def __init__(self, ports: Ports, run: Run, batch: Batch) -> None:
        self.run = run
        self._ports = ports
        self._progress = batch.progress
        self._ready: deque[Candidate] = deque()
        self._named: deque[tuple[bytes, Origin]] = deque((key, "doubt") for key in self._progress.in_doubt)
        now = ports.clock.now()
        self._named.extend(self._progress.put_off(until=None if run.stops_pushing(now=now) else now))
        self._chosen = {chosen.key: chosen.person for chosen in run.order.chosen}
        self._persons = ports.persons(run.tenant_id) if any(self._chosen.values()) else None
        stretch = ring.arc(batch.number, run.batches or 1)
        self._at = ring.after(self._progress.cursor) if self._progress.cursor else stretch.start
        self._end = stretch.end
        self.has_read_all = self._progress.is_read or self._progress.cursor == stretch.end
        if run.is_for_chosen and not self.has_read_all:
            self._named.extend((key, "range") for key in sorted(self._chosen) if key > self._progress.cursor)
            self.has_read_all = True

    @property
    def is_empty(self) -> bool:
        return not self._ready and not self._named and (self.has_read_all or self._is_full)

    @property
    def _is_full(self) -> bool:
        """So many wait that the record has no room: reading goes on when some have left."""
        return self._progress.waiting >= MOST_LATER

    async def next(self) -> Candidate | None:
        while not self._ready and not self.is_empty:
            if self._named:
                await self._pick()
            else:
                await self._read()
        return self._ready.popleft() if self._ready else None

    def verdict(self, candidate: Candidate, *, now: datetime) -> str | None:
        """None: push. Else what to count it as; the empty string for one that is no part of the audience."""
        refusal = self._refusal(candidate)
        return self.run.stops_pushing(now=now) if refusal is None else refusal

    def _refusal(self, candidate: Candidate) -> str | None:
        key, recipient, origin = candidate
        if recipient is None or not recipient.is_active:
            if origin != "range":
                return "gone:ended_meanwhile"
            return "skipped:not_subscribed" if self.run.is_for_chosen else ""
        if self.run.is_for_chosen:
            person = self._chosen[key]
            is_same = self._persons is None or not person or self._persons.is_same(person, recipient.external_id or "")
            return None if is_same else "skipped:identity_changed"
        return "excluded" if origin == "range" and recipient.active_since >= self.run.order.cutoff else None

    async def _pick(self) -> None:
        asked = [self._named.popleft() for _ in range(min(_PICKED_AT_ONCE, len(self._named)))]
        keys = [key for key, _ in asked]
        found = await patiently(self._ports.audience.pick, self.run.tenant_id, self.run.site_id, keys)
        by_key = {recipient.key: recipient for recipient in found}
        self._ready.extend(Candidate(key, by_key.get(key), origin) for key, origin in asked)

    async def _read(self) -> None:
        found, more = await patiently(self._page)
        self._ready.extend(Candidate(recipient.key, recipient, "range") for recipient in found)
        if found:
            self._at = ring.after(found[-1].key)
        self.has_read_all = not more

    async def _page(self) -> tuple[Sequence[Recipient], bool]:
        return await self._ports.audience.read(
            self.run.tenant_id, self.run.site_id, start=self._at, end=self._end, limit=_READ_AT_ONCE
        )
