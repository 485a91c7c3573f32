"""The bill for a million events that browsers tell of pushes: most say that something was shown, some that it was
clicked. How often and how heavy is counted in the demo run (`readers.py`); only how many of each kind is assumed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from infra.cost import assumptions as assumed
from infra.cost.asked import Asked, lines_of
from infra.cost.bill import Bill, Line, line
from infra.cost.door import API
from infra.cost.durations import seconds_of
from infra.cost.machine import Machine
from infra.cost.meter import Call, Reading
from infra.cost.readers import CLICKED, COUNTER, DISPLAYED, OFFLINE, Told

_RECEIVED_AT_ONCE = 10
_WIDTH = 58
_ITEMS = {
    (API, "core"): "the site, at the door",
    (API, "idem"): "the count of an address",
    (API, "sends"): "the run that a click leads by",
    (COUNTER, "events"): "marks and sums",
}
_OTHER = "the rest of an event"


@dataclass(frozen=True)
class Part:
    """So many events that are told in one way, grown from those of the demo run."""

    told: Told
    events: float

    @property
    def growth(self) -> float:
        return self.events / self.told.events

    @property
    def reports(self) -> float:
        """Each waits in the queue as one message."""
        return self.growth * sum(call.operation == "sqs.SendMessageBatch" for call in self.told.asked.calls)

    def runs(self, function: str) -> float:
        return self.growth * (self.told.asked + self.told.counted).runs_of(function)

    def seconds(self, reading: Reading, machine: Machine) -> float:
        return self.growth * seconds_of(reading.calls, machine) + machine.seconds(
            self.events * assumed.EVENT_CPU_SECONDS
        )

    def requests(self) -> Iterator[Asked]:
        for call in (self.told.asked + self.told.counted).calls:
            yield Asked(_item(call), call.operation, self.growth, call.weight)
        yield Asked(_OTHER, "sqs.ReceiveMessage", self.reports / _RECEIVED_AT_ONCE)
        yield Asked(_OTHER, "sqs.DeleteMessage", self.reports)


def events(told: Mapping[str, Told], machines: Mapping[str, Machine]) -> Bill:
    clicked = assumed.MILLION * assumed.CLICKED_SHARE
    parts = (Part(told[DISPLAYED], assumed.MILLION - clicked), Part(told[CLICKED], clicked))
    title = f"1,000,000 events told, each alone: {assumed.CLICKED_SHARE:.0%} clicks, the rest displays"
    return bill(title, parts, machines)


def events_if(told: Mapping[str, Told], machines: Mapping[str, Machine]) -> str:
    rows = (
        ("all were displays", DISPLAYED),
        ("all were clicks, each told by its address and by the worker", CLICKED),
        ("all came from who had been offline, fifty in a report", OFFLINE),
    )
    usd = {question: bill("", (Part(told[way], assumed.MILLION),), machines).usd for question, way in rows}
    return "\n".join(
        ["1,000,000 events told, if …", *(f"  {name:<{_WIDTH}} {each:>9.4f}" for name, each in usd.items())]
    )


def bill(title: str, parts: tuple[Part, ...], machines: Mapping[str, Machine]) -> Bill:
    return Bill(title, (*_lambda(parts, machines), *lines_of([*_requests(parts)]), *_around(parts)))


def _requests(parts: tuple[Part, ...]) -> Iterator[Asked]:
    for part in parts:
        yield from part.requests()


def _lambda(parts: tuple[Part, ...], machines: Mapping[str, Machine]) -> Iterator[Line]:
    door, counter = machines[API], machines[COUNTER]
    answering = sum(
        part.seconds(part.told.asked, door) + part.runs(API) * door.seconds(assumed.ANSWER_CPU_SECONDS)
        for part in parts
    )
    counting = sum(part.seconds(part.told.counted, counter) for part in parts)
    yield line("Lambda: the API", door.gb_seconds(answering), "lambda_gb_seconds")
    yield line("Lambda: counting", counter.gb_seconds(counting), "lambda_gb_seconds")
    yield line("Lambda: invocations", sum(part.runs(API) + part.runs(COUNTER) for part in parts), "lambda_requests")


def _around(parts: tuple[Part, ...]) -> Iterator[Line]:
    calls, counts = (sum(part.runs(function) for part in parts) for function in (API, COUNTER))
    logged = (calls * (assumed.PLATFORM_LOG_BYTES + assumed.ACCESS_LOG_BYTES) + counts * assumed.PLATFORM_LOG_BYTES) / (
        assumed.GB
    )
    answered = sum(part.growth * part.told.answered_bytes for part in parts) / assumed.GB
    yield line("API Gateway: requests", calls, "api_gateway_requests")
    yield line("Data out: answers", answered, "data_out")
    yield line("Logs: taken in", logged, "logs_taken_in")
    yield line("Logs: kept for a month", logged, "logs_kept")


def _item(call: Call) -> str:
    return _ITEMS.get((call.function, call.target), _OTHER)
