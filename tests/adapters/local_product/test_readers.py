"""What simulated subscribers tell of what they are shown, and how they come to the product with it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from infra.local.console.exchange import Answer, Request
from infra.local.instance import free_port
from infra.local.push_service.ledger import Ledger, Record
from infra.local.push_service.subscriber import Opened
from infra.local.readers import IN_A_REPORT, Event, ProductDoor, Readers
from infra.local.shop.server import ShopServer
from infra.local.start import Options
from tests.fakes.clock import ManualClock

_PATIENCE_SECONDS = 30
EVENT = {"type": "displayed", "receipt": "r", "at": "2030-06-05T12:00:00+00:00"}


class Browser:
    """Reads what is not sealed, unless that is nothing."""

    def accepts(self, key_print: str) -> bool:
        return True

    def open(self, body: bytes) -> Opened:
        return Opened(body or None)


@dataclass
class Desk:
    """The product's door; it takes reports while it is open."""

    is_open: bool = True
    asked: int = 0
    reports: list[Sequence[Event]] = field(default_factory=list)
    heard: threading.Event = field(default_factory=threading.Event)

    def report(self, events: Sequence[Event]) -> bool:
        self.asked += 1
        if self.is_open:
            self.reports.append(events)
            self.heard.set()
        return self.is_open

    def told(self, kind: str) -> list[str]:
        return [event["receipt"] for report in self.reports for event in report if event["type"] == kind]


@dataclass
class Pushes:
    ledger: Ledger
    clock: ManualClock

    def arrive(self, *receipts: str) -> None:
        for receipt in receipts:
            self.bring(json.dumps({"receipt": receipt}).encode(), path=f"/wpush/{receipt.partition('#')[0]}")

    def bring(self, body: bytes, **changes: Any) -> None:
        fields: dict[str, Any] = {
            "at": self.clock.now(),
            "host": "push.example",
            "path": "/wpush/one",
            "endpoint_id": "one",
            "protocol": "h2",
            "body": body,
            "body_size": len(body),
            "ttl": "60",
            "urgency": None,
            "topic": None,
            "status": 201,
            "subscriber": Browser(),
        }
        self.ledger.add(Record(**(fields | changes)))


@pytest.fixture
def pushes(clock: ManualClock) -> Pushes:
    return Pushes(Ledger(capacity=10_000), clock)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def readers(pushes: Pushes, desk: Desk) -> Readers:
    return Readers(pushes.ledger, desk)


def test_everybody_shows_it_and_always_the_same_few_click_or_close_it(
    pushes: Pushes, desk: Desk, readers: Readers
) -> None:
    everybody = [f"{number}" for number in range(2_000)]
    pushes.arrive(*everybody)
    readers.tell()
    clicked, dismissed = desk.told("clicked"), desk.told("dismissed")
    assert desk.told("displayed") == everybody
    assert 80 <= len(clicked) <= 120
    assert 20 <= len(dismissed) <= 60
    assert not {*clicked} & {*dismissed}
    pushes.arrive(*(f"{each}#again" for each in everybody))
    readers.tell()
    assert desk.told("clicked") == [*clicked, *(f"{each}#again" for each in clicked)]


def test_a_thousand_cost_some_twenty_reports(pushes: Pushes, desk: Desk, readers: Readers) -> None:
    pushes.arrive(*(f"{number}" for number in range(1_000)))
    readers.tell()
    assert len(desk.reports) <= 22
    assert {len(report) for report in desk.reports[:-1]} == {IN_A_REPORT}


def test_nothing_is_told_twice(pushes: Pushes, desk: Desk, readers: Readers) -> None:
    for one in ("one", "two"):
        pushes.arrive(one)
        readers.tell()
        readers.tell()
    assert desk.told("displayed") == ["one", "two"]


@pytest.mark.parametrize(
    ("body", "changes"),
    [
        (b'{"receipt": "r"}', {"status": 410}),
        (b'{"receipt": "r"}', {"status": None}),
        (b'{"receipt": "r"}', {"subscriber": None}),
        (b"", {}),
        (b'{"notification": {}}', {}),
        (b'{"receipt": 1}', {}),
        (b'["receipt"]', {}),
        (b"no json", {}),
        (b"\xff", {}),
    ],
)
def test_what_nobody_shows_or_asks_about_is_not_told(
    pushes: Pushes, desk: Desk, readers: Readers, body: bytes, changes: dict[str, Any]
) -> None:
    pushes.bring(body, **changes)
    readers.tell()
    assert desk.asked == 0


def test_it_is_told_as_of_when_it_came_by_the_products_clock(
    pushes: Pushes, desk: Desk, readers: Readers, clock: ManualClock
) -> None:
    came = clock.advance(days=3)
    pushes.arrive("one")
    clock.advance(hours=5)
    readers.tell()
    assert [event["at"] for event in desk.reports[0]] == [came.isoformat()]


def test_what_the_door_has_no_time_for_is_told_the_next_time_before_what_came_since(
    pushes: Pushes, desk: Desk, readers: Readers
) -> None:
    first, since = [f"{number}" for number in range(120)], [f"later-{number}" for number in range(120)]
    desk.is_open = False
    pushes.arrive(*first)
    readers.tell()
    pushes.arrive(*since)
    readers.tell()
    assert desk.asked == 2, "one that is refused is asked once"
    desk.is_open = True
    readers.tell()
    readers.tell()
    assert desk.told("displayed") == [*first, *since]


def test_they_tell_by_themselves_and_stop_with_the_product(pushes: Pushes, desk: Desk, readers: Readers) -> None:
    with readers.telling():
        pushes.arrive("one")
        assert desk.heard.wait(_PATIENCE_SECONDS)
    assert "readers" not in {thread.name for thread in threading.enumerate()}
    assert desk.told("displayed") == ["one"]


def test_whoever_has_much_to_tell_keeps_no_product_from_stopping(pushes: Pushes, desk: Desk, readers: Readers) -> None:
    with readers.telling():
        pass
    pushes.arrive("one")
    readers.tell()
    assert desk.asked == 0


def test_tests_and_benches_have_silent_subscribers() -> None:
    assert not Options().readers_tell


class Product:
    def __init__(self) -> None:
        self.asked: list[Request] = []
        self.status = 202

    def answer(self, request: Request) -> Answer:
        self.asked.append(request)
        return Answer(status=self.status, headers={}, body=b"{}")


@pytest.fixture
def product() -> Product:
    return Product()


@pytest.fixture
def door(product: Product) -> Iterator[ProductDoor]:
    server = ShopServer().open(product)
    yield ProductDoor(server.origin, site_key="pk_1", origin="http://127.0.0.1:8001")
    server.close()


def test_they_come_as_the_sdks_worker_does(product: Product, door: ProductDoor) -> None:
    assert door.report([EVENT])
    (asked,) = product.asked
    assert (asked.method, asked.path) == ("POST", "/v1/sdk/pk_1/events")
    assert asked.headers["origin"] == "http://127.0.0.1:8001"
    assert asked.headers["content-type"].startswith("text/plain")
    assert json.loads(asked.body) == {"events": [EVENT]}


@pytest.mark.parametrize(
    ("status", "is_done"),
    [(202, True), (400, True), (403, True), (404, True), (429, False), (500, False), (503, False)],
)
def test_only_refusals_that_pass_are_worth_another_try(
    product: Product, door: ProductDoor, status: int, *, is_done: bool
) -> None:
    product.status = status
    assert door.report([EVENT]) is is_done


def test_where_nobody_answers_there_is_another_try() -> None:
    nowhere = ProductDoor(f"http://127.0.0.1:{free_port()}", site_key="pk_1", origin="http://127.0.0.1:8001")
    assert not nowhere.report([EVENT])
