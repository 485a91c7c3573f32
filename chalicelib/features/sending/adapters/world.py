"""The engine's ports on real things. Calls block: the loop that drives the engine in Lambda has nothing else to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from chalicelib.aws.queues import Queue
from chalicelib.features.campaigns.model import Campaign, Launch, Status
from chalicelib.features.campaigns.service import Campaigns
from chalicelib.features.due.model import QUEUES, Entry, Kind
from chalicelib.features.due.service import Due
from chalicelib.features.operations.service import Operations
from chalicelib.features.sending.model.run import Lane, Run, Source, State
from chalicelib.features.sending.schemas.messages import WakeMessage
from chalicelib.features.sending.service.ports import Recipient
from chalicelib.features.subscriptions.model import NEEDS_RESUBSCRIBE
from chalicelib.features.subscriptions.service.ports import Audience

_STATUS = {State.CANCELLED: Status.CANCELLED, State.FAILED: Status.FAILED}


class SiteAudience:
    def __init__(self, audience: Audience) -> None:
        self._audience = audience

    async def read(
        self, tenant_id: str, site_id: str, *, start: bytes, end: bytes, limit: int
    ) -> tuple[Sequence[Recipient], bool]:
        return self._audience.read(tenant_id, site_id, start=start, end=end, limit=limit)

    async def pick(self, tenant_id: str, site_id: str, keys: Sequence[bytes]) -> Sequence[Recipient]:
        return self._audience.pick(tenant_id, site_id, keys)

    async def bury(self, tenant_id: str, site_id: str, *, key: bytes, active_since: int, at: datetime) -> None:
        self._audience.bury(tenant_id, site_id, key=key, active_since=active_since, reason="gone", at=at)

    async def note_misfit(self, tenant_id: str, site_id: str, *, key: bytes, active_since: int) -> None:
        self._audience.trouble(tenant_id, site_id, key=key, active_since=active_since, why=NEEDS_RESUBSCRIBE)


class LaneQueues:
    async def send(self, lane: Lane, run: Run, numbers: Iterable[int], *, delay_seconds: int = 0) -> None:
        messages = (WakeMessage(tenant=run.tenant_id, site=run.site_id, run=run.id, n=number) for number in numbers)
        Queue(lane.value).send_many(messages, group=run.tenant_id, delay_seconds=delay_seconds)

    async def look(self, run: Run) -> None:
        if run.look_at is not None:
            entry = Entry.at_its_minute(Kind.RUN, run.tenant_id, run.id, run.look_at)
            Queue(QUEUES[Kind.RUN]).send(entry.message(), group=run.tenant_id)


class RunCalendar:
    def __init__(self, due: Due) -> None:
        self._due = due

    async def put(self, run: Run, at: datetime, *, now: datetime) -> datetime:
        return self._due.put(kind=Kind.RUN, tenant_id=run.tenant_id, owner_id=run.id, at=at, now=now)

    async def drop(self, run: Run, at: datetime) -> None:
        self._due.drop(kind=Kind.RUN, tenant_id=run.tenant_id, owner_id=run.id, at=at)

    async def settle(self, entry: Entry, look_at: datetime | None, *, now: datetime) -> bool:
        return self._due.settle(entry, look_at=look_at, now=now)

    async def done(self, entry: Entry) -> None:
        self._due.done(entry)


class OperatorSwitch:
    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    async def is_stopped(self, tenant_id: str) -> bool:
        return self._operations.is_stopped(tenant_id=tenant_id)


class CampaignOwners:
    def __init__(self, campaigns: Campaigns) -> None:
        self._campaigns = campaigns

    async def release(self, entry: Entry, *, now: datetime) -> Launch | None:
        return self._campaigns.release(entry, now=now)

    async def launched(self, entry: Entry) -> None:
        self._campaigns.launched(entry)

    async def get(self, tenant_id: str, campaign_id: str) -> Campaign | None:
        return self._campaigns.standing(tenant_id=tenant_id, campaign_id=campaign_id)

    async def cancel(self, campaign: Campaign, *, now: datetime) -> Campaign:
        return self._campaigns.cancel(campaign, now=now)

    async def finish(self, run: Run, *, now: datetime) -> None:
        if run.source is Source.CAMPAIGN and run.campaign_id is not None:
            status = _STATUS.get(run.state, Status.SENT)
            self._campaigns.finish(
                tenant_id=run.tenant_id, campaign_id=run.campaign_id, run_id=run.id, status=status, now=now
            )
