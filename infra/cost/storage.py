"""What a million subscribers cost while nobody writes to them. Apart, for it grows with the audience alone."""

from __future__ import annotations

from infra.cost import assumptions as assumed
from infra.cost.bill import Bill, line
from infra.cost.lane import Lane

_ITEM_OVERHEAD_BYTES = 100  # of every stored item; «DynamoDB item sizes and formats»


def storage(lane: Lane) -> Bill:
    kept = assumed.MILLION * (lane.row_bytes + _ITEM_OVERHEAD_BYTES) / assumed.GB
    return Bill(
        "A million subscribers stored for a month",
        (
            line("DynamoDB: subscribers' rows", kept, "dynamodb_storage"),
            line("DynamoDB: point-in-time recovery of them", kept, "dynamodb_recovery"),
        ),
    )
