"""Receipts of Ada's, and everything that reports, clicks and counts by them, in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.channels.message import Action, Message
from chalicelib.core.errors import Unavailable
from chalicelib.core.identity import Mode
from chalicelib.core.receipts import Receipts, Told
from chalicelib.features.analytics.model import Claim, Event, Figures, Report, figures_of, read_figures
from chalicelib.features.analytics.service.portions import MOST_AT_ONCE, MOST_SUMS
from chalicelib.features.sending.model.run import Order, Run, Source

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
BEGAN_AT = NOW - timedelta(hours=2)
ADA, CYD = "ten_01kjmv5dz0000000000000000a", "ten_01kjmv5dz0000000000000000c"
SITE = "site_01kjmv5dz0000000000000000a"
RUN, OTHER_RUN = "run_01kjmv5dz0000000000000000r", "run_01kjmv5dz0000000000000000s"
RECEIPTS = Receipts(b"pepper")
MESSAGE = Message(
    title="Sale",
    url="https://shop.example/sale",
    actions=(Action(action="buy", title="Buy", url="https://shop.example/buy"),),
)


def receipt(key: int = 1, told: Told = Told(browser=1), **words: Any) -> str:  # noqa: B008
    wanted: dict[str, Any] = {"tenant_id": ADA, "run_id": RUN, "began_at": BEGAN_AT, **words}
    return RECEIPTS.mint(**wanted).receipt(bytes([key]) * 16, told).decode()


def claim(type: Any = "displayed", key: int = 1, **words: Any) -> Claim:  # noqa: A002 -- as browsers say it
    said: dict[str, Any] = {"type": type, "receipt": receipt(key), "at": "2026-03-01T11:30:00Z", **words}
    return Claim(**said)


def a_run(**changes: Any) -> Run:
    fields: dict[str, Any] = {
        "id": RUN,
        "tenant_id": ADA,
        "site_id": SITE,
        "campaign_id": "cmp_a",
        "source": Source.CAMPAIGN,
        "mode": Mode.LIVE,
        "order": Order(message=MESSAGE, cutoff=0),
        "created_at": BEGAN_AT,
        "expires_at": NOW + timedelta(days=1),
        **changes,
    }
    return Run(**fields)


@dataclass
class Waiting:
    reports: list[Report] = field(default_factory=list)
    is_down: bool = False

    def put(self, report: Report) -> None:
        if self.is_down:
            raise Unavailable
        self.reports.append(report)


@dataclass
class Runs:
    known: list[Run] = field(default_factory=lambda: [a_run()])
    figures: Figures = field(default_factory=Figures)

    def run(self, tenant_id: str, run_id: str) -> Run | None:
        return next((run for run in self.known if (run.tenant_id, run.id) == (tenant_id, run_id)), None)

    def run_with_figures(self, tenant_id: str, run_id: str) -> tuple[Run, Figures] | None:
        run = self.run(tenant_id, run_id)
        return None if run is None else (run, self.figures)


@dataclass
class Counts:
    """As the store promises: all of a portion or nothing, and each once."""

    counted: dict[tuple[str, str], set[tuple[str, bytes]]] = field(default_factory=dict)
    sums: Counter[str] = field(default_factory=Counter)
    calls: list[tuple[str, int]] = field(default_factory=list)
    down_for: set[str] = field(default_factory=set)
    broken_for: set[str] = field(default_factory=set)

    def add(self, tenant_id: str, run_id: str, events: Sequence[Event]) -> int:
        assert 0 < len(events) <= MOST_AT_ONCE
        assert len(figures_of(events)) <= MOST_SUMS
        if run_id in self.down_for:
            raise Unavailable
        if run_id in self.broken_for:
            raise ValueError(run_id)
        self.calls.append((run_id, len(events)))
        known = self.counted.setdefault((tenant_id, run_id), set())
        fresh = [event for event in events if (event.kind, event.mark) not in known]
        known |= {(event.kind, event.mark) for event in fresh}
        self.sums.update(figures_of(fresh))
        return len(fresh)

    def figures(self) -> Figures:
        return read_figures([self.sums], began_at=BEGAN_AT)
