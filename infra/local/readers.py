"""The simulated subscribers of `make run` tell what they show, by the product's own door, as the SDK's worker does.

Without them a newcomer's stats would say that nobody was shown anything. Who tests or measures tells for themselves.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Protocol
from urllib.parse import urlsplit
from zlib import crc32

from infra.local.push_service.ledger import Ledger, Record

Event = Mapping[str, str]

IN_A_REPORT = 50  # as many as the SDK's worker sends at once
_EVERY_SECONDS = 1.0
_PATIENCE_SECONDS = 5.0
_CLICK, _CLICK_OR_DISMISS = 5, 7  # of a hundred


class Door(Protocol):
    def report(self, events: Sequence[Event]) -> bool:
        """False: not now, report them again."""
        ...


class Readers:
    """What the door has no time for waits, and behind it whatever arrives, which the ledger holds meanwhile."""

    def __init__(self, ledger: Ledger, door: Door) -> None:
        self._ledger = ledger
        self._door = door
        self._seen = 0
        self._untold: list[Event] = []
        self._stopping = threading.Event()

    @contextmanager
    def telling(self) -> Iterator[None]:
        thread = threading.Thread(target=self._keep_telling, name="readers", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stopping.set()
            thread.join()

    def tell(self) -> None:
        if not self._untold:
            self._untold = self._read()
        while self._untold and not self._stopping.is_set():
            if not self._door.report(self._untold[:IN_A_REPORT]):
                return
            del self._untold[:IN_A_REPORT]

    def _keep_telling(self) -> None:
        while not self._stopping.wait(_EVERY_SECONDS):
            self.tell()

    def _read(self) -> list[Event]:
        records = self._ledger.received(after=self._seen)
        if records:
            self._seen = records[-1].number
        return [event for record in records for event in _events(record)]


class ProductDoor:
    """The one that pages of the demo shop come to."""

    def __init__(self, url: str, *, site_key: str, origin: str) -> None:
        self._place = urlsplit(url).netloc
        self._path = f"/v1/sdk/{site_key}/events"
        self._headers = {"Origin": origin, "Content-Type": "text/plain;charset=UTF-8"}

    def report(self, events: Sequence[Event]) -> bool:
        """What will never be taken is done with as well."""
        body = json.dumps({"events": events}).encode()
        with closing(HTTPConnection(self._place, timeout=_PATIENCE_SECONDS)) as connection:
            try:
                connection.request("POST", self._path, body, self._headers)
                status = connection.getresponse().status
            except (OSError, HTTPException):
                return False
        return status < HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.TOO_MANY_REQUESTS


def receipt_of(record: Record) -> str | None:
    """None: nobody could show it, or nobody wants to hear of it."""
    if not record.accepted or record.plaintext is None:
        return None
    try:
        payload = json.loads(record.plaintext)
    except ValueError:
        return None
    match payload:
        case {"receipt": str(receipt)}:
            return receipt
    return None


def _events(record: Record) -> Iterator[Event]:
    """As of when it came, by the product's clock."""
    if receipt := receipt_of(record):
        for kind in _kinds(record.endpoint):
            yield {"type": kind, "receipt": receipt, "at": record.at.isoformat()}


def _kinds(endpoint: str) -> Sequence[str]:
    """Everybody shows it; who clicks, and who closes it, are always the same few."""
    place = crc32(endpoint.encode()) % 100
    if place < _CLICK:
        return ("displayed", "clicked")
    return ("displayed", "dismissed") if place < _CLICK_OR_DISMISS else ("displayed",)
