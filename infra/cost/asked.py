"""Requests to AWS by the thousand: of one kind, for one reason, each of the same weight; and what they cost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from infra.cost.bill import Line, line
from infra.cost.scales import NOTHING, Weight

_GROUPED = frozenset({"sqs.SendMessageBatch", "sqs.ReceiveMessage", "sqs.DeleteMessage"})  # our messages name a tenant


@dataclass(frozen=True)
class Asked:
    item: str
    operation: str
    times: float
    weight: Weight = NOTHING

    @property
    def service(self) -> str:
        return self.operation.partition(".")[0]


def lines_of(requests: Sequence[Asked]) -> Iterator[Line]:
    """DynamoDB by reason; of the other services only the sums, for they are small."""
    for item in dict.fromkeys(each.item for each in requests):
        of_item = [each for each in requests if each.item == item]
        reads = sum(each.times * each.weight.reads for each in of_item)
        writes = sum(each.times * each.weight.writes for each in of_item)
        yield from _unless_nothing(line(f"DynamoDB: {item}", reads, "dynamodb_reads"))
        yield from _unless_nothing(line(f"DynamoDB: {item}", writes, "dynamodb_writes"))
    for service in sorted({each.service for each in requests} - {"dynamodb"}):
        times = sum(each.times for each in requests if each.service == service)
        yield from _unless_nothing(line(f"{service.upper()}: requests", times, f"{service}_requests"))
    grouped = sum(each.times for each in requests if each.operation in _GROUPED)
    yield from _unless_nothing(line("SQS: surcharge for fairness between tenants", grouped, "sqs_fair_requests"))


def _unless_nothing(entry: Line) -> Iterable[Line]:
    return (entry,) if entry.quantity else ()
