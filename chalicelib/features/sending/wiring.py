"""The engine on DynamoDB, SQS and real push services."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from chalicelib.aws.values import Row
from chalicelib.config import settings
from chalicelib.core import chance, clock
from chalicelib.core.receipts import Receipts
from chalicelib.features.sending.model.run import Run
from chalicelib.features.sending.service.desk import Desk
from chalicelib.features.sending.service.notify import Notifications
from chalicelib.features.sending.service.persons import Persons
from chalicelib.features.sending.service.ports import Ports, Tuning
from chalicelib.features.sending.service.sending import Sending


@cache
def ports() -> Ports:
    from chalicelib.features.campaigns.wiring import campaign_replacing, campaigns
    from chalicelib.features.due.wiring import due, entry_moving
    from chalicelib.features.operations.wiring import operations
    from chalicelib.features.sending.adapters.meter import LaneMeter
    from chalicelib.features.sending.adapters.notices import LoudNotices
    from chalicelib.features.sending.adapters.webpush import WebPushChannel
    from chalicelib.features.sending.adapters.world import (
        CampaignOwners,
        LaneQueues,
        OperatorSwitch,
        RunCalendar,
        SiteAudience,
    )
    from chalicelib.features.sending.store.batches import BatchRows
    from chalicelib.features.sending.store.gates import GateRows
    from chalicelib.features.sending.store.notices import NoticeRows
    from chalicelib.features.sending.store.runs import RunRows
    from chalicelib.features.sites.wiring import sites
    from chalicelib.features.subscriptions.wiring import audience

    return Ports(
        runs=RunRows(moving=entry_moving(), replacing=campaign_replacing()),
        batches=BatchRows(),
        audience=SiteAudience(audience()),
        channel=WebPushChannel(sites(), receipts=_receipts, clicks=settings().clicks_url),
        wakes=LaneQueues(),
        calendar=RunCalendar(due()),
        campaigns=CampaignOwners(campaigns()),
        gates=GateRows(),
        notices=LoudNotices(told=NoticeRows(), owners=_owners, site_name=_site_name),
        switch=OperatorSwitch(operations()),
        clock=clock.PresentClock(),
        chance=chance.SystemChance(),
        persons=_persons,
        tuning=Tuning(
            rows_per_batch=settings().rows_per_batch,
            window=settings().window,
            careful_window=settings().careful_window,
        ),
        meter=LaneMeter(),
    )


@cache
def sending() -> Sending:
    from chalicelib.features.campaigns.wiring import campaigns
    from chalicelib.features.sending.store.runs import RunRows
    from chalicelib.features.subscriptions.wiring import subscriptions

    return Sending(ports=ports(), campaigns=campaigns(), people=subscriptions(), run_list=RunRows())


@cache
def notifications() -> Notifications:
    from chalicelib.features.subscriptions.wiring import subscriptions

    return Notifications(ports=ports(), people=subscriptions(), clicks=settings().clicks_url)


@cache
def desk() -> Desk:
    from chalicelib.features.operations.wiring import operations
    from chalicelib.features.sending.store.batches import BatchRows
    from chalicelib.features.sites.wiring import sites
    from chalicelib.features.tenants.wiring import tenants

    return Desk(
        switch=operations(),
        tenants=tenants(),
        sites=sites(),
        runs=ports().runs,
        records=BatchRows(),
        gates=ports().gates,
    )


def _persons(tenant_id: str) -> Persons:
    from chalicelib.aws.secrets import secret

    return Persons(secret=secret(settings().secret_installation).encode(), tenant_id=tenant_id)


def run_reading() -> tuple[Callable[[str, str], tuple[str, str]], Callable[[str, Row], Run]]:
    """For the wiring of what reads a run together with rows of its own: where it is, and what its row says."""
    from chalicelib.features.sending.store.runs import place_of, read_run

    return place_of, read_run


def _receipts() -> Receipts:
    from chalicelib.aws.secrets import secret

    return Receipts(secret(settings().secret_pepper).encode())


def _owners(tenant_id: str) -> list[str]:
    from chalicelib.features.identity.wiring import people

    return people().owner_addresses(tenant_id=tenant_id)


def _site_name(tenant_id: str, site_id: str) -> str:
    from chalicelib.features.sites.wiring import sites

    return sites().name(tenant_id=tenant_id, site_id=site_id)
