"""Engines that are wrong in one thing each, for real: so that these tests, too, are seen to fail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace

from chalicelib.features.sending.model.batch import Batch
from chalicelib.features.sending.model.run import Run
from chalicelib.features.sending.service.ports import Ports, Recipient
from chalicelib.features.sending.store.batches import BatchRows
from tests.chaos.real.fate import Blow
from tests.chaos.real.senders import Between, BetweenAll, Change
from tests.chaos.real.weather import RealWeather


@dataclass(frozen=True)
class Mutant:
    """`blows` are those that it cannot stand, by seed."""

    name: str
    change: Change
    blows: Callable[[int], Sequence[Blow]] = lambda _seed: ()

    def weather(self, seed: int) -> RealWeather:
        return RealWeather.gentle(seed, *self.blows(seed))


def change_of(name: str) -> Change:
    """What a worker process is told by name, as it starts. No name: nothing is wrong."""
    return next((mutant.change for mutant in MUTANTS if mutant.name == name), lambda ports: ports)


class _LosesRetries(BatchRows):
    async def get(self, tenant_id: str, run: Run, number: int) -> Batch | None:
        batch = await super().get(tenant_id, run, number)
        if batch is not None:
            batch.progress.later.clear()
        return batch


class _WithoutFencing(BatchRows):
    """Whoever writes last is right."""

    def __init__(self) -> None:
        super().__init__()
        self._run: Run | None = None

    async def get(self, tenant_id: str, run: Run, number: int) -> Batch | None:
        self._run = run
        return await super().get(tenant_id, run, number)

    async def save(self, tenant_id: str, batch: Batch) -> bool:
        while not await super().save(tenant_id, batch):
            assert self._run is not None
            standing = await super().get(tenant_id, self._run, batch.number)
            batch.rev = standing.rev if standing else 0
        return True


_begun: ContextVar[bytes] = ContextVar("begun", default=b"")  # each batch has a context of its own


class _Ahead(BatchRows):
    """The cursor passes a key when its push begins."""

    async def get(self, tenant_id: str, run: Run, number: int) -> Batch | None:
        _begun.set(b"")
        return await super().get(tenant_id, run, number)

    async def save(self, tenant_id: str, batch: Batch) -> bool:
        progress, before = batch.progress, batch.progress.cursor
        progress.cursor = max(before, _begun.get())
        is_saved = await super().save(tenant_id, batch)
        progress.cursor = before
        return is_saved


class _Noting(Between):
    def start(self, recipient: Recipient) -> str:
        _begun.set(max(_begun.get(), recipient.key))
        return super().start(recipient)


def _checkpoint_before_push(ports: Ports) -> Ports:
    return replace(ports, batches=_Ahead(), channel=BetweenAll(ports.channel, _Noting))


def _freeze_once(seed: int) -> Sequence[Blow]:
    return (Blow("send", 15 + 4 * seed, freezes=True),)


def _kill_often(seed: int) -> Sequence[Blow]:
    return tuple(Blow("send", step + seed) for step in (19, 31, 23, 37))


MUTANTS = (
    Mutant("no fencing", lambda ports: replace(ports, batches=_WithoutFencing()), _freeze_once),
    Mutant("checkpoint before push", _checkpoint_before_push, _kill_often),
    Mutant("retry list lost", lambda ports: replace(ports, batches=_LosesRetries())),
)
