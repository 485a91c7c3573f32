"""The bill for a month in which nobody does anything: what stands there, what polls, what ticks."""

from __future__ import annotations

from collections.abc import Iterator

from infra.cost import assumptions as assumed
from infra.cost.asked import Asked, lines_of
from infra.cost.bill import Bill, Line, line
from infra.cost.declared import Declared
from infra.cost.demo_run import TICK
from infra.cost.durations import seconds_of
from infra.cost.meter import Reading


def idle_month(stands: Declared, idle: Reading) -> Bill:
    """`idle` are counted ticks of the demo run."""
    return Bill("A month in which nothing happens", (*_standing(stands), *_polling(stands), *_ticking(stands, idle)))


def _standing(stands: Declared) -> Iterator[Line]:
    for item, quantity, price in (
        ("CloudWatch: metrics that alarms watch", stands.alarm_metrics, "alarm_metrics"),
        ("CloudWatch: metrics that quick alarms watch", stands.quick_alarm_metrics, "quick_alarm_metrics"),
        ("CloudWatch: composite alarms", stands.composite_alarms, "composite_alarms"),
        ("CloudWatch: dashboards", stands.dashboards, "dashboards"),
        ("CloudWatch: metrics made of logs", stands.metric_filters, "custom_metrics"),
        ("KMS: keys", stands.keys, "kms_keys"),
        ("S3: archives of releases, SDK", assumed.ARTIFACT_BYTES / assumed.GB, "s3_storage"),
    ):
        if quantity:
            yield line(item, quantity, price)


def _polling(stands: Declared) -> Iterator[Line]:
    """Lambda asks every queue all day, and we pay for the questions."""
    resting = stands.polled_queues - stands.eager_queues
    pollers = resting * assumed.POLLERS_AT_REST + stands.eager_queues * assumed.POLLERS_KEPT
    polls = pollers * assumed.POLLS_A_MINUTE * assumed.MINUTES_A_MONTH
    yield line(f"SQS: empty polls of {stands.polled_queues} queues", polls, "sqs_requests")


def _ticking(stands: Declared, idle: Reading) -> Iterator[Line]:
    ticks = stands.schedules * assumed.MINUTES_A_MONTH
    counted = idle.runs_of(TICK)
    machine = stands.machines[TICK]
    seconds = seconds_of(idle.calls, machine) / counted
    logged = ticks * assumed.PLATFORM_LOG_BYTES / assumed.GB
    yield line("EventBridge: ticks", ticks, "schedule_ticks")
    yield line("Lambda: ticks", ticks, "lambda_requests")
    yield line("Lambda: ticks", machine.gb_seconds(seconds) * ticks, "lambda_gb_seconds")
    yield from lines_of([Asked("ticks", call.operation, ticks / counted, call.weight) for call in idle.calls])
    yield line("Logs: taken in", logged, "logs_taken_in")
    yield line("Logs: kept for a month", logged, "logs_kept")
