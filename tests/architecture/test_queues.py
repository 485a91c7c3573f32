from __future__ import annotations

from typing import Any

import pytest
import yaml
from chalice.app import SQSEventConfig

from app import app
from tests.architecture.rules import queues, stages
from tests.architecture.rules.tree import ROOT

Template = dict[str, Any]
_CONSUMERS = [source for source in app.event_sources if isinstance(source, SQSEventConfig)]


@pytest.fixture
def template() -> Template:
    loaded: Template = yaml.safe_load((ROOT / "infra" / "resources.yaml").read_text())
    return loaded


@pytest.fixture
def function_seconds() -> int:
    return int(stages.load(ROOT)["lambda_timeout"])


def _consumers(template: Template, **words: Any) -> list[SQSEventConfig]:
    """One for each working queue of the template."""
    names = [
        resource["Properties"]["QueueName"]["Fn::Sub"].removeprefix("${Prefix}-")
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::SQS::Queue" and "RedrivePolicy" in resource["Properties"]
    ]
    return [_consumer(name, **words) for name in names]


def _consumer(queue: str, *, batch_size: int = 1) -> SQSEventConfig:
    return SQSEventConfig(
        name=f"of_{queue}", handler_string="x.y", queue=queue, queue_arn=None, batch_size=batch_size,
        maximum_batching_window_in_seconds=0, maximum_concurrency=None,
    )  # fmt: skip


def test_every_queue_has_its_consumer_and_every_consumer_its_queue(template: Template) -> None:
    assert list(queues.lonely_queues(template, _CONSUMERS)) == []


def test_every_queue_waits_six_times_as_long_as_its_function_may_take(
    template: Template, function_seconds: int
) -> None:
    assert list(queues.impatient_queues(template, function_seconds=function_seconds)) == []


def test_every_queue_has_a_watched_place_for_its_dead_letters(template: Template) -> None:
    assert list(queues.bottomless_queues(template)) == []


def test_the_bulk_lane_alone_is_held_back() -> None:
    bounds = {consumer.queue: consumer.maximum_concurrency for consumer in _CONSUMERS}
    assert {queue: bound for queue, bound in bounds.items() if bound is not None} == {"send": 600}


def test_every_consumer_takes_one_message_at_a_time() -> None:
    assert list(queues.greedy_consumers(_CONSUMERS)) == []


def test_a_queue_without_a_consumer_is_caught(template: Template) -> None:
    consumers = [consumer for consumer in _consumers(template) if consumer.queue != "mail"]
    assert list(queues.lonely_queues(template, consumers)) == ["queue mail has no consumer"]


def test_a_consumer_without_a_queue_is_caught(template: Template) -> None:
    consumers = [*_consumers(template), _consumer("dreams")]
    assert list(queues.lonely_queues(template, consumers)) == [
        "a consumer waits for dreams, which the template does not make"
    ]


def test_two_consumers_of_one_queue_are_caught(template: Template) -> None:
    consumers = [*_consumers(template), _consumer("mail")]
    assert list(queues.lonely_queues(template, consumers)) == ["queue mail has two consumers"]


def test_an_impatient_queue_is_caught(template: Template) -> None:
    template["Resources"]["MailQueue"]["Properties"]["VisibilityTimeout"] = 359
    (finding,) = queues.impatient_queues(template, function_seconds=60)
    assert finding.startswith("MailQueue")


def test_a_queue_of_the_default_patience_is_caught(template: Template) -> None:
    del template["Resources"]["MailQueue"]["Properties"]["VisibilityTimeout"]
    assert len(list(queues.impatient_queues(template, function_seconds=60))) == 1


def test_a_queue_without_dead_letters_is_caught(template: Template) -> None:
    del template["Resources"]["MailQueue"]["Properties"]["RedrivePolicy"]
    assert "MailQueue has no dead letter queue" in queues.bottomless_queues(template)


def test_dead_letters_that_nobody_made_are_caught(template: Template) -> None:
    del template["Resources"]["MailDlq"]
    assert "MailQueue has no dead letter queue" in queues.bottomless_queues(template)


def test_dead_letters_that_nobody_watches_are_caught(template: Template) -> None:
    del template["Resources"]["MailDlqAlarm"]
    assert list(queues.bottomless_queues(template)) == ["MailDlq fills without waking anyone"]


@pytest.mark.parametrize("tries", [0, 1000])
def test_a_senseless_number_of_tries_is_caught(template: Template, tries: int) -> None:
    template["Resources"]["MailQueue"]["Properties"]["RedrivePolicy"]["maxReceiveCount"] = tries
    assert len(list(queues.bottomless_queues(template))) == 1


def test_a_greedy_consumer_is_caught() -> None:
    assert list(queues.greedy_consumers([_consumer("mail", batch_size=10)])) == ["of_mail takes 10 messages at once"]
