"""What AWS publishes of how fast it grows and where it ends, and what nobody publishes. For the whole simulation.

Each published figure names its page and the day it was read there; what is a guess says so.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    value: float
    what: str
    source: str
    read_on: str = "2026-11-21"


_SQS_SCALING = "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html"
_LAMBDA_SCALING = "https://docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html"
_LAMBDA_QUOTAS = "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"
_PARTITIONS = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput-scenarios.html"
_ON_DEMAND = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html"
_DYNAMODB_QUOTAS = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html"
_DYNAMODB_SPACE = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.Partitions.html"
_FAIR = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues-detailed.html"

# --- From a queue to a function ---
POLLERS_FIRST = Published(5, "batches a mapping reads at once when messages appear", _SQS_SCALING)
POLLERS_A_MINUTE = Published(300, "more of them a minute while messages are left", _SQS_SCALING)
POLLERS_MOST = Published(1_250, "of them a mapping ever reads at once", _SQS_SCALING)

# --- Functions ---
ENVIRONMENTS_A_STEP = Published(1_000, "environments a function may gain in one step", _LAMBDA_SCALING)
STEP_SECONDS = Published(10, "seconds such a step takes", _LAMBDA_SCALING)
ACCOUNT_CONCURRENCY = Published(1_000, "invocations an account runs at once, unless it asks for more", _LAMBDA_QUOTAS)

# --- Tables ---
PARTITION_READS = Published(3_000, "read units a second from one partition", _PARTITIONS)
PARTITION_WRITES = Published(1_000, "write units a second to one partition", _PARTITIONS)
NEW_TABLE_READS = Published(12_000, "read units a second from a table that is new", _ON_DEMAND)
NEW_TABLE_WRITES = Published(4_000, "write units a second to a table that is new", _ON_DEMAND)
GROWTH = Published(2, "times its earlier peak a table serves at once", _ON_DEMAND)
TABLE_MOST = Published(40_000, "units a second of each kind, unless the account asks for more", _DYNAMODB_QUOTAS)
PARTITION_BYTES = Published(10_000_000_000, "bytes a partition holds before it is split", _DYNAMODB_SPACE)

# --- Fair queues ---
NOISY_SHARE = Published(0.10, "of all in flight, above which a tenant is noisy", _FAIR)
NOISY_FROM = Published(30, "in flight, below which no tenant is", _FAIR)

# --- What nobody publishes: guesses, and on the slow side ---
RECEIVE_SECONDS = 0.05  # from a message that is there to the invocation: a long poll answers at once
CREATE_SECONDS = 0.25  # a new environment, before any code of ours is imported
SUBSCRIPTION_BYTES = 520  # a row as `make cost` weighs it, FCM's endpoint in it
PUSH_BYTES = 1_440  # on the wire, about as `make cost` counts them


def published() -> dict[str, Published]:
    return {name: value for name, value in globals().items() if isinstance(value, Published)}
