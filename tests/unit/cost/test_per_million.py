"""From a small run to a million: each cost grows with what it belongs to, and with nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.features.sending.adapters.meter import BY_LANE, IN_ALL
from infra.cost import assumptions as assumed
from infra.cost.batch_simulation import Averages
from infra.cost.bill import Bill
from infra.cost.demo_run import LANE, TICK, Run
from infra.cost.door import API
from infra.cost.machine import Machine
from infra.cost.meter import Call, Invocation, Reading, Timed
from infra.cost.metric_lines import line_bytes
from infra.cost.per_million import million, per_million, push_bytes
from infra.cost.scales import Weight
from infra.cost.storage import storage
from infra.cost.wire import Traffic

MACHINES = {name: Machine(1_024) for name in (API, LANE, TICK, "plan", "sweep")}
BATCH = Averages(
    messages=1.5,
    invocations=0.75,
    seconds=4.0,
    asked={"get": 2.0, "save": 5.0, "read": 1.0, "push": 489.0, "bury": 5.0, "wake": 0.5, "pick": 0.5, "picked": 0.5},
)
ROWS = Weight(reads=73.0, rows=500, row_bytes=500 * 510)  # with endpoints of 90 bytes; real ones are 100 longer


def _calls(function: str, number: int, *asked: tuple[str, str, Weight]) -> list[Call]:
    return [Call(Invocation(function, number), operation, target, weight, 200) for operation, target, weight in asked]


def _batch(number: int) -> list[Call]:
    return _calls(
        LANE,
        number,
        ("dynamodb.GetItem", "sends", Weight(reads=1)),
        ("dynamodb.GetItem", "sends", Weight(reads=1)),
        ("dynamodb.PutItem", "sends", Weight(writes=1)),
        ("dynamodb.PutItem", "sends", Weight(writes=2)),
        ("dynamodb.UpdateItem", "subs", Weight(writes=1)),
        ("dynamodb.Query", "subs", ROWS),
    )


FRESH = _calls(LANE, 1, ("dynamodb.GetItem", "core", Weight(reads=1)), ("kms.Decrypt", "", Weight()))
REST = [
    *_calls(API, 11, ("dynamodb.PutItem", "core", Weight(writes=1)), ("sqs.SendMessageBatch", "plan", Weight())),
    *_calls("plan", 12, ("sqs.SendMessageBatch", LANE, Weight())),
    *_calls("sweep", 13, ("dynamodb.Query", "sends", Weight(reads=1, rows=1, row_bytes=1_000))),
    *_calls(TICK, 14, ("dynamodb.Query", "due", Weight(reads=1)), ("sqs.SendMessageBatch", "sweep", Weight())),
]
LOOK = _calls(API, 15, ("dynamodb.GetItem", "core", Weight(reads=1)))


def _reading(*calls: Call) -> Reading:
    return Reading(calls, tuple(Timed(one, 0.1, 0.1) for one in dict.fromkeys(call.invocation for call in calls)))


DEMO = Run(
    subscribers=1_000,
    batches=2,
    campaign=_reading(*_batch(1), *FRESH, *_batch(2), *REST),
    look=_reading(*LOOK),
    idle=_reading(),
    traffic=Traffic(connections=2, payload_bytes=900_000),
    endpoint_bytes=90,
    plaintext_bytes=400,
    logged_bytes=0,
)


def _quantities(bill: Bill) -> dict[tuple[str, str], float]:
    return {(line.item, line.price.unit): line.quantity for line in bill.lines}


BILL = per_million(DEMO, BATCH, MACHINES)
FOUND = _quantities(BILL)


def test_lambda_pays_for_the_simulated_duration_of_every_batch() -> None:
    assert FOUND["Lambda: batches", "GB-s"] == 2_048 * 4.0


def test_each_container_starts_and_asks_for_site_and_key_once() -> None:
    start = assumed.CONTAINERS * MACHINES[LANE].seconds(assumed.START_CPU_SECONDS)
    assert FOUND["Lambda: containers of the lane that start", "GB-s"] == pytest.approx(start)
    assert FOUND["DynamoDB: site and key, each container", "read units"] == assumed.CONTAINERS
    assert FOUND["KMS: requests", "requests"] == assumed.CONTAINERS


def test_rows_are_read_by_the_batch_with_endpoints_as_long_as_real_ones() -> None:
    units = -(-1_000_000 / 2_048 * (510 + 100) // 4_096)
    assert FOUND["DynamoDB: subscribers' rows", "read units"] == 2_048 * units


def test_how_often_comes_from_the_simulation_and_how_heavy_from_the_demo_run() -> None:
    assert FOUND["DynamoDB: run and record of a batch", "read units"] == 2_048 * 2.0 * 1
    assert FOUND["DynamoDB: checkpoints of a batch", "write units"] == 2_048 * 5.0 * 1.5
    assert FOUND["DynamoDB: tombstones", "write units"] == 2_048 * 5.0 * 1
    assert FOUND["DynamoDB: rows of those who wait", "read units"] == 2_048 * 0.5


def test_messages_are_sent_by_ten_received_by_the_invocation_and_deleted_by_one() -> None:
    lane = 205 + 2_048 * 0.5 + 2_048 * (0.75 + 1.5)
    rest = 2 + 2 * (1 + assumed.LOOKS_OF_THE_SWEEPER)  # sent to plan and sweep; received and deleted there
    assert FOUND["SQS: requests", "requests"] == lane + rest


def test_only_the_reading_of_all_records_grows_in_the_rest_of_a_run() -> None:
    grown = -(-1_000 * 1_024 // 4_096)  # one record of 1,000 bytes became 1,024 of them
    sweeps, looks = assumed.LOOKS_OF_THE_SWEEPER * grown, assumed.LOOKS_OF_THE_OWNER * 1
    assert FOUND["DynamoDB: the rest of the run", "read units"] == sweeps + looks
    assert FOUND["DynamoDB: the rest of the run", "write units"] == 1


def test_an_invocation_is_of_several_batches_a_step_of_the_run_or_a_look() -> None:
    rest = 1 + 1 + assumed.LOOKS_OF_THE_SWEEPER + assumed.LOOKS_OF_THE_OWNER
    assert FOUND["Lambda: invocations", "requests"] == 2_048 * 0.75 + rest


def test_a_push_is_what_was_measured_and_what_the_internet_adds() -> None:
    assert push_bytes(DEMO) == 900 + 100 + 2 * 52
    assert FOUND["Data out: pushes", "GB"] == pytest.approx(2_048 * 489 * 1_104 / 1e9)


def test_a_larger_demo_run_of_the_same_kind_gives_the_same_bill() -> None:
    twice = replace(
        DEMO,
        subscribers=2_000,
        batches=4,
        campaign=_reading(*_batch(1), *FRESH, *_batch(2), *_batch(3), *_batch(4), *_grown(REST)),
        traffic=Traffic(connections=4, payload_bytes=1_800_000),
    )
    assert _quantities(per_million(twice, BATCH, MACHINES)) == pytest.approx(FOUND)


def test_the_metrics_of_one_lane_are_charged_for_the_hours_in_which_they_are_told() -> None:
    names = len(BY_LANE) + len(IN_ALL)
    assert FOUND["CloudWatch: metrics of the lane", "metrics"] == pytest.approx(
        names * assumed.HOURS_OF_A_CAMPAIGN / 730
    )


def test_every_batch_pays_for_a_line_of_metrics_each_time_it_is_worked_on() -> None:
    platform = FOUND["Lambda: invocations", "requests"] * assumed.PLATFORM_LOG_BYTES
    calls = (1 + assumed.LOOKS_OF_THE_OWNER) * assumed.ACCESS_LOG_BYTES
    metrics = 2_048 * 1.5 * line_bytes()
    assert FOUND["Logs: taken in", "GB"] == pytest.approx((platform + calls + metrics) / 1e9)
    assert 700 < line_bytes() < 1_500


def test_the_bill_adds_up() -> None:
    assert pytest.approx(sum(line.usd for line in BILL.lines)) == BILL.usd
    assert all(line.usd >= 0 for line in BILL.lines)


def test_stored_subscribers_are_their_rows_and_what_dynamodb_adds_to_each() -> None:
    bill = storage(million(DEMO, BATCH))
    kept = 1_000_000 * (510 + 100 + 100) / 1e9
    assert [line.quantity for line in bill.lines] == [pytest.approx(kept)] * 2
    assert bill.usd == pytest.approx(kept * 0.45)


def _grown(calls: list[Call]) -> list[Call]:
    """With twice the batches a sweep reads twice the records."""
    wide = Weight(reads=1, rows=2, row_bytes=2_000)
    return [replace(call, weight=wide) if call.weight.row_bytes == 1_000 else call for call in calls]
