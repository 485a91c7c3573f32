"""Everything the page shows, as one document; with a cursor it holds only the arrivals, mails and log lines since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.core import chance
from infra.local.console.misbehaviour import PRESETS, Misbehaviour
from infra.local.console.product_view import Arrival, LogLine, Mail, Product

_MOST_RUNS = 8
_MOST_ARRIVALS = 40
_MOST_MAILS = 50
_MOST_LINES = 200


@dataclass(frozen=True)
class Cursor:
    """How far a page has read. `start` names the process: in another one all numbers begin anew."""

    start: str
    arrival: int = 0
    mail: int = 0
    line: int = 0

    @classmethod
    def read(cls, text: str) -> Cursor:
        start, *numbers = text.split("-")
        return cls(start, *map(int, numbers))

    def __str__(self) -> str:
        return f"{self.start}-{self.arrival}-{self.mail}-{self.line}"


class State:
    def __init__(self, product: Product, misbehaviour: Misbehaviour) -> None:
        self._product = product
        self._misbehaviour = misbehaviour
        self._start = chance.token(6).hex()

    def since(self, cursor: str | None) -> dict[str, Any]:
        before = Cursor.read(cursor) if cursor else Cursor("")
        is_fresh = before.start != self._start
        if is_fresh:
            before = Cursor(self._start)
        arrivals = self._product.received(after=before.arrival, most=_MOST_ARRIVALS)
        mails = [mail for mail in self._product.outbox() if mail.number > before.mail][-_MOST_MAILS:]
        lines = self._product.log_lines(after=before.line, most=_MOST_LINES)
        first = {"welcome": self._product.welcome(), "presets": PRESETS} if is_fresh else {}
        return {
            "cursor": str(_moved(before, arrivals, mails, lines)),
            "fresh": is_fresh,
            **first,
            "now": self._product.now(),
            "real_push": self._product.is_real_push,
            "queues": self._product.queues(),
            "handlers": self._product.handlers(),
            "runs": self._product.runs(most=_MOST_RUNS),
            "push": self._product.push_traffic(),
            "mood": self._misbehaviour.mood(),
            "arrivals": arrivals,
            "mails": mails,
            "log": lines,
        }


def _moved(before: Cursor, arrivals: Sequence[Arrival], mails: Sequence[Mail], lines: Sequence[LogLine]) -> Cursor:
    return Cursor(
        before.start,
        arrivals[-1].number if arrivals else before.arrival,
        mails[-1].number if mails else before.mail,
        lines[-1].number if lines else before.line,
    )
