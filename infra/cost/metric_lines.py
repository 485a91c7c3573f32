"""What the send path's metrics cost: CloudWatch charges for each metric of each lane, by the hour, and for its line.

It imports the product: only after the environment is set.
"""

from __future__ import annotations

from collections.abc import Iterator

from chalicelib.aws.telemetry import metric_line
from chalicelib.channels.outcome import Verdict
from chalicelib.features.sending.adapters.meter import BY_LANE, IN_ALL, by_lane, in_all
from chalicelib.features.sending.model.tally import Tally
from infra.cost import assumptions as assumed
from infra.cost.bill import Line, line
from infra.cost.log_lines import EVENT_BYTES

_MANY = 500  # pushes of a batch: enough to fill every sample
_LANE = "send"


def metrics_of_a_campaign() -> Iterator[Line]:
    """One lane's, and those of all; each is charged for every hour in which it is told at all."""
    months = assumed.HOURS_OF_A_CAMPAIGN * assumed.MINUTES_AN_HOUR / assumed.MINUTES_A_MONTH
    yield line("CloudWatch: metrics of the lane", (len(BY_LANE) + len(IN_ALL)) * months, "custom_metrics")


def line_bytes() -> int:
    """Of one batch with something of everything, each time it is worked on."""
    tally = Tally(age_seconds=10.5)
    for verdict in (Verdict.ACCEPTED, Verdict.GONE, Verdict.FAILED, Verdict.LATER):
        tally.outcomes[verdict] = _MANY
    for value in range(_MANY):
        tally.push_ms.add(value)
    return len(metric_line(by_lane(tally), in_all(tally), {"lane": _LANE})) + EVENT_BYTES
