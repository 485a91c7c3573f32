"""The bill for one campaign to a million subscribers. docs/cost.md tells where each figure comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from infra.cost import assumptions as assumed
from infra.cost.asked import lines_of
from infra.cost.batch_simulation import Averages
from infra.cost.bill import Bill, Line, line
from infra.cost.demo_run import LANE, Run
from infra.cost.door import API
from infra.cost.lane import Lane
from infra.cost.machine import Machine
from infra.cost.metric_lines import line_bytes, metrics_of_a_campaign
from infra.cost.rest import Rest


def per_million(demo: Run, batch: Averages, machines: Mapping[str, Machine]) -> Bill:
    lane = million(demo, batch)
    rest = Rest(demo, machines, batches=assumed.BATCHES_OF_A_MILLION)
    lines = (
        *_lambda(lane, rest, machines[LANE]),
        *lines_of([*lane.requests(), *rest.requests()]),
        *_transport(lane, rest),
        *metrics_of_a_campaign(),
    )
    return Bill("One campaign to 1,000,000 subscribers", lines)


def million(demo: Run, batch: Averages) -> Lane:
    return Lane(demo, batch, rows=assumed.MILLION, batches=assumed.BATCHES_OF_A_MILLION)


def push_bytes(demo: Run) -> float:
    """What one push sends out: as measured, plus what the Internet and real endpoints add to it."""
    measured = demo.traffic.payload_bytes / demo.subscribers
    longer = max(0, assumed.ENDPOINT_BYTES - demo.endpoint_bytes)
    return measured + longer + assumed.PACKETS_A_PUSH * assumed.PACKET_HEADER_BYTES


def _lambda(lane: Lane, rest: Rest, machine: Machine) -> Iterator[Line]:
    start = machine.gb_seconds(machine.seconds(assumed.START_CPU_SECONDS))
    yield line("Lambda: batches", machine.gb_seconds(lane.batch.seconds) * lane.batches, "lambda_gb_seconds")
    yield line("Lambda: containers of the lane that start", start * lane.containers, "lambda_gb_seconds")
    yield line("Lambda: the rest of the run", rest.gb_seconds(), "lambda_gb_seconds")
    yield line("Lambda: invocations", _invocations(lane, rest), "lambda_requests")


def _transport(lane: Lane, rest: Rest) -> Iterator[Line]:
    calls = rest.invocations()[API]
    platform = _invocations(lane, rest) * assumed.PLATFORM_LOG_BYTES
    metrics = lane.batches * lane.batch.messages * line_bytes()
    logged = (platform + calls * assumed.ACCESS_LOG_BYTES + lane.demo.logged_bytes + metrics) / assumed.GB
    yield line("Data out: pushes", lane.pushes * push_bytes(lane.demo) / assumed.GB, "data_out")
    yield line("API Gateway: requests", calls, "api_gateway_requests")
    yield line("Logs: taken in", logged, "logs_taken_in")
    yield line("Logs: kept for a month", logged, "logs_kept")


def _invocations(lane: Lane, rest: Rest) -> float:
    return lane.invocations + sum(rest.invocations().values())
