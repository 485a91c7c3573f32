"""What AWS asks for what the simulation used, at the list prices of `make cost`, without a demo run beside it."""

from __future__ import annotations

from bench.simulation import limits
from bench.simulation.world import World
from infra.cost import assumptions as assumed
from infra.cost.bill import Bill, line


def bill(world: World, title: str) -> Bill:
    lines = world.lines.values()
    pushes = sum(send.pushes for send in world.sends)
    calls = world.asked["sqs.SendMessageBatch"] + world.asked["wake"]
    invocations = sum(each.invocations for each in lines)
    reads = sum(sum(table.reads.values()) for table in world.tables.values()) + world.asked["look read units"]
    writes = sum(sum(table.writes.values()) for table in world.tables.values())
    gb_seconds = sum(each.setting.machine.gb_seconds(each.seconds) for each in lines)
    requests = calls + invocations + sum(each.received for each in lines)  # received together, deleted one by one
    logged = invocations * assumed.PLATFORM_LOG_BYTES / assumed.GB
    return Bill(
        title,
        (
            line("Lambda: planners, workers and their starts", gb_seconds, "lambda_gb_seconds"),
            line("Lambda: invocations", invocations, "lambda_requests"),
            line("DynamoDB: rows, records and looks", reads, "dynamodb_reads"),
            line("DynamoDB: records and tombstones", writes, "dynamodb_writes"),
            line("SQS: wake-ups", requests, "sqs_requests"),
            line("SQS: surcharge for fairness", requests, "sqs_fair_requests"),
            line("Data out: pushes", pushes * limits.PUSH_BYTES / assumed.GB, "data_out"),
            line("Logs: taken in", logged, "logs_taken_in"),
        ),
    )
