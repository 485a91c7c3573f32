"""How long a tenant wants things kept, and the nightly round that drops what is older. It also ends whom a site has
given up (service/sunsets.py). Nothing is kept longer than the
tables keep it anyway: whoever wants no less than that needs no round, and has none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Protocol

from chalicelib.features.due.model import ROUND, Entry, next_night
from chalicelib.features.due.model import Kind as DueKind
from chalicelib.features.privacy.model import Job, Kind, Portion, Retention
from chalicelib.features.privacy.service.jobs import Calendar, Jobs
from chalicelib.features.subscriptions.model import Subscription


class Rows(Protocol):
    def get(self, tenant_id: str) -> Retention:
        """What was said, or the defaults."""
        ...

    def put(self, tenant_id: str, wanted: Retention) -> None:
        """In place of what was said."""
        ...

    def drop_subscriptions(self, tenant_id: str, *, position: str, drops: Callable[[Subscription], bool]) -> Portion:
        """A portion of them. Who has changed since it was read stays."""
        ...

    def drop_runs(self, tenant_id: str, *, position: str, drops: Callable[[datetime], bool]) -> Portion:
        """A portion of the records of what campaigns have sent, by when that began."""
        ...

    def sunsets(self, tenant_id: str) -> Iterable[tuple[str, int]]:
        """The sites that do not wait for signs of life for ever."""
        ...


class Retaining:
    def __init__(self, *, rows: Rows, calendar: Calendar, jobs: Callable[[], Jobs]) -> None:
        self._rows = rows
        self._calendar = calendar
        self._jobs = jobs

    def get(self, *, tenant_id: str) -> Retention:
        return self._rows.get(tenant_id)

    def put(self, *, tenant_id: str, wanted: Retention, now: datetime) -> Retention:
        """The round is planned first: what nobody enforces would be a promise."""
        self._plan(tenant_id, now)
        self._rows.put(tenant_id, wanted)
        return wanted

    def begin_round(self, entry: Entry, *, now: datetime) -> None:
        """Tomorrow's is planned before today's begins, so that none is ever the last by accident."""
        if not self._rows.get(entry.tenant_id).needs_nobody or any(self._rows.sunsets(entry.tenant_id)):
            self._plan(entry.tenant_id, now)
            jobs = self._jobs()
            job = jobs.begin(Kind.RETENTION, tenant_id=entry.tenant_id, asked_by="-", about={}, now=now, at=now)
            jobs.wake(job)
        self._calendar.done(entry)

    def drop_subscriptions(self, job: Job, now: datetime) -> Portion:
        kept = self._rows.get(job.tenant_id)
        return self._rows.drop_subscriptions(job.tenant_id, position=job.position, drops=partial(kept.drops, now=now))

    def drop_runs(self, job: Job, now: datetime) -> Portion:
        kept = self._rows.get(job.tenant_id)
        return self._rows.drop_runs(job.tenant_id, position=job.position, drops=partial(kept.drops_run, now=now))

    def _plan(self, tenant_id: str, now: datetime) -> None:
        at = next_night(tenant_id, after=now)
        self._calendar.put(kind=DueKind.RETENTION, tenant_id=tenant_id, owner_id=ROUND, at=at, now=now)
