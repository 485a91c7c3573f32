"""HTTP bodies of jobs, and of what is exported and erased."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from chalicelib.features.privacy.model import Job
from chalicelib.web.schema import Schema, example


class SiteClosing(Schema):
    """The site is out of sight at once; removing what belongs to it is a job of its own."""

    model_config = example(
        id="site_01kz8m5q3v7x9c2b4n6t8w0y1e",
        status="closing",
        detail="The site is closed. Everything that belongs to it is being removed.",
        job_id="job_01kz8m5q3v7x9c2b4n6t8w0y1e",
    )

    id: str
    status: str
    detail: str
    job_id: str = Field(description="Shows at `GET /v1/jobs/{job_id}` how far it has come.")


class JobView(Schema):
    model_config = example(
        id="job_01kz8m5q3v7x9c2b4n6t8w0y1e", kind="site_removal", status="running", removed=128_500, finished_at=None
    )

    id: str
    kind: str
    status: str = Field(description="waiting, running, or done.")
    removed: int = Field(description="How many rows are gone so far: subscriptions, and whatever else belonged to it.")
    created_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, job: Job) -> JobView:
        return cls(
            id=job.id,
            kind=job.kind.value,
            status=job.status.value,
            removed=job.removed,
            created_at=job.created_at,
            finished_at=job.finished_at,
        )
