"""The installation while campaigns run: events in order of time, on AWS as it publishes itself; the same twice.

A request to send becomes a plan, a plan becomes wake-ups, a wake-up a worker's shift; sweepers look as the product
says.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from itertools import count
from math import ceil, inf

from bench.simulation import limits
from bench.simulation.line import Account, LineAtWork, Start
from bench.simulation.lives import LIVES, Kind, Life, Shift, pool
from bench.simulation.planning import Plan, plan
from bench.simulation.queues import Message, Plain, Queue
from bench.simulation.sends import Send
from bench.simulation.settings import PLAN, Settings
from bench.simulation.sweeping import is_wave_due, look
from bench.simulation.tables import Table
from chalicelib.features.sending.model.run import Run, Source
from infra.cost import assumptions as assumed
from infra.cost.dynamo_units import READ_BYTES
from infra.cost.latency import Mix
from infra.cost.virtual_world import VirtualClock

_LOOK_SECONDS = 60.0
_IDLE_REQUESTS = 3  # run, switch, record: what a worker asks to learn that there is nothing to do
_RECORD_BYTES = 300
_EPOCH = VirtualClock().now()


def lane_of(run: Run) -> str:
    return run.lane.value


@dataclass
class World:
    """`subscribers` are stored before it begins; `route` is how a run finds its line."""

    settings: Settings
    seed: int = 1
    queue: Callable[[], Queue] = Plain
    route: Callable[[Run], str] = lane_of
    mix: Mix = field(default_factory=Mix)
    peak_reads: float = 0.0
    lives_of_a_kind: int = LIVES
    longest_seconds: float = 3_600.0

    def __post_init__(self) -> None:
        self.now = 0.0
        self.sends: list[Send] = []
        self.asked: Counter[str] = Counter()
        self.concurrency: dict[int, dict[str, int]] = defaultdict(dict)
        self._rng = random.Random(self.seed)  # noqa: S311 -- chance that is the same in every run is wanted
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()
        lines = self.settings.lines.values()
        account = Account(int(limits.ACCOUNT_CONCURRENCY.value) - sum(line.reserved for line in lines))
        self.lines = {line.name: LineAtWork(line, self.queue(), account) for line in lines}
        self._looks_at: dict[str, float] = {}
        self._by_run: dict[str, Send] = {}
        self.tables: dict[str, Table] = {}

    def send(self, tenant: str, subscribers: int, *, at: float, is_transactional: bool = False) -> Send:
        send = Send(tenant, subscribers, at, is_transactional)
        self.sends.append(send)
        self._by_run[f"run_{tenant}"] = send
        self._at(at, lambda: self._ask(send))
        return send

    def live(self) -> None:
        """Until nothing is left to do."""
        stored = sum(send.subscribers for send in self.sends) * limits.SUBSCRIPTION_BYTES
        self.tables = {
            "subs": Table("subs", stored_bytes=stored, peak_reads=self.peak_reads),
            "sends": Table("sends"),
            "core": Table("core"),
        }
        while self._events and self.now < self.longest_seconds:
            self.now, _, happen = heapq.heappop(self._events)
            happen()

    # --- from a request to wake-ups

    def _ask(self, send: Send) -> None:
        if not send.is_transactional:
            self._put(PLAN, Message(send.tenant, f"run_{send.tenant}"))
            return
        send.run = self._run_of(send, self._plan_of(send))
        send.planned_at = self.now
        self._put(self.route(send.run), Message(send.tenant, send.run.id, 0))

    def _plan_of(self, send: Send) -> Plan:
        line = self.settings.lines[PLAN]
        return plan(subscribers=send.subscribers, line=line, rows_per_batch=self.settings.rows_per_batch)

    def _run_of(self, send: Send, planned: Plan) -> Run:
        source = Source.NOTIFICATION if send.is_transactional else Source.CAMPAIGN
        return replace(planned.run, id=f"run_{send.tenant}", tenant_id=send.tenant, source=source)

    def _plan(self, start: Start, message: Message) -> float:
        """Seconds that this planner takes, until it is done or wakes the next."""
        send = self._by_run[message.run]
        planned = self._plan_of(send)
        leg = planned.legs[message.shift]
        if send.run is None:
            send.run = self._run_of(send, planned)
            send.planned_at = start.at
            self._at(start.at + _LOOK_SECONDS, lambda: self._look(send))
            self.asked["plan requests"] += planned.requests
        for wake in leg.wakes:
            self._at(start.at + wake.at, lambda numbers=wake.numbers: self._wake(send, numbers))  # type: ignore[misc]
        self.asked["sqs.SendMessageBatch"] += len(leg.wakes)
        if message.shift + 1 < len(planned.legs):
            successor = replace(message, shift=message.shift + 1)
            self._at(start.at + leg.seconds, lambda: self._put(PLAN, successor))
        return leg.seconds

    def _wake(self, send: Send, numbers: Iterable[int]) -> None:
        assert send.run is not None, "only a plan wakes"
        name = self.route(send.run)
        for number in numbers:
            self.lines[name].put(Message(send.tenant, send.run.id, number), self.now)
        self._dispatch(name)

    def _look(self, send: Send) -> None:
        assert send.run is not None, "only who is planned is looked at"
        at = self.now - send.planned_at
        self.asked["looks"] += 1
        self.asked["look read units"] += ceil(len(send.taken) * _RECORD_BYTES / READ_BYTES)
        if len(send.final) < (send.run.batches or 0) and not is_wave_due(send.run, at_seconds=at):
            self._at(self.now + _LOOK_SECONDS, lambda: self._look(send))  # it would find nothing to do
            return
        records = send.records(self.now)
        found = look(send.run, records, at_seconds=at)
        send.run = found.run
        if found.wave:
            send.waves += 1
            send.reissued += len(found.wave)
            self.asked["sqs.SendMessageBatch"] += ceil(len(found.wave) / 10)
            self._wake(send, found.wave)
        if found.next_at is None:
            send.finished_at = self.now
        else:
            self._at(send.planned_at + (found.next_at - _EPOCH).total_seconds(), lambda: self._look(send))

    # --- from wake-ups to pushes

    def _put(self, name: str, message: Message) -> None:
        self.lines[name].put(message, self.now)
        self._dispatch(name)

    def _dispatch(self, name: str) -> None:
        line = self.lines[name]
        for start in line.starts(self.now):
            self._at(start.at, lambda start=start: self._begin(name, start))  # type: ignore[misc]
        self.concurrency[int(self.now)][name] = line.in_flight
        at = line.next_look(self.now)
        if at is not None and self._looks_at.get(name, -inf) <= self.now:
            self._looks_at[name] = at
            self._at(at, lambda: self._dispatch(name))

    def _begin(self, name: str, start: Start) -> None:
        seconds = max(self._turn(name, start, message) for message in start.messages)
        self._at(start.at + seconds, lambda: self._end(name, start))

    def _end(self, name: str, start: Start) -> None:
        self.lines[name].end(start, self.now)
        self._dispatch(name)

    def _turn(self, name: str, start: Start, message: Message) -> float:
        """Seconds that one message keeps the function."""
        return self._plan(start, message) if message.batch is None else self._work(name, start, message, message.batch)

    def _work(self, name: str, start: Start, message: Message, number: int) -> float:
        send = self._by_run[message.run]
        is_known = number in send.taken
        if message.shift == 0 and is_known:
            self.asked["idle wake-ups"] += 1
            return self._idle_seconds(name)
        life = send.taken[number] if is_known else self._life(name, send, side_by_side=len(start.messages))
        send.taken[number] = life
        send.rests_until.pop(number, None)
        return self._shift(name, start.at, message, number)

    def _shift(self, name: str, at: float, message: Message, number: int) -> float:
        send, position = self._by_run[message.run], message.shift
        shifts = send.taken[number].shifts
        shift = shifts[position]
        waited = self._served(shift, send, number, at)
        self.asked.update(shift.asked)
        if shift.pushes:
            send.pushed(at + waited, first=shift.first_push, last=shift.last_answer, pushes=shift.pushes)
        ends_at = at + waited + shift.seconds
        if position + 1 == len(shifts):
            self._at(ends_at, lambda: send.ended(number))
        else:
            wakes_at = ends_at + shift.rests
            self._at(ends_at, lambda: send.rests_until.__setitem__(number, wakes_at))
            self._at(wakes_at, lambda: self._put(name, replace(message, shift=position + 1)))
        return waited + shift.seconds

    def _served(self, shift: Shift, send: Send, number: int, at: float) -> float:
        """Seconds that its requests waited for their turn, one after the other."""
        waited = 0.0
        for use in shift.uses:
            table, key = send.key(use.place, number)
            waited += self.tables[table].serve(use, key, at + use.after_seconds + waited)
        return waited

    def _life(self, name: str, send: Send, *, side_by_side: int) -> Life:
        setting, batches = self.settings.lines[name], send.run.batches if send.run else None
        kind = Kind(
            rows=max(1, round(send.subscribers / (batches or 1))),
            machine=setting.machine,
            window=self.settings.window,
            timeout_seconds=setting.timeout_seconds,
            mix=self.mix,
            side_by_side=side_by_side,
        )
        return pool(kind, self.lives_of_a_kind).draw(self._rng.random())

    def _idle_seconds(self, name: str) -> float:
        thinks = self.settings.lines[name].machine.seconds(_IDLE_REQUESTS * assumed.REQUEST_CPU_SECONDS)
        return thinks + _IDLE_REQUESTS * assumed.DYNAMODB_SECONDS

    def _at(self, at: float, happen: Callable[[], None]) -> None:
        heapq.heappush(self._events, (at, next(self._numbers), happen))
