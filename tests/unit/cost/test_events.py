"""From a few readers to a million events: each cost grows with how often its own way of telling is used."""

from __future__ import annotations

from dataclasses import replace

import pytest

from infra.cost import assumptions as assumed
from infra.cost.bill import Bill
from infra.cost.door import API
from infra.cost.events import events, events_if
from infra.cost.machine import Machine
from infra.cost.meter import Call, Invocation, Reading, Timed
from infra.cost.readers import CLICKED, COUNTER, DISPLAYED, OFFLINE, Told
from infra.cost.scales import Weight

MACHINES = {API: Machine(1_024), COUNTER: Machine(512)}
SITE = ("dynamodb.GetItem", "core", Weight(reads=1))
ADDRESS = ("dynamodb.UpdateItem", "idem", Weight(writes=1))
WAITS = ("sqs.SendMessageBatch", "events", Weight())
RUN = ("dynamodb.GetItem", "sends", Weight(reads=1))
COUNTS = ("dynamodb.TransactWriteItems", "events", Weight(writes=22))  # ten marks and a sum


def _reading(function: str, *runs: tuple[tuple[str, str, Weight], ...]) -> Reading:
    invocations = [Invocation(function, number) for number, _ in enumerate(runs)]
    calls = [
        Call(invocation, operation, target, weight, 200)
        for invocation, asked in zip(invocations, runs, strict=True)
        for operation, target, weight in asked
    ]
    return Reading(tuple(calls), tuple(Timed(one, 0.1, 0.1) for one in invocations))


ASKED = (SITE, ADDRESS, WAITS)
ALONE = Told(10, _reading(API, *[ASKED] * 10), _reading(COUNTER, (COUNTS,)), answered_bytes=10_000)
TOLD = {
    DISPLAYED: ALONE,
    CLICKED: replace(
        ALONE, asked=_reading(API, *((RUN, WAITS), ASKED) * 10), counted=_reading(COUNTER, (COUNTS,), (COUNTS,))
    ),
    OFFLINE: replace(ALONE, asked=_reading(API, ASKED)),
}
MILLION, CLICKS = 1_000_000, 1_000_000 * assumed.CLICKED_SHARE


def _quantities(bill: Bill) -> dict[tuple[str, str], float]:
    return {(line.item, line.price.unit): line.quantity for line in bill.lines}


BILL = events(TOLD, MACHINES)
FOUND = _quantities(BILL)


def test_every_event_is_a_request_and_a_click_comes_by_its_address_as_well() -> None:
    assert FOUND["API Gateway: requests", "requests"] == pytest.approx(MILLION + CLICKS)


def test_the_door_counts_reports_and_looks_at_the_site() -> None:
    assert FOUND["DynamoDB: the site, at the door", "read units"] == pytest.approx(MILLION)
    assert FOUND["DynamoDB: the count of an address", "write units"] == pytest.approx(MILLION)
    assert FOUND["DynamoDB: the run that a click leads by", "read units"] == pytest.approx(CLICKS)


def test_what_is_told_twice_is_marked_once_and_refused_once_at_the_same_price() -> None:
    assert FOUND["DynamoDB: marks and sums", "write units"] == pytest.approx((MILLION + CLICKS) / 10 * 22)


def test_each_message_is_sent_and_deleted_and_received_with_nine_others() -> None:
    assert FOUND["SQS: requests", "requests"] == pytest.approx(2.1 * (MILLION + CLICKS))


def test_lambda_runs_for_each_request_and_for_each_crowd_of_reports() -> None:
    runs = MILLION + CLICKS + (MILLION + CLICKS) / 10
    assert FOUND["Lambda: invocations", "requests"] == pytest.approx(runs)
    assert FOUND["Logs: taken in", "GB"] == pytest.approx(
        (runs * assumed.PLATFORM_LOG_BYTES + (MILLION + CLICKS) * assumed.ACCESS_LOG_BYTES) / 1e9
    )


def test_twice_the_readers_foretell_the_same_million() -> None:
    twice = {
        way: Told(2 * each.events, each.asked + each.asked, each.counted + each.counted, 2 * each.answered_bytes)
        for way, each in TOLD.items()
    }
    assert _quantities(events(twice, MACHINES)) == pytest.approx(FOUND)


def test_telling_fifty_at_once_is_cheaper_and_clicks_are_dearer() -> None:
    title, *rows = events_if(TOLD, MACHINES).splitlines()
    displays, clicks, offline = (float(row.split()[-1]) for row in rows)
    assert title.endswith("if …")
    assert offline < displays < BILL.usd < clicks
