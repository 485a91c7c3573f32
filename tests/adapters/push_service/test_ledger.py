"""The ledger: complete, bounded, honest about what it forgot, and right under many hands."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from infra.local.push_service.ledger import Ledger, Record
from infra.local.push_service.service import PushService
from tests.adapters.push_service.crowd import push_all
from tests.adapters.push_service.sender import H1, H2, Sender
from tests.fakes.clock import ManualClock


def a_record(clock: ManualClock, **changes: Any) -> Record:
    fields: dict[str, Any] = {
        "at": clock.now(),
        "host": "fcm.googleapis.com",
        "path": "/fcm/send/x",
        "endpoint_id": "x",
        "protocol": "h2",
        "body": b"",
        "body_size": 0,
        "ttl": "60",
        "urgency": None,
        "topic": None,
        "status": 201,
    }
    return Record(**(fields | changes))


def test_it_counts_by_status_and_by_endpoint(clock: ManualClock) -> None:
    ledger = Ledger(capacity=10)
    for endpoint, status in [("a", 201), ("a", 201), ("b", 201), ("c", 410), ("d", None)]:
        ledger.add(a_record(clock, path=f"/{endpoint}", status=status))
    assert ledger.counts_by_status() == {201: 3, 410: 1, None: 1}
    assert ledger.accepted_counts() == {"https://fcm.googleapis.com/a": 2, "https://fcm.googleapis.com/b": 1}
    assert ledger.accepted_endpoints() == {"https://fcm.googleapis.com/a", "https://fcm.googleapis.com/b"}
    assert ledger.total == 5


def test_it_keeps_the_latest_and_counts_all(clock: ManualClock) -> None:
    ledger = Ledger(capacity=2)
    for _ in range(5):
        ledger.add(a_record(clock))
    assert [record.number for record in ledger.received()] == [4, 5]
    assert (ledger.total, ledger.forgotten) == (5, 3)


def test_it_may_keep_nothing_but_counts(clock: ManualClock) -> None:
    ledger = Ledger(capacity=0)
    ledger.add(a_record(clock))
    assert (ledger.received(), ledger.total, ledger.forgotten) == ([], 1, 1)


def test_since_and_after_tell_what_is_new(clock: ManualClock) -> None:
    ledger = Ledger(capacity=10)
    for _ in range(4):
        ledger.add(a_record(clock))
        clock.advance(seconds=1)
    assert [record.number for record in ledger.received(since=clock.now() - timedelta(seconds=2))] == [3, 4]
    assert [record.number for record in ledger.received(after=1)] == [2, 3, 4]
    assert ledger.received(after=4) == []


def test_clear_forgets_everything_but_the_numbering(clock: ManualClock) -> None:
    ledger = Ledger(capacity=10)
    old = a_record(clock)
    ledger.add(old)
    ledger.clear()
    assert (ledger.received(), ledger.total, ledger.forgotten, ledger.counts_by_status()) == ([], 0, 0, {})
    ledger.mark_lost(old)
    assert ledger.answers_lost == 0, "a loss of before is not counted afterwards"
    ledger.add(a_record(clock))
    assert [record.number for record in ledger.received()] == [2]


def test_a_lost_answer_counts_once(clock: ManualClock) -> None:
    ledger = Ledger(capacity=10)
    record = a_record(clock)
    ledger.add(record)
    ledger.mark_lost(record)
    ledger.mark_lost(record)
    assert (record.answer_lost, ledger.answers_lost) == (True, 1)


@pytest.fixture
def restless_threads() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("restless_threads")
def test_many_writers_lose_no_line_and_share_no_number(clock: ManualClock) -> None:
    ledger = Ledger(capacity=10_000)

    def write() -> None:
        for _ in range(500):
            ledger.add(a_record(clock))

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        ledger.received()
        ledger.counts_by_status()
    for thread in threads:
        thread.join()
    assert ledger.counts_by_status() == {201: 4000}
    assert [record.number for record in ledger.received()] == list(range(1, 4001))


@pytest.mark.parametrize(("version", "connections"), [(H2, 1), (H2, 4), (H1, 8)])
def test_every_one_of_many_messages_arrives_once_and_is_read(
    service: PushService, sender: Sender, version: str, connections: int
) -> None:
    subscriptions = [service.simulated(1, index, vapid_public_key=sender.public_key) for index in range(300)]
    outcomes = push_all(service, sender, subscriptions, version=version, connections=connections)
    assert set(outcomes.values()) == {201}
    assert service.ledger.accepted_counts() == {subscription["endpoint"]: 1 for subscription in subscriptions}
    assert {record.plaintext for record in service.ledger.received()} == {b"hello"}
    assert (service.ledger.counts_by_status(), service.ledger.answers_lost) == ({201: 300}, 0)


def test_a_line_is_json_for_a_page_to_show(service: PushService, sender: Sender) -> None:
    sender.push(service, service.subscribe(), '{"title": "Grüße"}'.encode(), urgency="high")
    sender.push(service, service.subscribe(), b"\xff\xfe")
    lines = json.loads(json.dumps([record.as_json() for record in service.ledger.received()]))
    assert lines[0]["plaintext"] == '{"title": "Grüße"}'
    assert (lines[0]["status"], lines[0]["urgency"], lines[0]["decryption_error"]) == (201, "high", None)
    assert "plaintext" in lines[1]


def test_what_cannot_be_read_says_why(service: PushService, sender: Sender) -> None:
    mine, yours = service.subscribe(), service.subscribe()
    sender.push(service, mine | {"keys": yours["keys"]})
    [record] = service.ledger.received()
    assert record.status == 201, "a push service cannot know"
    assert record.plaintext is None
    assert "undecipherable" in (record.decryption_error or "")
