"""Removing on DynamoDB, in the order that leaves nothing behind which nobody would find."""

from __future__ import annotations

from functools import cache

from chalicelib.aws.queues import Queue
from chalicelib.features.due.model import Kind as DueKind
from chalicelib.features.privacy.model import Job, Kind
from chalicelib.features.privacy.schemas.messages import Task
from chalicelib.features.privacy.service.closing import SiteClosing
from chalicelib.features.privacy.service.jobs import Jobs


class _Queue:
    def send(self, job: Job) -> None:
        Queue("privacy").send(Task(kind=DueKind.JOB, tenant=job.tenant_id, id=job.id), group=job.tenant_id)


@cache
def jobs() -> Jobs:
    from chalicelib.features.due.wiring import due
    from chalicelib.features.privacy.store import sites
    from chalicelib.features.privacy.store.jobs import JobRows

    stages = {
        Kind.SITE: (
            site_closing().stop,
            sites.audience,
            sites.campaigns,
            sites.belongings,
            sites.audience,  # whom a request let in that was under way when the site was closed
            sites.stone,
        )
    }
    return Jobs(rows=JobRows(), calendar=due(), wakes=_Queue(), stages=stages)


@cache
def site_closing() -> SiteClosing:
    from chalicelib.features.campaigns.wiring import campaigns
    from chalicelib.features.sending.wiring import sending
    from chalicelib.features.sites.wiring import sites

    return SiteClosing(sites=sites(), campaigns=campaigns(), sending=sending(), jobs=jobs)
