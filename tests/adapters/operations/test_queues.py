"""Queues as an operator sees them, on moto: depths, dead letters that stay or go back, and what must not get lost."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from app import app
from chalicelib.aws.clients import client
from chalicelib.aws.queues import Queue
from chalicelib.core.clock import in_milliseconds
from chalicelib.core.errors import Unavailable
from chalicelib.features.operations.adapters.queues import SqsQueues
from chalicelib.features.operations.model import QUEUES, Depth
from chalicelib.features.sending.schemas.messages import WakeMessage
from infra.local import aws as local_aws
from tests.adapters.aws.faults import Faults
from tests.fakes.installation import Installation
from tests.fakes.lambdas import Lambdas


def put(queue: str, count: int = 1, *, delay_seconds: int = 0) -> None:
    wakes = (WakeMessage(tenant="ten_a", site="site_a", run="run_a", n=number) for number in range(count))
    Queue(queue).send_many(wakes, group="ten_a", delay_seconds=delay_seconds)


def waiting(queue: str) -> list[int]:
    """Numbers of the batches whose wake-ups are in the queue."""
    return sorted(json.loads(body)["n"] for body in Lambdas("pushsaas-test").bodies(queue))


@pytest.mark.parametrize("name", QUEUES)
def test_an_empty_queue_is_empty(aws: Installation, name: str) -> None:
    queues = SqsQueues()
    assert queues.depth(name) == queues.dead_depth(name) == Depth(waiting=0, in_flight=0, delayed=0)


def test_what_waits_is_under_way_or_is_to_come_is_told_apart(aws: Installation) -> None:
    put("send", 5)
    put("send", 2, delay_seconds=600)
    sqs = local_aws.client("sqs")
    url = sqs.get_queue_url(QueueName=f"{aws.prefix}-send")["QueueUrl"]
    assert len(sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=3)["Messages"]) == 3
    assert SqsQueues().depth("send") == Depth(waiting=2, in_flight=3, delayed=2)
    assert SqsQueues().depth("send-small").total == 0


def test_dead_letters_can_be_looked_at_and_stay(aws: Installation) -> None:
    put("send-dlq", 3)
    for _ in range(2):
        found = SqsQueues().dead_letters("send")
        assert len(found) == 3
    assert {letter.group for letter in found} == {"ten_a"}
    assert all(letter.receives >= 1 and in_milliseconds(letter.sent_at) > 0 for letter in found)
    assert SqsQueues().dead_depth("send") == Depth(waiting=3, in_flight=0, delayed=0)


def test_dead_letters_go_back_as_they_were_in_the_group_that_they_were_in(aws: Installation) -> None:
    put("send-dlq", 4)
    bodies = Lambdas(aws.prefix).bodies("send-dlq")
    assert SqsQueues().revive("send") == 4
    assert sorted(Lambdas(aws.prefix).bodies("send")) == sorted(bodies)
    assert waiting("send-dlq") == []
    sqs = local_aws.client("sqs")
    url = sqs.get_queue_url(QueueName=f"{aws.prefix}-send")["QueueUrl"]
    (message,) = sqs.receive_message(QueueUrl=url, MessageSystemAttributeNames=["All"])["Messages"]
    assert message["Attributes"]["MessageGroupId"] == "ten_a"


def test_one_without_a_group_goes_back_without(aws: Installation) -> None:
    sqs = local_aws.client("sqs")
    url = sqs.get_queue_url(QueueName=f"{aws.prefix}-mail-dlq")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="by hand")
    assert [letter.group for letter in SqsQueues().dead_letters("mail")] == [None]
    assert SqsQueues().revive("mail") == 1
    assert Lambdas(aws.prefix).bodies("mail") == ["by hand"]


def test_a_round_moves_ten_and_an_empty_one_nothing(aws: Installation) -> None:
    put("send-dlq", 12)
    queues = SqsQueues()
    assert [queues.revive("send") for _ in range(3)] == [10, 2, 0]
    assert waiting("send") == list(range(12))


def test_what_the_queue_does_not_take_stays_dead(aws: Installation, faults: Faults) -> None:
    put("send-dlq", 6)
    faults.refuse_sends(times=1)
    assert SqsQueues().revive("send") == 3
    assert len(waiting("send")) == len(waiting("send-dlq")) == 3


def test_a_queue_that_does_not_answer_loses_nothing(aws: Installation, faults: Faults) -> None:
    put("send-dlq", 2)
    faults.reject("sqs.SendMessageBatch", times=9)
    with pytest.raises(Unavailable):
        SqsQueues().revive("send")
    assert (waiting("send"), waiting("send-dlq")) == ([], [0, 1])


def test_a_crash_between_sending_and_deleting_leaves_one_too_many(aws: Installation, faults: Faults) -> None:
    put("send-dlq", 2)
    faults.reject("sqs.DeleteMessageBatch", times=9)
    with pytest.raises(Unavailable):
        SqsQueues().revive("send")
    assert (waiting("send"), waiting("send-dlq")) == ([0, 1], [0, 1])


def test_what_could_not_be_deleted_is_not_counted_and_comes_once_more(aws: Installation) -> None:
    put("send-dlq", 2)

    def spoil(params: dict[str, Any], **_: object) -> None:
        params["Entries"][0]["ReceiptHandle"] = "spoilt"

    event = "provide-client-params.sqs.DeleteMessageBatch"
    client("sqs").meta.events.register(event, spoil)
    try:
        assert SqsQueues().revive("send") == 1
    finally:
        client("sqs").meta.events.unregister(event, spoil)
    assert (len(waiting("send")), len(waiting("send-dlq"))) == (2, 1)


# --- The list of queues is kept by hand, and by these tests ---


def test_every_queue_that_somebody_reads_is_on_the_list() -> None:
    assert {source.queue for source in app.event_sources if hasattr(source, "queue")} == set(QUEUES)


def test_every_queue_on_the_list_stands_with_its_dead_letters() -> None:
    resources: dict[str, Any] = yaml.safe_load(local_aws.TEMPLATE.read_text())["Resources"]
    names = {
        resource["Properties"]["QueueName"]["Fn::Sub"].removeprefix("${Prefix}-")
        for resource in resources.values()
        if resource["Type"] == "AWS::SQS::Queue"
    }
    assert names == {*QUEUES, *(f"{name}-dlq" for name in QUEUES)}
