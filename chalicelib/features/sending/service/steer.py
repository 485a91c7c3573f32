"""Stopping, holding and letting go of a campaign that is being sent. It, its run and the run's entry in the calendar
change in one step. What was pushed stays pushed; workers hear of it within seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from chalicelib.core.errors import Stale, Unavailable
from chalicelib.features.campaigns.model import Campaign, NotUnderWay, Status
from chalicelib.features.due.model import no_earlier
from chalicelib.features.sending.model.run import Run, State
from chalicelib.features.sending.service.look import look_now
from chalicelib.features.sending.service.patience import patiently
from chalicelib.features.sending.service.ports import Ports

_TRIES = 5
_GOING = {State.PLANNED, State.SENDING}

Turned = Callable[[Run, datetime], Run]


async def pause(ports: Ports, campaign: Campaign) -> Campaign:
    """Nobody else is reached until it is resumed, or expires."""
    return await _turn(ports, campaign, Status.PAUSED, _paused)


async def resume(ports: Ports, campaign: Campaign) -> Campaign:
    return await _turn(ports, campaign, Status.SENDING, _resumed)


async def cancel(ports: Ports, campaign: Campaign) -> Campaign:
    """Whoever was not reached is counted as skipped. Where there is no run yet, or none that would stand still, the
    campaign is cancelled alone, and the calendar sees to it that its run hears.
    """
    try:
        return await _turn(ports, campaign, Status.CANCELLED, _cancelled)
    except (NotUnderWay, Stale, Unavailable):
        return await _cancel_alone(ports, campaign)


async def tell(ports: Ports, *, tenant_id: str, run_id: str) -> Run | None:
    """The run of a campaign that was cancelled alone. None when there is no such run (yet)."""
    for _ in range(_TRIES):
        run = await patiently(ports.runs.get, tenant_id, run_id)
        if run is None or run.is_over or run.state is State.CANCELLED:
            return run
        with suppress(Stale):
            return await look_now(ports, _cancelled(run, ports.clock.now()))
    raise Stale


async def _cancel_alone(ports: Ports, campaign: Campaign) -> Campaign:
    for _ in range(_TRIES):
        with suppress(Stale):
            return await patiently(ports.campaigns.cancel, campaign, now=ports.clock.now())
        campaign = await _again(ports, campaign)
        if campaign.status is Status.CANCELLED:
            return campaign
    raise Stale


def _cancelled(run: Run, _now: datetime) -> Run:
    return run if run.state is State.CANCELLED else replace(run, state=State.CANCELLED, reissued_at=None, waves=0)


def _paused(run: Run, now: datetime) -> Run:
    return run.paused(now=now) if run.state in _GOING else run


def _resumed(run: Run, now: datetime) -> Run:
    return run.resumed(now=now) if run.state is State.PAUSED else run


async def _turn(ports: Ports, campaign: Campaign, status: Status, turned: Turned) -> Campaign:
    """Both, or what of them is not so already. Raises NotUnderWay as long as there is no run."""
    for _ in range(_TRIES):
        owner = campaign if campaign.status is status else _become(campaign, status, ports.clock.now())
        run = await patiently(ports.runs.get, campaign.tenant_id, campaign.run_id or "")
        if run is None:
            raise NotUnderWay
        after = run if run.is_over else turned(run, ports.clock.now())
        if owner is campaign and after is run:
            return campaign
        if not run.is_over:
            with suppress(Stale):
                return await _turned(ports, run, after, owner)
        campaign = await _again(ports, campaign)
    raise Stale


async def _turned(ports: Ports, run: Run, after: Run, owner: Campaign) -> Campaign:
    """And whoever looks is called at once; should the call be lost, there is the calendar."""
    now = ports.clock.now()
    looking = replace(after, look_at=no_earlier(now, than=now))
    saved, campaign = await patiently(ports.runs.turn, run.tenant_id, looking, owner, looked_at=run.look_at)
    with suppress(Unavailable):
        await patiently(ports.wakes.look, saved)
    return campaign


def _become(campaign: Campaign, status: Status, now: datetime) -> Campaign:
    campaign.must_be_under_way()
    return replace(campaign.to(status), updated_at=now)


async def _again(ports: Ports, campaign: Campaign) -> Campaign:
    """Whoever was faster may have been its run's end."""
    standing = await patiently(ports.campaigns.get, campaign.tenant_id, campaign.id)
    if standing is None:
        raise Stale
    return standing
