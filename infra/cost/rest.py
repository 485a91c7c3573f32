"""What a run asks once, however many its subscribers: launch, plan, sweeps, the owner's looks at the figures.

Only one thing in it grows: who looks at a running campaign reads the records of all its batches.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import ceil

from infra.cost import assumptions as assumed
from infra.cost.asked import Asked
from infra.cost.demo_run import LANE, TICK, Run
from infra.cost.door import API
from infra.cost.durations import seconds_of
from infra.cost.dynamo_units import read_units
from infra.cost.machine import Machine
from infra.cost.meter import Call
from infra.cost.scales import Weight

_SWEEP = "sweep"
_OF_ALL_BATCHES = ("dynamodb.Query", "dynamodb.BatchGetItem")  # a small run's by their names
_ITEM = "the rest of the run"
_CHUNK_BYTES = 65_536  # of SQS: larger requests count as several


@dataclass(frozen=True)
class Rest:
    demo: Run
    machines: Mapping[str, Machine]
    batches: int

    def requests(self) -> Iterator[Asked]:
        for call, times in self._calls():
            yield Asked(_ITEM, call.operation, times * ceil(call.sent_bytes / _CHUNK_BYTES), call.weight)
        for name, times in self.invocations().items():
            if name != API:  # all others are woken by a message
                yield Asked(_ITEM, "sqs.ReceiveMessage", times)
                yield Asked(_ITEM, "sqs.DeleteMessage", times)

    def invocations(self) -> dict[str, int]:
        names = {timed.invocation.function for timed in self.demo.campaign.invocations} - {LANE, TICK}
        times = {name: self.demo.campaign.runs_of(name) * _times(name) for name in names}
        return times | {API: times[API] + assumed.LOOKS_OF_THE_OWNER}

    def gb_seconds(self) -> float:
        """Each may find no warm container."""
        working = sum(
            self.machines[call.function].gb_seconds(seconds_of([call], self.machines[call.function])) * times
            for call, times in self._calls()
            if call.function != TICK
        )
        starting = sum(
            self.machines[name].gb_seconds(self.machines[name].seconds(assumed.START_CPU_SECONDS)) * times
            for name, times in self.invocations().items()
        )
        return working + starting

    def _calls(self) -> Iterator[tuple[Call, int]]:
        """With how often. The tick comes anyway; only what it sends is the run's."""
        for call in self.demo.campaign.calls:
            if call.function != LANE and not _wakes_the_lane(call) and not _is_of_idle_tick(call):
                yield self._grown(call), _times(call.function)
        for call in self.demo.look.calls:
            yield self._grown(call), assumed.LOOKS_OF_THE_OWNER

    def _grown(self, call: Call) -> Call:
        if call.operation not in _OF_ALL_BATCHES or call.target != "sends":
            return call
        growth = self.batches / self.demo.batches
        rows, row_bytes = (round(figure * growth) for figure in (call.weight.rows, call.weight.row_bytes))
        grown = Weight(reads=read_units(row_bytes, consistent=True), rows=rows, row_bytes=row_bytes)
        return replace(call, weight=grown)


def _times(function: str) -> int:
    return assumed.LOOKS_OF_THE_SWEEPER if function == _SWEEP else 1


def _wakes_the_lane(call: Call) -> bool:
    return call.operation == "sqs.SendMessageBatch" and call.target == LANE


def _is_of_idle_tick(call: Call) -> bool:
    return call.function == TICK and not call.operation.startswith("sqs.")
