"""Removing on DynamoDB, in the order that leaves nothing behind which nobody would find."""

from __future__ import annotations

from functools import cache

from chalicelib.aws.queues import Queue
from chalicelib.features.due.model import Kind as DueKind
from chalicelib.features.privacy.model import Job, Kind
from chalicelib.features.privacy.schemas.messages import Task
from chalicelib.features.privacy.service.accounts import Accounts
from chalicelib.features.privacy.service.closing import SiteClosing
from chalicelib.features.privacy.service.jobs import Jobs
from chalicelib.features.privacy.service.people import OwnAccounts
from chalicelib.features.privacy.service.retention import Retaining
from chalicelib.features.privacy.service.subscribers import Subscribers
from chalicelib.features.privacy.service.sunsets import Sunsets


class _Queue:
    def send(self, job: Job, *, delay_seconds: int = 0) -> None:
        task = Task(kind=DueKind.JOB, tenant=job.tenant_id, id=job.id)
        Queue("privacy").send(task, group=job.tenant_id, delay_seconds=delay_seconds)


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
        ),
        Kind.ERASURE: (
            subscribers().forget_answers,
            subscribers().remove,
            subscribers().remove,  # whom the index did not know yet
        ),
        Kind.RETENTION: (retaining().drop_subscriptions, retaining().drop_runs, sunsets().end_unseen),
        Kind.PERSON: (
            own_accounts().be_gone,
            own_accounts().remove,
            own_accounts().forget_answers,
            own_accounts().remove_last,
        ),
        Kind.ACCOUNT: (
            accounts().shut_out,
            accounts().wait,
            accounts().shut_out,  # what was made since
            accounts().wait_for_keys,
            accounts().close_sites,
            accounts().let_people_go,
            accounts().let_kept_people_go,
            accounts().remove_files,
            accounts().remove,
            accounts().remove,  # what was under way
            accounts().forget,
        ),
    }
    return Jobs(rows=JobRows(), calendar=due(), wakes=_Queue(), stages=stages)


@cache
def subscribers() -> Subscribers:
    from chalicelib.features.privacy.store.subscribers import SubscriberRows
    from chalicelib.features.sites.wiring import sites
    from chalicelib.features.subscriptions.wiring import subscriptions

    return Subscribers(sites=sites(), subscriptions=subscriptions(), rows=SubscriberRows(), jobs=jobs)


@cache
def own_accounts() -> OwnAccounts:
    from chalicelib.features.due.wiring import due
    from chalicelib.features.identity.wiring import identity
    from chalicelib.features.privacy.store.scans import ScanRows

    return OwnAccounts(team=identity().team, rows=ScanRows(), calendar=due(), jobs=jobs)


@cache
def retaining() -> Retaining:
    from chalicelib.features.due.wiring import due
    from chalicelib.features.privacy.store.retention import RetentionRows

    return Retaining(rows=RetentionRows(), calendar=due(), jobs=jobs)


@cache
def sunsets() -> Sunsets:
    from chalicelib.features.audit.wiring import backlog
    from chalicelib.features.privacy.store.retention import RetentionRows
    from chalicelib.features.subscriptions.wiring import sunset

    return Sunsets(sites=RetentionRows(), sunset=sunset(), trail=backlog())


@cache
def accounts() -> Accounts:
    from chalicelib.features.operations.wiring import operations
    from chalicelib.features.privacy.store.scans import ScanRows
    from chalicelib.features.sites.wiring import sites
    from chalicelib.features.tenants.wiring import tenants

    return Accounts(
        tenants=tenants(), switch=operations(), sites=sites(), rows=ScanRows(), erase=own_accounts().erase, jobs=jobs
    )


@cache
def site_closing() -> SiteClosing:
    from chalicelib.features.campaigns.wiring import campaigns
    from chalicelib.features.sending.wiring import sending
    from chalicelib.features.sites.wiring import sites

    return SiteClosing(sites=sites(), campaigns=campaigns(), sending=sending(), jobs=jobs)
