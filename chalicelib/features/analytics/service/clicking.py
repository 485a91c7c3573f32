"""A click on its way: led to where the run says, and counted if that can be done at once. Nothing but a run's own
targets is ever led to, so whoever makes up an address is led nowhere.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol
from urllib.parse import urlsplit

from chalicelib.channels.message import Message
from chalicelib.core.errors import NotFound, Unavailable
from chalicelib.core.receipts import LENGTH, Forged, Receipt, Receipts
from chalicelib.features.analytics.model import Claim, Judge, Kind, Report
from chalicelib.features.analytics.service.reporting import Waiting
from chalicelib.features.sending.model.run import Run

_PLACES = {"": 0, "1": 1, "2": 2}  # behind the receipt: the message's own target, or a button's


class Runs(Protocol):
    def run(self, tenant_id: str, run_id: str) -> Run | None:
        """None when there is none any more."""
        ...


class Clicking:
    """`lost` is told of each click that could not be counted."""

    def __init__(
        self, *, receipts: Callable[[], Receipts], runs: Runs, waiting: Waiting, lost: Callable[[], None]
    ) -> None:
        self._receipts = receipts
        self._runs = runs
        self._waiting = waiting
        self._lost = lost

    def follow(self, followed: str, *, now: datetime) -> str:
        """The target. Raises NotFound for what is no receipt, and when its run is no more. A receipt that is too old to
        be counted by still leads there.
        """
        text, place = followed[:LENGTH], _PLACES.get(followed[LENGTH:])
        receipts = self._receipts()
        try:
            receipt = receipts.read(text)
        except Forged:
            raise NotFound from None
        run = None if place is None else self._runs.run(receipt.tenant_id, receipt.run_id)
        if run is None or place is None:
            raise NotFound
        target = _target(run.order.message, place)
        if receipt.is_good(now=now):
            self._count(receipts, receipt, text, run, now)
        return target

    def _count(self, receipts: Receipts, receipt: Receipt, text: str, run: Run, now: datetime) -> None:
        event, life = Judge(receipts, receipt.tenant_id, now).hear(Claim(type=Kind.CLICKED, receipt=text))
        try:
            self._waiting.put(Report(run.tenant_id, run.site_id, (event,), (life,) if life else ()))
        except Unavailable:
            self._lost()


def _target(message: Message, place: int) -> str:
    """A button that the message does not have leads to where the message does. What is stored was judged when it was
    written; what a browser takes for a program is not led to even so.
    """
    target = message.actions[place - 1].url if 0 < place <= len(message.actions) else message.url
    if urlsplit(target).scheme not in {"http", "https"}:
        raise NotFound
    return target
