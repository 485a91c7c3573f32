"""Readers of the demo campaign tell what became of it, as their browsers do, and it is counted: in three ways.

Each has an address of their own. What waits to be counted is handed on by hand, so many reports at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count, islice
from typing import Any

from infra.cost import assumptions as assumed
from infra.cost.door import Door, Unfinished
from infra.cost.meter import Meter, Reading
from infra.local.invocation import Function
from infra.local.product import Parts
from infra.local.readers import IN_A_REPORT, receipt_of

COUNTER = "count_events"
DISPLAYED, CLICKED, OFFLINE = "displayed", "clicked", "offline"
_READERS = assumed.REPORTS_AT_ONCE  # counted by one invocation
_REPORTS = 4
_TAKEN, _LED = 202, 302

Wave = list[Callable[[], None]]


@dataclass(frozen=True)
class Told:
    """What it took to be told of so many events in one way, and to count them."""

    events: int
    asked: Reading
    counted: Reading
    answered_bytes: int


class Readers:
    """`settle` waits until nothing is on its way."""

    def __init__(self, parts: Parts, door: Door, meter: Meter, *, settle: Callable[[], None]) -> None:
        self._parts, self._door, self._meter, self._settle = parts, door, meter, settle
        self._events = f"/v1/sdk/{parts.demo.site_key}/events"
        self._addresses = count(1)
        self._answered_bytes = 0

    def tell(self) -> dict[str, Told]:
        receipts = self._receipts(_REPORTS * IN_A_REPORT)
        readers = receipts[:_READERS]
        reports = [receipts[first : first + IN_A_REPORT] for first in range(0, len(receipts), IN_A_REPORT)]
        with self._gathering() as records:
            self._told(records, [self._reporting("unsubscribed", readers[0])])  # whoever is first finds a cold process
            return {
                DISPLAYED: self._told(records, [self._reporting("displayed", each) for each in readers]),
                CLICKED: self._told(
                    records,
                    [self._clicking(each) for each in readers],
                    [self._reporting("clicked", each) for each in readers],
                ),
                OFFLINE: self._told(
                    records, [self._reporting("dismissed", *each) for each in reports], events=len(receipts)
                ),
            }

    def _told(self, records: list[Any], *waves: Wave, events: int = 0) -> Told:
        """What is told twice is told in two waves: Lambda seldom hands both to the same invocation."""
        self._meter.read()
        self._answered_bytes = 0
        asked = counted = Reading((), ())
        for wave in waves:
            for tell in wave:
                tell()
            self._settle()
            asked += self._meter.read()
            counted += self._counted(records)
        return Told(events or len(waves[0]), asked, counted, self._answered_bytes)

    def _counted(self, records: list[Any]) -> Reading:
        """In the order in which they came."""
        for first in range(0, len(records), assumed.REPORTS_AT_ONCE):
            answer = self._counter.invoke({"Records": records[first : first + assumed.REPORTS_AT_ONCE]})
            if answer and answer["batchItemFailures"]:
                raise Unfinished(f"not all reports could be counted: {answer}")
        records.clear()
        return self._meter.read()

    def _reporting(self, kind: str, *receipts: str) -> Callable[[], None]:
        at = self._parts.clock.now().isoformat()
        body = {"events": [{"type": kind, "receipt": receipt, "at": at} for receipt in receipts]}
        return lambda: self._ask("POST", self._events, body, expects=_TAKEN)

    def _clicking(self, receipt: str) -> Callable[[], None]:
        return lambda: self._ask("GET", f"/c/{receipt}", expects=_LED)

    def _ask(self, method: str, path: str, body: Any = None, *, expects: int) -> None:
        headers = {"origin": self._parts.shop_url, "content-type": "text/plain"}
        answer = self._door.ask(method, path, body, headers=headers, expects={expects}, peer=self._peer())
        self._answered_bytes += len(answer.body) + sum(len(name) + len(value) + 4 for name, value in answer.headers)

    def _peer(self) -> str:
        """IPv6 is counted by networks of 64 bits."""
        return f"2001:db8:0:{next(self._addresses):x}::1"

    def _receipts(self, wanted: int) -> list[str]:
        """As they lie in what the push services were given."""
        receipts = filter(None, map(receipt_of, self._parts.push_service.ledger.received()))
        found = list(dict.fromkeys(islice(receipts, wanted)))
        if len(found) < wanted:
            raise Unfinished(f"{len(found)} were reached: too few to tell of {wanted} events")
        return found

    @contextmanager
    def _gathering(self) -> Iterator[list[Any]]:
        """What waits for the counter, which is called by nobody else meanwhile."""
        (source,) = [each for each in self._parts.runner.sources if each.function.name == COUNTER]
        self._counter, records = source.function, list[Any]()
        source.function = Function(COUNTER, lambda event, _: records.extend(event["Records"]), clock=self._parts.clock)
        try:
            yield records
        finally:
            source.function = self._counter
