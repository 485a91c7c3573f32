"""How many pushes a host takes at once, and whether it takes any: learnt by one delivery, shared through gates.

The window of a host is halved when it asks us to wait and grows back with every push it takes. When it does nothing
else, its gate closes for all workers of the site. Refused signatures close it too, however few each batch hears: they
are added up in the gate, once a batch. A batch that is delivered again hears, and adds, some of them again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.channels.outcome import Outcome, Verdict
from chalicelib.core.encoding import b64url
from chalicelib.core.errors import Stale
from chalicelib.core.identity import Mode
from chalicelib.features.sending.model.gate import MOST_REFUSALS, Closure, Gate
from chalicelib.features.sending.model.run import Run
from chalicelib.features.sending.service.patience import patiently
from chalicelib.features.sending.service.ports import Ports

_BUSY_IN_A_ROW = 8
_TRIES = 4
_TELLER_BYTES = 6
_MOST_TOLD = 8  # hosts of one batch: a page could make up any number of them
_GROWTH = 0.25  # a host that takes everything is back at the whole window after four times as many pushes
_HALVED_AT_MOST_EVERY = timedelta(seconds=1)  # what was on its way when it first complained says nothing new
_BUSY = {Verdict.LATER, Verdict.UNREACHED, Verdict.UNKNOWN}
REFUSED = "vapid_refused"


@dataclass(slots=True)
class Host:
    gate: Gate
    window: float
    most: float
    under_way: int = 0
    busy: int = 0
    refused: int = 0
    has_taken: bool = False
    wish: timedelta = timedelta()
    halved_at: datetime | None = None

    @property
    def has_room(self) -> bool:
        return self.under_way < self.window

    def heard(self, outcome: Outcome, *, now: datetime) -> Gate | None:
        """The gate as it must be from now on, if that is news."""
        if outcome.verdict is Verdict.ACCEPTED:
            return self._took_it()
        if outcome.verdict in _BUSY:
            return self._was_busy(outcome, now)
        if outcome.reason == REFUSED:
            return self._refused(now)
        return None

    @property
    def is_untold(self) -> bool:
        """Its gate does not know of these refusals yet, or that they came to an end."""
        return self.refused > 0 or (self.has_taken and self.gate.refused > 0)

    def told(self) -> None:
        self.refused, self.has_taken = 0, False

    def _took_it(self) -> Gate | None:
        self.window = min(self.most, self.window + _GROWTH)
        self.busy = self.refused = 0
        self.has_taken = True
        self.wish = timedelta()
        return self.gate.opened() if self.gate.is_on_probation else None

    def _refused(self, now: datetime) -> Gate | None:
        self.refused += 1
        return self._close(Closure.REFUSED, now) if self._is_too_much(self.refused, MOST_REFUSALS) else None

    def _was_busy(self, outcome: Outcome, now: datetime) -> Gate | None:
        if self.halved_at is None or now - self.halved_at >= _HALVED_AT_MOST_EVERY:
            self.window, self.halved_at = max(1.0, self.window / 2), now
        self.busy += 1
        self.wish = max(self.wish, timedelta(seconds=outcome.retry_after_seconds or 0))
        return self._close(Closure.BUSY, now) if self._is_too_much(self.busy, _BUSY_IN_A_ROW) else None

    def _is_too_much(self, count: int, most: int) -> bool:
        return count >= (1 if self.gate.is_on_probation else most)

    def _close(self, closure: Closure, now: datetime) -> Gate | None:
        return None if self.gate.is_closed(now=now) else self.gate.closed(closure, now=now, wish=self.wish)


class Hosts:
    """Those of one delivery."""

    def __init__(self, ports: Ports, run: Run, gates: Mapping[str, Gate]) -> None:
        self._ports = ports
        self._run = run
        self._gates = dict(gates)
        self._most = float(ports.tuning.window_of(run))
        self._hosts: dict[str, Host] = {}
        self._news: dict[str, Gate] = {}

    @classmethod
    async def of(cls, ports: Ports, run: Run) -> Hosts:
        return cls(ports, run, await patiently(ports.gates.of_site, run.tenant_id, run.site_id))

    def __getitem__(self, name: str) -> Host:
        host = self._hosts.get(name)
        if host is None:
            gate = self._gates.get(name, Gate(name))
            host = self._hosts[name] = Host(gate, 1.0 if gate.is_on_probation else self._most, self._most)
        return host

    def started(self, name: str) -> None:
        self[name].under_way += 1

    def landed(self, name: str, outcome: Outcome, *, now: datetime) -> None:
        host = self[name]
        host.under_way -= 1
        has_spoken = bool(name) and self._run.mode is Mode.LIVE  # what a test run hears is its own sink
        gate = host.heard(outcome, now=now) if has_spoken else None
        if gate is not None:
            host.gate = self._news[name] = gate

    async def tell(self) -> None:
        """What changed, for the other workers; should one of them have been faster, it is heard again soon."""
        while self._news:
            _, gate = self._news.popitem()
            await self.change(gate)

    async def add_up(self) -> None:
        """Refusals of this delivery go on record. Others may do the same just now, so it takes a few tries; should all
        fail, the next batches hear enough.
        """
        for _ in range(_TRIES):
            untold = [host for name, host in self._hosts.items() if name and host.is_untold]
            if not untold:
                return
            await self.listen()
            for host in sorted(untold, key=lambda host: -host.refused)[:_MOST_TOLD]:
                await self._add(host)

    async def _add(self, host: Host) -> None:
        now = self._ports.clock.now()
        gate = host.gate.told(host.refused, has_taken=host.has_taken, now=now)
        teller = b64url(self._ports.chance.token(_TELLER_BYTES))
        is_settled = host.gate.is_closed(now=now) or gate == host.gate
        if is_settled or await self.change(replace(gate, teller=teller)):
            host.told()

    async def change(self, gate: Gate) -> bool:
        """Whether nobody else was faster."""
        try:
            saved = await patiently(self._ports.gates.save, self._run.tenant_id, self._run.site_id, gate)
        except Stale:
            return False
        before = self._gates.get(gate.host, Gate(gate.host))
        self[gate.host].gate = self._gates[gate.host] = saved
        await self._ports.notices.changed(self._run, before, saved)
        return True

    async def listen(self) -> None:
        """What others have learnt meanwhile."""
        self._gates = dict(await patiently(self._ports.gates.of_site, self._run.tenant_id, self._run.site_id))
        for name, host in self._hosts.items():
            host.gate = self._gates.get(name, Gate(name))
