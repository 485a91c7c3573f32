"""A campaign's time has come: its run is written, planned and on its way. Each step may be repeated."""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib.core.clock import in_milliseconds
from chalicelib.core.errors import Stale
from chalicelib.features.campaigns.model import Launch, Status
from chalicelib.features.due.model import Entry
from chalicelib.features.sending.model.run import Order, Run, Source
from chalicelib.features.sending.service.patience import patiently
from chalicelib.features.sending.service.plan import launch
from chalicelib.features.sending.service.ports import Ports
from chalicelib.features.sending.service.steer import tell

_PLANNERS_ARE_DONE_AFTER = timedelta(minutes=2)  # a function lives for one


async def release(ports: Ports, entry: Entry, *, deadline: datetime) -> None:
    try:
        released = await patiently(ports.campaigns.release, entry, now=ports.clock.now())
        if released is None:
            return
        if not released.is_cancelled:
            await launch(ports, _run_of(released, ports), deadline=deadline)
        if await _is_cancelled(ports, released) and not await _is_told(ports, released, entry):
            return  # the entry stands for the next tick
        await patiently(ports.campaigns.launched, entry)
    except Stale:
        return  # the campaign or its run moved meanwhile; the entry still stands for the next tick


async def _is_cancelled(ports: Ports, released: Launch) -> bool:
    """Meanwhile. One that is gone had been."""
    campaign = await patiently(ports.campaigns.get, released.campaign.tenant_id, released.campaign.id)
    return campaign is None or campaign.status is Status.CANCELLED


async def _is_told(ports: Ports, released: Launch, entry: Entry) -> bool:
    """Whether its run knows of the cancel. None to be seen may mean that another planner is just about to write it."""
    run = await tell(ports, tenant_id=released.campaign.tenant_id, run_id=released.run_id)
    return run is not None or ports.clock.now() - entry.at > _PLANNERS_ARE_DONE_AFTER


def _run_of(launched: Launch, ports: Ports) -> Run:
    now = ports.clock.now()
    campaign = launched.campaign
    return Run(
        id=launched.run_id,
        tenant_id=campaign.tenant_id,
        site_id=campaign.site_id,
        campaign_id=campaign.id,
        source=Source.CAMPAIGN,
        mode=campaign.mode,
        order=Order(
            message=campaign.message,
            cutoff=in_milliseconds(now),
            careful=campaign.careful,
            throttle_per_minute=campaign.throttle_per_minute,
        ),
        created_at=now,
        expires_at=campaign.run_expires_at(now=now),
    )
