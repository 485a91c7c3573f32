"""How soon a cold send worker has leased its first batch, against importing boto3 and making two clients: CPU time.

Each start is a process of its own, taken in turns. What the worker asks of AWS is answered by moto in this process.
"""

from __future__ import annotations

import json
import statistics
import sys

from bench import _aws
from bench._ring_of import RingOf

ROUNDS = 11
BAR = 1.5
_SUBSCRIBERS = 40_000  # enough for that many batches; made up as the planner samples them


def main() -> int:
    with _aws.standing() as environment:
        events = _wake_ups()
        starts: dict[str, list[float]] = {"send_worker": [], "boto3": []}
        for turn in range(ROUNDS):
            for name, measured in starts.items():
                found = _aws.child("bench._cold_start", name, json.dumps(events[turn]), environment=environment)
                measured.append(found["ms"])
    return _report(starts)


def _wake_ups() -> list[dict[str, object]]:
    """One for each of a run's batches, as SQS hands them to the function."""
    from chalicelib.aws.clients import client
    from chalicelib.core import drive
    from chalicelib.features.sending.service.plan import launch
    from chalicelib.features.sending.wiring import ports

    with _aws.listening("before-send.dynamodb.Query", RingOf(_SUBSCRIBERS).answer):
        drive.run(launch(ports(), _aws.campaign_run()))
    queue = client("sqs").get_queue_url(QueueName=f"{_aws.PREFIX}-send")["QueueUrl"]
    bodies: list[str] = []
    while got := client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
        bodies += [message["Body"] for message in got]
    return [{"Records": [{"body": body, "attributes": {}}]} for body in bodies]


def _report(starts: dict[str, list[float]]) -> int:
    medians = {name: statistics.median(measured) for name, measured in starts.items()}
    for name, measured in starts.items():
        told = ", ".join(f"{value:,.0f}" for value in sorted(measured))
        print(f"  {name:<12} {medians[name]:>6,.0f} ms CPU ({told})   {medians[name] / medians['boto3']:.2f} x boto3")
    print("BENCH", json.dumps({f"{name}_ms": round(median, 1) for name, median in medians.items()}))
    return int(medians["send_worker"] > BAR * medians["boto3"])


if __name__ == "__main__":
    sys.exit(main())
