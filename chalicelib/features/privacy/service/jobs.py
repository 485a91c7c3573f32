"""Jobs from the asking to the end. One is written down before what it cleans up is given up, and stands in the calendar
until a worker has it in hand: whoever dies in between leaves nothing behind that nobody removes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from chalicelib.core import ids
from chalicelib.core.errors import NotFound, Unavailable
from chalicelib.features.due.model import Entry
from chalicelib.features.due.model import Kind as DueKind
from chalicelib.features.privacy.model import Job, Kind, Portion, Status, begin

Stage = Callable[[Job, datetime], Portion]
"""Does a portion of what is to be done, starting from the job's `position`. May be called twice with the same job."""


class JobStore(Protocol):
    def add(self, job: Job) -> None:
        """A new one."""
        ...

    def get(self, tenant_id: str, job_id: str) -> Job | None:
        """None when there is none, or no more."""
        ...

    def change(self, job: Job) -> bool:
        """False when somebody else has, since its `rev` was read: one less than it has now."""
        ...

    def drop(self, job: Job) -> None:
        """As if it had not been."""
        ...


class Calendar(Protocol):
    def put(self, *, kind: DueKind, tenant_id: str, owner_id: str, at: datetime, now: datetime) -> datetime:
        """Writes the entry."""
        ...

    def done(self, entry: Entry) -> None:
        """Removes the entry wherever it stands."""
        ...


class Wakes(Protocol):
    def send(self, job: Job, *, delay_seconds: int = 0) -> None:
        """Have it worked on, soon."""
        ...


class Jobs:
    def __init__(
        self, *, rows: JobStore, calendar: Calendar, wakes: Wakes, stages: Mapping[Kind, Sequence[Stage]]
    ) -> None:
        self._rows = rows
        self._calendar = calendar
        self._wakes = wakes
        self._stages = stages

    def begin(
        self, kind: Kind, *, tenant_id: str, asked_by: str, about: Mapping[str, str], now: datetime, at: datetime
    ) -> Job:
        """Due at `at`; `wake` has it worked on at once."""
        job = begin(kind, tenant_id=tenant_id, asked_by=asked_by, about=about, now=now)
        self._put(job, at=at, now=now)
        self._rows.add(job)
        return job

    def done(self, kind: Kind, *, tenant_id: str, asked_by: str, about: Mapping[str, str], now: datetime) -> Job:
        """One that takes no work: only what it is about is kept."""
        job = begin(kind, tenant_id=tenant_id, asked_by=asked_by, about=about, now=now)
        job = replace(job, status=Status.DONE, finished_at=now)
        self._rows.add(job)
        return job

    def wake(self, job: Job) -> None:
        with suppress(Unavailable):  # then the calendar does, within a minute
            self._wakes.send(job)

    def give_up(self, job: Job) -> None:
        """What it was to clean up after did not come about, or nothing is left to do. Its entry in the calendar finds
        nothing. Raises Unavailable: a stage that believed it gone would be followed by the next.
        """
        self._rows.drop(job)

    def get(self, *, tenant_id: str, job_id: str) -> Job:
        job = self._rows.get(tenant_id, job_id) if ids.is_id(job_id, "job") else None
        if job is None:
            raise NotFound
        return job

    def go_on(self, *, tenant_id: str, job_id: str, now: datetime, has_time: Callable[[], bool]) -> None:
        """May be called at any time, by several at once: each portion does no harm when it is done twice, and is
        counted by one of them; the others leave.
        """
        job = self._rows.get(tenant_id, job_id)
        while job is not None and not job.is_over:
            if not has_time():
                self._wakes.send(job)
                return
            stages = self._stages[job.kind]
            portion = stages[job.stage](job, now)
            if portion.until is not None:
                self._put(job, at=portion.until, now=now)
                return
            following = job.after(portion, stages=len(stages), now=now)
            if not self._rows.change(following):
                return
            portion.then()
            job = following
            if portion.wait_seconds and not job.is_over:
                self._wakes.send(job, delay_seconds=portion.wait_seconds)
                return

    def _put(self, job: Job, *, at: datetime, now: datetime) -> None:
        self._calendar.put(kind=DueKind.JOB, tenant_id=job.tenant_id, owner_id=job.id, at=at, now=now)

    def started(self, entry: Entry) -> None:
        """It is in a worker's hands, or over: the calendar need not bring it any more."""
        self._calendar.done(entry)
