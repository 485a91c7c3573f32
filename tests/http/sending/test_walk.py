"""From send to stats through the real handlers: the numbers add up at every step, whatever happens on the way."""

from __future__ import annotations

import json

import pytest

from chalicelib.aws.dynamo import Table
from chalicelib.features.sites.wiring import sites
from tests.fakes.lambdas import context
from tests.http.sending.walk import Walk


def test_the_numbers_add_up_at_every_step(walk: Walk) -> None:
    walk.subscribe(5)
    campaign = walk.draft()
    before = walk.stats(campaign)
    assert (before["run"], before["audience"], before["audience_estimated"]) == (None, 0, True)

    run = walk.send(campaign)
    sent = walk.stats(campaign)
    assert (sent["run"], sent["audience"]) == (None, 0)  # its run is not written yet

    walk.work("plan")
    planned = walk.stats(campaign)
    assert (planned["run"], planned["state"]) == (run, "sending")
    assert (planned["audience"], planned["pending"], planned["audience_estimated"]) == (5, 5, True)

    walk.work("send-small")
    done = walk.stats(campaign)
    assert (done["state"], done["audience"], done["accepted"], done["audience_estimated"]) == ("sent", 5, 5, False)
    assert walk.desk.status(campaign.removeprefix("/")) == "sent"
    assert {record.plaintext is not None for record in walk.service.ledger.received()} == {True}
    assert len(walk.service.ledger.accepted_endpoints()) == 5


def test_each_outcome_is_counted_in_its_family(walk: Walk) -> None:
    fine, gone, refused, busy = walk.subscribe(4)
    walk.service.set_rules(
        [
            {"match": {"endpoint": gone["endpoint"]}, "answer": {"status": 410}},
            {"match": {"endpoint": refused["endpoint"]}, "answer": {"status": 413}},
            {"match": {"endpoint": busy["endpoint"]}, "answer": {"status": 429, "retry_after": 600}, "times": 1},
        ]
    )
    campaign = walk.draft()
    walk.send(campaign)
    walk.work("plan", "send-small")
    stats = walk.stats(campaign)
    assert [stats[name] for name in ("accepted", "gone", "failed", "pending", "audience")] == [1, 1, 1, 1, 4]
    assert stats["reasons"] == {"failed:too_large": 1, "gone:ended": 1}
    assert (stats["state"], stats["audience_estimated"]) == ("sending", False)

    walk.pass_time(minutes=12)
    end = walk.stats(campaign)
    assert [end[name] for name in ("accepted", "gone", "failed", "pending")] == [2, 1, 1, 0]
    assert end["state"] == "sent"
    accepted = walk.service.ledger.accepted_counts()
    assert accepted == {fine["endpoint"]: 1, busy["endpoint"]: 1}


def test_a_push_service_that_calls_everybody_gone_ends_nobody(walk: Walk) -> None:
    walk.subscribe(60)
    walk.service.set_rules([{"answer": {"status": 410}}])
    campaign = walk.draft()
    walk.send(campaign)
    walk.work("plan", "send-small")
    walk.pass_time(minutes=2)
    stats = walk.stats(campaign)
    assert (stats["state"], stats["gone"], stats["spared"]) == ("sent", 60, 60)
    assert {row["status"] for row in walk.world.aws.rows("subs")} == {"active"}
    walk.service.set_rules([])
    again = walk.draft()
    walk.send(again)
    walk.work("plan", "send-small")
    assert walk.stats(again)["accepted"] == 60


def test_who_comes_after_the_launch_is_left_out(walk: Walk) -> None:
    walk.subscribe(2)
    campaign = walk.draft()
    walk.send(campaign)
    walk.work("plan")
    walk.subscribe(3)
    walk.work("send-small")
    stats = walk.stats(campaign)
    assert (stats["audience"], stats["accepted"], stats["excluded"]) == (2, 2, 3)


def test_a_cancel_settles_also_those_who_were_to_wait_for_hours(walk: Walk) -> None:
    walk.subscribe(3)
    walk.service.set_rules([{"answer": {"status": 429, "retry_after": 36_000}}])
    campaign = walk.draft()
    walk.send(campaign)
    walk.work("plan", "send-small")
    assert walk.stats(campaign)["pending"] == 3
    cancelled = walk.ask("POST", f"{campaign}/cancel")
    assert cancelled["status"] == "cancelled"
    walk.work("sweep", "send-small", "sweep")
    stats = walk.stats(campaign)
    assert (stats["state"], stats["skipped"], stats["pending"]) == ("cancelled", 3, 0)
    assert stats["reasons"] == {"skipped:cancelled": 3}


def test_a_subscription_whose_key_is_no_more_is_an_outcome(walk: Walk) -> None:
    walk.subscribe(2)
    for row in walk.world.aws.rows("subs")[:1]:
        Table("subs").put(row | {"key_id": "vap_withdrawn"})
    campaign = walk.draft()
    walk.send(campaign)
    walk.work("plan", "send-small")
    stats = walk.stats(campaign)
    assert (stats["state"], stats["accepted"], stats["failed"]) == ("sent", 1, 1)
    assert stats["reasons"] == {"failed:key_unavailable": 1}


def test_a_row_that_cannot_be_read_is_an_outcome(walk: Walk) -> None:
    walk.subscribe(2)
    for row in walk.world.aws.rows("subs")[:1]:
        Table("subs").put(row | {"packed": b"\xc1"})
    campaign = walk.draft()
    walk.send(campaign)
    walk.work("plan", "send-small")
    assert walk.stats(campaign)["reasons"] == {"failed:unreadable_subscription": 1}


def test_a_site_that_closes_meanwhile_reaches_nobody_and_holds_nothing_up(walk: Walk) -> None:
    walk.subscribe(2)
    campaign = walk.draft()
    run = walk.send(campaign)
    walk.work("plan")
    sites().close(tenant_id=walk.tenant_id, site_id=walk.desk.site_id, now=walk.world.clock.now())
    walk.work("send-small")
    (row,) = [row for row in walk.world.aws.rows("sends") if row["sk"] == "RUN"]
    assert (row["id"], row["state"], row["totals"]) == (run, "sent", {"failed:key_unavailable": 2})
    assert walk.service.ledger.total == 0


def test_a_function_that_is_nearly_out_of_time_hands_over_to_itself(walk: Walk) -> None:
    walk.subscribe(3)
    campaign = walk.draft()
    walk.send(campaign)
    walk.work("plan")
    (body,) = walk.world.lambdas.bodies("send-small")
    deliver(walk, body, seconds=10)
    assert walk.service.ledger.total == 0
    assert len(walk.world.lambdas.bodies("send-small")) == 2
    walk.work("send-small")
    assert walk.stats(campaign)["accepted"] == 3


@pytest.mark.parametrize("lane", ["send", "send-small", "send-transactional"])
def test_any_lane_can_carry_a_batch(walk: Walk, lane: str) -> None:
    walk.subscribe(2)
    campaign = walk.draft()
    walk.send(campaign)
    walk.work("plan")
    (body,) = walk.world.lambdas.bodies("send-small")
    walk.world.lambdas.deliver(lane, body)
    assert walk.stats(campaign)["accepted"] == 2


@pytest.mark.parametrize(
    "change",
    [
        {"n": 1},
        {"n": -1},
        {"n": 10**12},
        {"run": "run_00000000000000000000000000"},
        {"tenant": "ten_somebody_else"},
        {"n": "0"},
        {"n": None},
        {"run": 5},
        {"surprise": 1, "n": 7},
    ],
    ids=str,
)
def test_a_wake_up_that_makes_no_sense_harms_nobody(walk: Walk, change: dict[str, object]) -> None:
    walk.subscribe(1)
    campaign = walk.draft()
    walk.send(campaign)
    walk.work("plan")
    (body,) = walk.world.lambdas.bodies("send-small")
    rows = walk.world.aws.rows("sends")
    deliver(walk, json.dumps(json.loads(body) | change))
    assert walk.world.aws.rows("sends") == rows
    assert walk.service.ledger.total == 0
    walk.work("send-small")
    assert walk.stats(campaign)["accepted"] == 1


@pytest.mark.parametrize("body", ["", "{}", "[]", "null", '{"v": 1}', "[" * 5_000, '"x"'])
@pytest.mark.parametrize("queue", ["plan", "send", "send-small", "send-transactional", "sweep"])
def test_a_message_that_cannot_be_read_is_dropped(walk: Walk, queue: str, body: str) -> None:
    walk.world.lambdas.deliver(queue, body)
    assert walk.world.lambdas.bodies(queue) == []


@pytest.mark.parametrize("queue", ["plan", "send-small", "sweep"])
def test_a_message_of_a_newer_version_waits(walk: Walk, queue: str) -> None:
    walk.world.lambdas.deliver(queue, '{"v": 2, "tenant": "ten_a", "news": []}')
    assert len(walk.world.lambdas.bodies(queue)) == 1


def deliver(walk: Walk, body: str, *, seconds: float = 60) -> None:
    """One wake-up, by a function that has so long to live."""
    from app import app

    record = {"messageId": "m", "receiptHandle": "r", "body": body, "attributes": {}, "messageAttributes": {}}
    record |= {"md5OfBody": "", "eventSource": "aws:sqs", "eventSourceARN": "arn", "awsRegion": "eu-central-1"}
    app.handler_map["send_small"]({"Records": [record]}, context("send_small", seconds=seconds))
