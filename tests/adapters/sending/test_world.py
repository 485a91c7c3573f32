"""The engine's ports on moto: what stands in the queues and tables after it spoke."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.aws.clients import client
from chalicelib.core import drive
from chalicelib.core.clock import in_milliseconds
from chalicelib.core.errors import Unavailable
from chalicelib.core.identity import Mode
from chalicelib.features.campaigns.model import Status
from chalicelib.features.campaigns.service import Draft
from chalicelib.features.campaigns.wiring import campaigns
from chalicelib.features.due.model import DueMessage, Kind
from chalicelib.features.due.wiring import due
from chalicelib.features.sending.adapters.world import CampaignOwners, LaneQueues, RunCalendar, SiteAudience
from chalicelib.features.sending.model.run import Lane, Source, State
from chalicelib.features.sites.wiring import sites
from chalicelib.features.subscriptions.model import read_browser
from chalicelib.features.subscriptions.wiring import audience, subscriptions
from infra.local.push_service.service import PushService
from tests.adapters.aws.faults import Faults
from tests.adapters.sending.rows import AT, MESSAGE, a_run
from tests.fakes.clock import ManualClock
from tests.fakes.installation import Installation

RUN = a_run()


@pytest.fixture
def sent(aws: Installation) -> Iterator[Callable[[str], list[dict[str, Any]]]]:
    """The entries of every SendMessageBatch to the queue of this name, as they left."""
    calls: list[dict[str, Any]] = []
    events = client("sqs").meta.events

    def note(params: dict[str, Any], **_: Any) -> None:
        calls.append(params)

    def to(queue: str) -> list[dict[str, Any]]:
        return [call for call in calls if call["QueueUrl"].endswith(f"{aws.prefix}-{queue}")]

    events.register("provide-client-params.sqs.SendMessageBatch", note)
    yield to
    events.unregister("provide-client-params.sqs.SendMessageBatch", note)


Sent = Callable[[str], list[dict[str, Any]]]


# --- wakes ---


@pytest.mark.parametrize("lane", Lane)
def test_wake_ups_go_to_their_lane_ten_at_a_time_and_name_ids_only(sent: Sent, lane: Lane) -> None:
    drive.run(LaneQueues().send(lane, RUN, range(23), delay_seconds=42))
    calls = sent(lane.value)
    assert [len(call["Entries"]) for call in calls] == [10, 10, 3]
    entries = [entry for call in calls for entry in call["Entries"]]
    assert [json.loads(entry["MessageBody"]) for entry in entries] == [
        {"v": 1, "tenant": RUN.tenant_id, "site": RUN.site_id, "run": RUN.id, "n": number} for number in range(23)
    ]
    assert {(entry["MessageGroupId"], entry["DelaySeconds"]) for entry in entries} == {(RUN.tenant_id, 42)}


def test_no_batch_is_no_call(sent: Sent) -> None:
    drive.run(LaneQueues().send(Lane.BULK, RUN, ()))
    assert sent("send") == []


def test_a_queue_that_is_down_is_unavailable(faults: Faults) -> None:
    faults.reject("sqs.SendMessageBatch", times=9)
    with pytest.raises(Unavailable):
        drive.run(LaneQueues().send(Lane.BULK, RUN, [1]))


def test_a_look_at_once_is_the_message_of_its_entry(sent: Sent) -> None:
    drive.run(LaneQueues().look(RUN))
    ((entry,),) = [call["Entries"] for call in sent("sweep")]
    message = DueMessage(**json.loads(entry["MessageBody"]))
    assert (message.entry.kind, message.entry.id, message.entry.at) == (Kind.RUN, RUN.id, RUN.look_at)


def test_a_run_without_a_look_needs_none(sent: Sent) -> None:
    drive.run(LaneQueues().look(replace(RUN, look_at=None)))
    assert sent("sweep") == []


# --- the calendar ---


def test_an_entry_stands_until_it_is_dropped_done_or_disowned(aws: Installation) -> None:
    calendar = RunCalendar(due())
    at = drive.run(calendar.put(RUN, AT + timedelta(minutes=5), now=AT))
    (row,) = aws.rows("due")
    assert row["sk"] == f"run#{RUN.tenant_id}#{RUN.id}#{in_milliseconds(at)}"
    drive.run(calendar.drop(RUN, at))
    assert aws.rows("due") == []

    at = drive.run(calendar.put(RUN, AT, now=AT))
    entry = DueMessage(
        kind="run", tenant=RUN.tenant_id, id=RUN.id, at=in_milliseconds(at), minute=in_milliseconds(at) // 60_000
    ).entry
    assert drive.run(calendar.settle(entry, at, now=at))
    assert not drive.run(calendar.settle(entry, None, now=at))
    assert len(aws.rows("due")) == 1
    assert not drive.run(calendar.settle(entry, None, now=at + timedelta(minutes=3)))
    assert aws.rows("due") == []
    drive.run(calendar.put(RUN, AT, now=AT))
    drive.run(calendar.done(entry))
    assert aws.rows("due") == []


# --- the audience ---


def test_the_audience_is_read_picked_and_buried(aws: Installation, clock: ManualClock) -> None:
    site = sites().create(tenant_id="ten_ada", name="Shop", url="https://shop.example", now=clock.now())
    whose = ("ten_ada", site.id)
    for number in range(5):
        made = PushService.simulated(1, number)
        browser = read_browser(endpoint=made["endpoint"], **made["keys"])
        subscriptions().subscribe(tenant_id="ten_ada", site_id=site.id, browser=browser, now=clock.now())
    port = SiteAudience(audience())

    rows, more = drive.run(port.read(*whose, start=bytes(16), end=b"\xff" * 16, limit=3))
    rest, end = drive.run(port.read(*whose, start=_after(rows[-1].key), end=b"\xff" * 16, limit=100))
    keys = [row.key for row in [*rows, *rest]]
    assert (len(rows), more, len(rest), end) == (3, True, 2, False)
    assert keys == sorted(keys)

    picked = drive.run(port.pick(*whose, [keys[3], keys[0], b"n" * 16]))
    assert {row.key for row in picked} == {keys[0], keys[3]}

    since = rows[0].active_since
    drive.run(port.bury(*whose, key=keys[0], active_since=since, at=clock.now()))
    drive.run(port.bury(*whose, key=keys[1], active_since=since - 1, at=clock.now()))
    states = {row.key: row.is_active for row in drive.run(port.pick(*whose, keys[:2]))}
    assert states == {keys[0]: False, keys[1]: True}
    ended = [row for row in aws.rows("subs") if row["status"] == "ended"]
    assert [row["ended_reason"] for row in ended] == ["gone"]


def _after(key: bytes) -> bytes:
    return (int.from_bytes(key) + 1).to_bytes(16)


# --- the campaigns ---


@pytest.mark.parametrize(
    ("source", "state", "status"),
    [
        (Source.CAMPAIGN, State.SENT, Status.SENT),
        (Source.CAMPAIGN, State.EXPIRED, Status.SENT),
        (Source.CAMPAIGN, State.CANCELLED, Status.CANCELLED),
        (Source.CAMPAIGN, State.FAILED, Status.FAILED),
        (Source.TEST, State.SENT, Status.SENDING),
        (Source.NOTIFICATION, State.SENT, Status.SENDING),
    ],
)
def test_the_end_of_a_run_is_the_end_of_its_campaign_if_it_was_its_own(
    aws: Installation, clock: ManualClock, source: Source, state: State, status: Status
) -> None:
    assert aws.rows("core") == []
    site = sites().create(tenant_id="ten_ada", name="Shop", url="https://shop.example", now=clock.now())
    draft = Draft(name="Spring", message=MESSAGE)
    made = campaigns().create(tenant_id="ten_ada", site_id=site.id, draft=draft, mode=Mode.LIVE, now=clock.now())
    sending = campaigns().send(made, mode=Mode.LIVE, now=clock.now())
    run = replace(RUN, id=str(sending.run_id), campaign_id=made.id, source=source, state=state)
    drive.run(CampaignOwners(campaigns()).finish(run, now=clock.now()))
    found = campaigns().get(tenant_id="ten_ada", site_id=site.id, campaign_id=made.id)
    assert found.status is status
