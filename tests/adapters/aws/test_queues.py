"""Sending to SQS: batches of ten, one group a tenant, and what is refused is sent again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from moto.sqs.models import sqs_backends

from chalicelib.aws.messages import Message
from chalicelib.aws.queues import LONGEST_DELAY_SECONDS, Queue
from chalicelib.core.errors import Unavailable
from infra.local import aws as local_aws
from tests.adapters.aws.faults import DECOY, Faults
from tests.conftest import PREFIX
from tests.fakes.installation import Installation

MAIL = Queue("mail")


class Wake(Message, frozen=True, kw_only=True):
    tenant: str
    n: int


def wakes(count: int) -> list[Wake]:
    return [Wake(tenant="ten_1", n=number) for number in range(count)]


def waiting(name: str = "mail") -> list[dict[str, Any]]:
    """Also those that wait for their time."""
    queue = sqs_backends[local_aws.ACCOUNT][local_aws.REGION].queues[f"{PREFIX}-{name}"]
    messages = [message for message in queue._messages if message.body != DECOY]
    return [{"body": each.body, "group": each.group_id, "delay_seconds": _delay_seconds(each)} for each in messages]


def _delay_seconds(message: Any) -> int:
    return int(max(0, message.delayed_until - message.sent_timestamp + 500) // 1000)


def numbers() -> list[int]:
    return sorted(json.loads(message["body"])["n"] for message in waiting())


def test_a_message_travels_with_its_version_and_its_tenant(aws: Installation) -> None:
    MAIL.send(Wake(tenant="ten_1", n=7), group="ten_1")
    (message,) = waiting()
    assert json.loads(message["body"]) == {"v": 1, "tenant": "ten_1", "n": 7}
    assert message["group"] == "ten_1"


@pytest.mark.parametrize(("count", "calls"), [(0, 0), (1, 1), (10, 1), (11, 2), (25, 3)])
def test_ten_messages_are_one_call(faults: Faults, count: int, calls: int) -> None:
    assert MAIL.send_many(iter(wakes(count)), group="ten_1") == calls
    assert faults.calls.count("sqs.SendMessageBatch") == calls
    assert numbers() == list(range(count))


@pytest.mark.parametrize(("asked", "given"), [(0, 0), (-5, 0), (900, 900), (100_000, LONGEST_DELAY_SECONDS)])
def test_a_delay_stays_within_what_sqs_allows(aws: Installation, asked: int, given: int) -> None:
    MAIL.send(wakes(1)[0], group="ten_1", delay_seconds=asked)
    assert waiting()[0]["delay_seconds"] == given


def test_what_sqs_refuses_is_sent_again_and_nothing_twice(faults: Faults) -> None:
    faults.refuse_sends(times=3)
    assert MAIL.send_many(wakes(10), group="ten_1") == 4
    assert numbers() == list(range(10))


def test_what_sqs_keeps_refusing_is_an_error(faults: Faults) -> None:
    faults.refuse_sends(times=100)
    with pytest.raises(Unavailable):
        MAIL.send_many(wakes(10), group="ten_1")
    assert faults.calls.count("sqs.SendMessageBatch") == 4


def test_a_queue_that_does_not_answer_is_a_fault_of_ours(faults: Faults) -> None:
    for plant in (faults.reject, faults.silence):
        plant("sqs.SendMessageBatch", times=10)
        with pytest.raises(Unavailable):
            MAIL.send(wakes(1)[0], group="ten_1")
        faults.clear()


def test_a_queue_that_is_not_there_is_a_fault_of_ours(aws: Installation) -> None:
    with pytest.raises(Unavailable):
        Queue("nowhere").send(wakes(1)[0], group="ten_1")


@pytest.mark.parametrize(
    ("body", "group"),
    [
        ('{"v":9,"tenant":"ten_1","odd":[1]}', "ten_1"),
        ('{"v":9}', "-"),
        ('{"v":9,"tenant":null}', "-"),
        ('{"v":9,"tenant":["now","a list"]}', "-"),
        ('{"v":9,"tenant":"of two words"}', "-"),
        (f'{{"v":9,"tenant":"{"x" * 129}"}}', "-"),
    ],
)
def test_a_message_returns_to_its_queue_as_it_came(aws: Installation, body: str, group: str) -> None:
    MAIL.put_back(body, delay_seconds=300)
    (message,) = waiting()
    assert (message["body"], message["group"], message["delay_seconds"]) == (body, group, 300)
