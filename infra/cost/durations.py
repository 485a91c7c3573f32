"""How long Lambda runs for what is no batch of pushes: its requests one after the other, nothing else to wait for."""

from __future__ import annotations

from collections.abc import Iterable

from infra.cost import assumptions as assumed
from infra.cost.machine import Machine
from infra.cost.meter import Call

_TRANSACTION = "dynamodb.TransactWriteItems"
_WAITS = {"dynamodb": assumed.DYNAMODB_SECONDS, "sqs": assumed.SQS_SECONDS}


def seconds_of(calls: Iterable[Call], machine: Machine) -> float:
    return sum(_seconds(call, machine) for call in calls)


def _seconds(call: Call, machine: Machine) -> float:
    waits = _WAITS.get(call.operation.partition(".")[0], assumed.OTHER_SECONDS)
    if call.weight.rows >= assumed.PAGE_ROWS:
        waits = assumed.PAGE_SECONDS
    if call.operation == _TRANSACTION:
        waits += call.weight.writes * assumed.TRANSACTION_UNIT_SECONDS
    thinks = assumed.REQUEST_CPU_SECONDS + call.weight.rows * assumed.ROW_CPU_SECONDS
    return waits + machine.seconds(thinks)
