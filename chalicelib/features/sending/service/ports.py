"""What the sending engine needs from the world. Its coroutines have no I/O, clock or chance of their own.

In production these calls block and never suspend; in the chaos suite every one of them is a place to be stopped,
reordered, failed or killed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from chalicelib.channels.outcome import Outcome
from chalicelib.core.ports import Chance, Clock
from chalicelib.features.campaigns.model import Campaign, Launch
from chalicelib.features.due.model import Entry
from chalicelib.features.sending.model.batch import Batch
from chalicelib.features.sending.model.gate import Gate
from chalicelib.features.sending.model.run import Lane, Run
from chalicelib.features.sending.model.tally import Tally
from chalicelib.features.sending.service.persons import Persons


class Recipient(Protocol):
    """A subscription's row, decoded no further than needed."""

    @property
    def key(self) -> bytes: ...
    @property
    def is_active(self) -> bool: ...
    @property
    def active_since(self) -> int: ...
    @property
    def external_id(self) -> str | None: ...


class Runs(Protocol):
    async def get(self, tenant_id: str, run_id: str) -> Run | None:
        """By a consistent read."""
        ...

    async def add(self, tenant_id: str, run: Run) -> Run:
        """Write it unless it exists, and with it, both or none, the entry in the calendar that its `look_at` speaks of.
        Returns what stands.
        """
        ...

    async def save(self, tenant_id: str, run: Run) -> Run:
        """Replace its changing half IF `rev` is unchanged. Raises Stale."""
        ...

    async def turn(
        self, tenant_id: str, run: Run, campaign: Campaign, *, looked_at: datetime | None
    ) -> tuple[Run, Campaign]:
        """The same together with its campaign, IF that is unchanged too, and with its entry in the calendar, which goes
        from `looked_at` to `look_at`: all or none. Raises Stale.
        """
        ...


class Batches(Protocol):
    async def get(self, tenant_id: str, run: Run, number: int) -> Batch | None:
        """By a consistent read."""
        ...

    async def save(self, tenant_id: str, batch: Batch) -> bool:
        """Write it IF nobody else wrote since it was read, raising its `rev`; False when somebody did."""
        ...

    async def of_run(self, tenant_id: str, run: Run) -> list[Batch]:
        """Every record there is, by consistent reads; a batch that nobody started has none."""
        ...


class Audience(Protocol):
    async def read(
        self, tenant_id: str, site_id: str, *, start: bytes, end: bytes, limit: int
    ) -> tuple[Sequence[Recipient], bool]:
        """Rows with keys from `start` to `end` in key order, and whether there may be more; ended ones too."""
        ...

    async def pick(self, tenant_id: str, site_id: str, keys: Sequence[bytes]) -> Sequence[Recipient]:
        """Rows by key, by a consistent read; absent ones are missing."""
        ...

    async def bury(self, tenant_id: str, site_id: str, *, key: bytes, active_since: int, at: datetime) -> None:
        """Mark it ended, unless it has come back since."""
        ...

    async def note_misfit(self, tenant_id: str, site_id: str, *, key: bytes, active_since: int) -> None:
        """Note that its push service knows it under another key, unless it has come back since."""
        ...


class Pushes(Protocol):
    """One run's way to the push services."""

    def host_of(self, recipient: Recipient) -> str:
        """Where its push would go; empty for one that cannot leave."""
        ...

    def start(self, recipient: Recipient) -> str:
        """Put one push under way; returns its host. What cannot leave comes back as an outcome all the same."""
        ...

    async def outcomes(self, wait_seconds: float) -> Sequence[tuple[bytes, Outcome]]:
        """Keys and outcomes that have come in; waits up to `wait_seconds` for the first."""
        ...

    def abandon(self) -> None:
        """Forget what is under way."""
        ...


class Gates(Protocol):
    """What the workers of a site share about push hosts."""

    async def of_site(self, tenant_id: str, site_id: str) -> Mapping[str, Gate]:
        """By host; may miss the last second."""
        ...

    async def save(self, tenant_id: str, site_id: str, gate: Gate) -> Gate:
        """Write it IF nobody else wrote since it was read. Raises Stale."""
        ...


class Notices(Protocol):
    """Whom it concerns: whoever is on call, and the site's owner where it is theirs to mend."""

    async def changed(self, run: Run, before: Gate, after: Gate) -> None:
        """A gate was closed, opened or is suspected. It must not fail, nor take time: pushes are under way."""
        ...

    async def write(self, run: Run, gates: Sequence[Gate]) -> None:
        """Letters to the site's owners, if they have not had them yet. It must not fail."""
        ...


class Meter(Protocol):
    """For whoever watches all runs together. It must not fail, nor take time."""

    def delivered(self, run: Run, tally: Tally) -> None:
        """What one worker did in one go."""
        ...

    def suppressed(self, run: Run) -> None:
        """A wake-up came for what is done, or in hands: it was sent, or brought, twice. One that is early is none."""
        ...


@dataclass(frozen=True)
class Unread:
    """Where nobody watches."""

    def delivered(self, run: Run, tally: Tally) -> None:
        pass

    def suppressed(self, run: Run) -> None:
        pass


class Switch(Protocol):
    async def is_stopped(self, tenant_id: str) -> bool:
        """Whether an operator has stopped all sending, or this tenant's."""
        ...


class Channel(Protocol):
    async def open(self, run: Run) -> Pushes:
        """Ready to push this run's message."""
        ...


class Wakes(Protocol):
    async def send(self, lane: Lane, run: Run, numbers: Iterable[int], *, delay_seconds: int = 0) -> None:
        """Wake these batches of the run."""
        ...

    async def look(self, run: Run) -> None:
        """Have the run looked at now; its entry in the calendar says so already."""
        ...


class Calendar(Protocol):
    async def put(self, run: Run, at: datetime, *, now: datetime) -> datetime:
        """Write the run's entry; returns the instant to keep as `look_at`."""
        ...

    async def drop(self, run: Run, at: datetime) -> None:
        """Remove the run's entry of that instant."""
        ...

    async def settle(self, entry: Entry, look_at: datetime | None, *, now: datetime) -> bool:
        """Whether the entry speaks for the run."""
        ...

    async def done(self, entry: Entry) -> None:
        """Remove it wherever it stands."""
        ...


class Campaigns(Protocol):
    """The owners of most runs."""

    async def release(self, entry: Entry, *, now: datetime) -> Launch | None:
        """The campaign whose time has come; the same launch again if an earlier one was cut short."""
        ...

    async def launched(self, entry: Entry) -> None:
        """Its run stands on its own feet."""
        ...

    async def get(self, tenant_id: str, campaign_id: str) -> Campaign | None:
        """As it stands now."""
        ...

    async def cancel(self, campaign: Campaign, *, now: datetime) -> Campaign:
        """Without its run, which an entry in the calendar stands for until it has heard. Raises Stale."""
        ...

    async def finish(self, run: Run, *, now: datetime) -> None:
        """The run is over; its state says how. May be told twice."""
        ...


@dataclass(frozen=True)
class Tuning:
    """W is how many keys one worker may have started whose outcome is not stored: what a kill can repeat. What is left
    of a planner that was killed are as many wake-ups as it sends between two notes of how far it has come.
    """

    rows_per_batch: int = 512
    window: int = 256
    careful_window: int = 25
    wakes_per_note: int = 1_000

    def window_of(self, run: Run) -> int:
        return self.careful_window if run.order.careful else self.window


@dataclass(frozen=True)
class Ports:
    runs: Runs
    batches: Batches
    audience: Audience
    channel: Channel
    wakes: Wakes
    calendar: Calendar
    campaigns: Campaigns
    gates: Gates
    notices: Notices
    switch: Switch
    clock: Clock
    chance: Chance
    persons: Callable[[str], Persons]
    tuning: Tuning = Tuning()
    meter: Meter = Unread()
