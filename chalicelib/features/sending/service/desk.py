"""What the platform's operator does about sending: stop it, start it, look into a run, and judge suspected hosts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from chalicelib.core import drive, ids
from chalicelib.core.errors import NotFound, Stale
from chalicelib.core.paging import Page
from chalicelib.features.operations.model import Stop
from chalicelib.features.sending.model.batch import Batch
from chalicelib.features.sending.model.condition import Condition, condition_of
from chalicelib.features.sending.model.gate import Gate
from chalicelib.features.sending.model.run import Run
from chalicelib.features.sending.service.ports import Gates, Runs

TRUSTED_FOR = timedelta(days=7)
_TRIES = 5
_RECORDS_AT_ONCE = 100
_MOST_EXAMINED = 1_000  # records of one call, when only some are wanted


class Switch(Protocol):
    """None stands for every tenant."""

    def stop_sending(self, *, tenant_id: str | None, now: datetime) -> None:
        """From now on nothing is sent."""
        ...

    def start_sending(self, *, tenant_id: str | None) -> None:
        """As if it had not been stopped."""
        ...

    def stops(self) -> Sequence[Stop]:
        """Everything that is stopped."""
        ...


class Tenants(Protocol):
    def get(self, *, tenant_id: str) -> object:
        """Raises NotFound for one that does not exist."""
        ...


class Sites(Protocol):
    def get(self, *, tenant_id: str, site_id: str) -> object:
        """Raises NotFound for a site that is not this tenant's."""
        ...


class Records(Protocol):
    async def get_many(self, tenant_id: str, run: Run, numbers: Sequence[int]) -> list[Batch]:
        """Those that were started, in no order."""
        ...


@dataclass(frozen=True)
class Examined:
    batch: Batch
    condition: Condition


class Desk:
    def __init__(
        self, *, switch: Switch, tenants: Tenants, sites: Sites, runs: Runs, records: Records, gates: Gates
    ) -> None:
        self._switch = switch
        self._tenants = tenants
        self._sites = sites
        self._runs = runs
        self._records = records
        self._gates = gates

    # --- The switch ---

    def stop(self, *, tenant_id: str | None, now: datetime) -> Sequence[Stop]:
        """Of a tenant that there is: a slip of the pen must not look like a stop."""
        if tenant_id is not None:
            self._tenants.get(tenant_id=tenant_id)
        self._switch.stop_sending(tenant_id=tenant_id, now=now)
        return self._switch.stops()

    def start(self, *, tenant_id: str | None) -> Sequence[Stop]:
        """One tenant, or everyone who is not stopped by name."""
        if tenant_id is not None:
            self._tenants.get(tenant_id=tenant_id)
        self._switch.start_sending(tenant_id=tenant_id)
        return self._switch.stops()

    def stops(self) -> Sequence[Stop]:
        return self._switch.stops()

    # --- A run and its records ---

    def run(self, *, tenant_id: str, run_id: str) -> Run:
        run = drive.run(self._runs.get(tenant_id, run_id)) if ids.is_id(run_id, "run") else None
        if run is None:
            raise NotFound
        return run

    def batches(
        self, run: Run, *, wanted: Condition | None, limit: int, position: str | None, now: datetime
    ) -> Page[Examined]:
        """By number. Where only some are wanted, a page may hold few of them, or none, and still go on."""
        first = int(position) + 1 if position else 0
        end = min(run.batches or 0, first + _MOST_EXAMINED)
        found: list[Examined] = []
        for start in range(first, end, _RECORDS_AT_ONCE):
            for batch in self._read(run, range(start, min(start + _RECORDS_AT_ONCE, end))):
                condition = condition_of(run, batch, now=now)
                if wanted in {None, condition}:
                    found.append(Examined(batch, condition))
                if len(found) == limit:
                    return Page(found, _position(run, batch.number))
        return Page(found, _position(run, end - 1))

    def _read(self, run: Run, numbers: Sequence[int]) -> list[Batch]:
        records = {batch.number: batch for batch in drive.run(self._records.get_many(run.tenant_id, run, numbers))}
        return [records.get(number) or Batch.unstarted(run, number) for number in numbers]

    # --- Push hosts ---

    def gates(self, *, tenant_id: str, site_id: str) -> list[Gate]:
        self._sites.get(tenant_id=tenant_id, site_id=site_id)
        found = drive.run(self._gates.of_site(tenant_id, site_id))
        return [found[host] for host in sorted(found)]

    def trust(self, *, tenant_id: str, site_id: str, host: str, now: datetime) -> Gate:
        """These subscriptions have really ended: for a week the host is believed, whatever share it calls gone."""
        return self._turn(tenant_id, site_id, host, lambda gate: gate.trusted(until=now + TRUSTED_FOR))

    def open(self, *, tenant_id: str, site_id: str, host: str) -> Gate:
        """What closed it has been mended: nobody needs to wait for it any longer."""
        return self._turn(tenant_id, site_id, host, Gate.opened)

    def _turn(self, tenant_id: str, site_id: str, host: str, turned: Callable[[Gate], Gate]) -> Gate:
        self._sites.get(tenant_id=tenant_id, site_id=site_id)
        for _ in range(_TRIES):
            gate = drive.run(self._gates.of_site(tenant_id, site_id)).get(host)
            if gate is None:
                raise NotFound
            try:
                return drive.run(self._gates.save(tenant_id, site_id, turned(gate)))
            except Stale:
                continue
        raise Stale


def _position(run: Run, last: int) -> str | None:
    """After the batch of this number; None when there is no other."""
    return str(last) if last + 1 < (run.batches or 0) else None
