"""The engine's ports in virtual time: stores, push services and the processor only move a clock, and are counted.

One batch of one run. It imports the product: only after the environment is set.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

from chalicelib.channels.message import Message
from chalicelib.channels.outcome import ACCEPTED, Outcome, Verdict
from chalicelib.core.clock import in_milliseconds
from chalicelib.core.identity import Mode
from chalicelib.features.sending.model import ring
from chalicelib.features.sending.model.batch import Batch
from chalicelib.features.sending.model.gate import Gate
from chalicelib.features.sending.model.run import Lane, Order, Run, Source, State
from chalicelib.features.sending.service.ports import Recipient
from chalicelib.features.subscriptions.model import Recipient as Row
from infra.cost import assumptions as assumed
from infra.cost.latency import Mix
from infra.cost.machine import Processor
from infra.cost.side_by_side import others_first
from infra.local.push_service.chaos import share

_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
_HOST = "push.example"
_GONE = Outcome(Verdict.GONE, "410")
_SILENT = Outcome(Verdict.UNKNOWN, "no_answer")


class VirtualClock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return _EPOCH + timedelta(seconds=self.seconds)


class Lots:
    """Chance that is the same in every run."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._numbers = count()

    def uniform(self) -> float:
        return share(self._seed, str(next(self._numbers)))

    def token(self, size: int) -> bytes:
        return int(self.uniform() * 256**size).to_bytes(size)


class Expenses:
    """Where time goes, and what was asked how often. The processor may be others' as well."""

    def __init__(self, processor: Processor) -> None:
        self.clock = VirtualClock()
        self.asked: Counter[str] = Counter()
        self.processor = processor

    async def ask(self, what: str, seconds: float) -> None:
        """One request to AWS: the processor first, then a wait."""
        self.asked[what] += 1
        self.think(assumed.REQUEST_CPU_SECONDS)
        self.clock.seconds += seconds
        await others_first()

    def think(self, cpu_seconds: float) -> None:
        self.clock.seconds = self.processor.think(cpu_seconds, at=self.clock.seconds)


class VirtualPushes:
    """Answers come when the mix says so, and are seen when the engine looks."""

    def __init__(self, expenses: Expenses, mix: Mix, lots: Lots) -> None:
        self._expenses, self._mix, self._lots = expenses, mix, lots
        self._under_way: list[tuple[float, int, bytes, Outcome]] = []
        self._numbers = count()
        self._hung: set[bytes] = set()

    async def open(self, _run: Run) -> VirtualPushes:
        self._expenses.clock.seconds += assumed.CONNECT_SECONDS
        return self

    def host_of(self, _recipient: Recipient) -> str:
        return _HOST

    def start(self, recipient: Recipient) -> str:
        self._expenses.asked["push"] += 1
        self._expenses.think(assumed.PUSH_CPU_SECONDS)
        seconds, outcome = self._fate(recipient.key)
        at = self._expenses.clock.seconds + seconds
        heapq.heappush(self._under_way, (at, next(self._numbers), recipient.key, outcome))
        return _HOST

    async def outcomes(self, wait_seconds: float) -> Sequence[tuple[bytes, Outcome]]:
        clock = self._expenses.clock
        if self._under_way:
            clock.seconds = max(clock.seconds, min(self._under_way[0][0], clock.seconds + wait_seconds))
        found = []
        while self._under_way and self._under_way[0][0] <= clock.seconds:
            _, _, key, outcome = heapq.heappop(self._under_way)
            found.append((key, outcome))
        await others_first()
        return found

    def abandon(self) -> None:
        self._under_way.clear()

    def _fate(self, key: bytes) -> tuple[float, Outcome]:
        if self._lots.uniform() < self._mix.hang_share or (self._mix.hangs_again and key in self._hung):
            self._hung.add(key)
            return assumed.HANG_SECONDS, _SILENT
        outcome = _GONE if self._lots.uniform() < self._mix.gone_share else ACCEPTED
        return self._mix.seconds(self._lots.uniform()), outcome


class VirtualAudience:
    def __init__(self, expenses: Expenses, rows: int) -> None:
        self._expenses = expenses
        self._rows = [_row(position, rows) for position in range(rows)]

    async def read(
        self, _tenant_id: str, _site_id: str, *, start: bytes, end: bytes, limit: int
    ) -> tuple[Sequence[Recipient], bool]:
        await self._expenses.ask("read", assumed.PAGE_SECONDS)
        found = [row for row in self._rows if start <= row.key <= end]
        return found[:limit], len(found) > limit

    async def pick(self, _tenant_id: str, _site_id: str, keys: Sequence[bytes]) -> Sequence[Recipient]:
        await self._expenses.ask("pick", assumed.DYNAMODB_SECONDS)
        self._expenses.asked["picked"] += len(keys)
        return [row for row in self._rows if row.key in set(keys)]

    async def bury(self, *_: object, **__: object) -> None:
        await self._expenses.ask("bury", assumed.DYNAMODB_SECONDS)

    async def note_misfit(self, *_: object, **__: object) -> None:
        await self._expenses.ask("bury", assumed.DYNAMODB_SECONDS)


class VirtualRecords:
    """The run and the one record of its batch: ports `runs` and `batches` at once."""

    def __init__(self, expenses: Expenses) -> None:
        self._expenses = expenses
        new = campaign_run(expenses.clock.now())
        self.run = replace(new, state=State.SENDING, batches=assumed.BATCHES_OF_A_MILLION)
        self.record: Batch | None = None

    async def get(self, _tenant_id: str, run: Run | str, _number: int = 0) -> Run | Batch | None:
        await self._expenses.ask("get", assumed.DYNAMODB_SECONDS)
        return self.run if isinstance(run, str) else self.record

    async def save(self, _tenant_id: str, written: Run | Batch) -> Run | bool:
        await self._expenses.ask("save", assumed.DYNAMODB_SECONDS)
        if isinstance(written, Run):
            self.run = written
            return written
        self.record = written
        written.rev += 1
        return True


class VirtualGates:
    """What a site knows of its hosts: ports `gates` and `notices` at once."""

    def __init__(self, expenses: Expenses) -> None:
        self._expenses = expenses
        self._gates: dict[str, Gate] = {}

    async def of_site(self, _tenant_id: str, _site_id: str) -> Mapping[str, Gate]:
        await self._expenses.ask("gates", assumed.DYNAMODB_SECONDS)
        return dict(self._gates)

    async def save(self, _tenant_id: str, _site_id: str, gate: Gate) -> Gate:
        await self._expenses.ask("gate", assumed.DYNAMODB_SECONDS)
        saved = self._gates[gate.host] = replace(gate, rev=gate.rev + 1)
        return saved

    async def changed(self, _run: Run, _before: Gate, _after: Gate) -> None:
        """Nobody is on call here."""

    async def write(self, _run: Run, _gates: Sequence[Gate]) -> None:
        """Nor has anybody a mailbox."""


class VirtualSwitch:
    def __init__(self, expenses: Expenses) -> None:
        self._expenses = expenses

    async def is_stopped(self, _tenant_id: str) -> bool:
        await self._expenses.ask("switch", assumed.DYNAMODB_SECONDS)
        return False


class VirtualAlarmClock:
    """When the batch is to be worked on next, in seconds: by a delayed message, or by the calendar and the sweeper."""

    def __init__(self, expenses: Expenses) -> None:
        self._expenses = expenses
        self.at: list[float] = [0.0]

    async def send(self, _lane: Lane, _run: Run, _numbers: Iterable[int], *, delay_seconds: int = 0) -> None:
        await self._expenses.ask("wake", assumed.SQS_SECONDS)
        self.at.append(self._expenses.clock.seconds + delay_seconds)

    async def put(self, _run: Run, at: datetime, *, now: datetime) -> datetime:
        await self._expenses.ask("put", assumed.DYNAMODB_SECONDS)
        self.at.append(self._expenses.clock.seconds + (at - now).total_seconds())
        return at

    async def drop(self, _run: Run, _at: datetime) -> None:
        await self._expenses.ask("drop", assumed.DYNAMODB_SECONDS)


def campaign_run(now: datetime) -> Run:
    """To everybody, not planned yet."""
    return Run(
        id="run",
        tenant_id="tenant",
        site_id="site",
        source=Source.CAMPAIGN,
        mode=Mode.LIVE,
        order=Order(message=Message(title="-", url="https://shop.example/"), cutoff=in_milliseconds(now)),
        created_at=now,
        expires_at=now + timedelta(days=1),
    )


def _row(position: int, of: int) -> Row:
    """Evenly along the first batch's arc."""
    end = int.from_bytes(ring.arc(0, assumed.BATCHES_OF_A_MILLION).end)
    key = (end * position // of).to_bytes(ring.KEY_BYTES)
    return Row(key, is_active=True, active_since=0, key_id="-", external_id=None, packed=b"")
