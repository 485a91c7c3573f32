"""Jobs in memory, with a calendar and a queue that only remember, and a clockwork that works one off."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from chalicelib.core.errors import Unavailable
from chalicelib.features.due.model import Entry
from chalicelib.features.due.model import Kind as DueKind
from chalicelib.features.privacy.model import Job, Kind
from chalicelib.features.privacy.service.jobs import Jobs, Stage

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ADA = "ten_ada"


class Rows:
    """`rival` is somebody who is a moment faster, once."""

    def __init__(self) -> None:
        self.jobs: dict[tuple[str, str], Job] = {}
        self.rival: Callable[[], None] = lambda: None
        self.is_away = False

    def add(self, job: Job) -> None:
        self.jobs[job.tenant_id, job.id] = job

    def get(self, tenant_id: str, job_id: str) -> Job | None:
        return self.jobs.get((tenant_id, job_id))

    def change(self, job: Job) -> bool:
        rival, self.rival = self.rival, lambda: None
        rival()
        before = self.get(job.tenant_id, job.id)
        if before is None or before.rev != job.rev - 1:
            return False
        self.add(job)
        return True

    def drop(self, job: Job) -> None:
        if self.is_away:
            raise Unavailable
        self.jobs.pop((job.tenant_id, job.id), None)


class Calendar:
    def __init__(self) -> None:
        self.entries: list[tuple[str, str, datetime]] = []
        self.gone: list[Entry] = []

    def put(self, *, kind: DueKind, tenant_id: str, owner_id: str, at: datetime, now: datetime) -> datetime:
        assert at >= now
        self.entries.append((kind, f"{tenant_id} {owner_id}", at))
        return at

    def done(self, entry: Entry) -> None:
        self.gone.append(entry)


class Wakes:
    def __init__(self) -> None:
        self.sent: list[tuple[str, int]] = []
        self.is_away = False

    def send(self, job: Job, *, delay_seconds: int = 0) -> None:
        if self.is_away:
            raise Unavailable
        self.sent.append((job.id, delay_seconds))


class House:
    """`stages` may be filled in later: jobs and those whose work it is know each other."""

    def __init__(self) -> None:
        self.rows, self.calendar, self.wakes = Rows(), Calendar(), Wakes()
        self.stages: dict[Kind, Sequence[Stage]] = {}
        self.jobs = Jobs(rows=self.rows, calendar=self.calendar, wakes=self.wakes, stages=self.stages)

    def begun(self, kind: Kind = Kind.SITE, about: Mapping[str, str] | None = None, *stages: Stage) -> Job:
        if stages:
            self.stages[kind] = stages
        return self.jobs.begin(kind, tenant_id=ADA, asked_by="usr_a", about=about or {}, now=NOW, at=NOW)

    def go_on(self, job: Job, *, now: datetime = NOW, portions: int = 1_000) -> Job | None:
        """As a worker does that has time for so many."""
        left = iter(range(portions))
        has_time = lambda: next(left, None) is not None  # noqa: E731 -- one line says it
        self.jobs.go_on(tenant_id=job.tenant_id, job_id=job.id, now=now, has_time=has_time)
        return self.rows.get(job.tenant_id, job.id)

    @property
    def only(self) -> Job:
        (job,) = self.rows.jobs.values()
        return job
