"""The one record of a batch: the only memory of who was reached. Everything else can be lost and redone.

Counts cover exactly the keys up to `cursor` that stand neither in `in_doubt` nor in `later`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from chalicelib.channels.outcome import Outcome, Verdict
from chalicelib.core.clock import from_milliseconds, in_milliseconds
from chalicelib.features.sending.model.run import Run

KEPT_FOR = timedelta(days=30)
MOST_LATER = 12_000  # keys; 192 kB of the 400 kB an item may have
MOST_IN_DOUBT = 32
MOST_ATTEMPTS = 6
_TELLING = {Verdict.ACCEPTED, Verdict.GONE}  # of a subscription; who refuses a signature has not looked that far
_LATER_GRAIN_MS = 5_000  # instants are rounded up to this, so that groups stay few


class Wait(NamedTuple):
    """Until when (milliseconds), after how many attempts, and why."""

    at: int
    attempt: int
    reason: str

    @classmethod
    def until(cls, at: datetime, *, attempt: int, reason: str) -> Wait:
        return cls(-(-in_milliseconds(at) // _LATER_GRAIN_MS) * _LATER_GRAIN_MS, attempt, reason)


class Grave(NamedTuple):
    """A subscription that its push service called ended, as it was when it was read."""

    key: bytes
    active_since: int


@dataclass
class Progress:
    """`hosts` counts answers that tell who is there, and which said gone; `gone` waits for the pass to end."""

    cursor: bytes = b""
    is_read: bool = False
    passes: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    in_doubt: dict[bytes, None] = field(default_factory=dict)
    later: dict[Wait, dict[bytes, None]] = field(default_factory=dict)
    gone: dict[str, list[Grave]] = field(default_factory=dict)
    hosts: dict[str, list[int]] = field(default_factory=dict)

    def count(self, outcome: str) -> None:
        self.counts[outcome] = self.counts.get(outcome, 0) + 1

    def settle(self, outcome: Outcome, *, host: str, grave: Grave) -> None:
        """The final outcome of one subscription that was to be pushed to; no host means that it never came to that."""
        if host and outcome.verdict in _TELLING:
            answered = self.hosts.setdefault(host, [0, 0])
            answered[0] += 1
            answered[1] += outcome.verdict is Verdict.GONE
        if outcome.verdict is Verdict.GONE:
            self.gone.setdefault(host, []).append(grave)
        self.count(outcome.verdict if outcome.verdict is Verdict.ACCEPTED else f"{outcome.verdict}:{outcome.reason}")

    def spare(self, host: str) -> None:
        """Its "gone" is not believed: counted, as the service said, but these subscriptions go on."""
        for _ in self.gone.pop(host):
            self.count("spared")

    def postpone(self, key: bytes, wait: Wait) -> None:
        self.later.setdefault(wait, {})[key] = None

    def resume(self, key: bytes, wait: Wait) -> None:
        group = self.later[wait]
        del group[key]
        if not group:
            del self.later[wait]

    def put_off(self, *, until: datetime | None) -> Iterator[tuple[bytes, Wait]]:
        """Those that have waited long enough by then; None: all that wait."""
        for wait, keys in self.later.items():
            if until is None or wait.at <= in_milliseconds(until):
                yield from ((key, wait) for key in keys)

    @property
    def waiting(self) -> int:
        return sum(len(keys) for keys in self.later.values())

    @property
    def pending(self) -> int:
        """Read, but without an outcome yet."""
        return self.waiting + len(self.in_doubt)

    @property
    def next_at(self) -> datetime | None:
        return from_milliseconds(min(wait.at for wait in self.later)) if self.later else None

    @property
    def has_to_wait(self) -> bool:
        """Nobody can be reached before `next_at`; who is to be buried waits as well."""
        return (self.is_read or self.waiting >= MOST_LATER) and not self.in_doubt

    @property
    def is_all_but_buried(self) -> bool:
        """Everyone has an outcome; what is left is to end the subscriptions that are gone."""
        return self.is_read and not (self.in_doubt or self.later)

    @property
    def is_final(self) -> bool:
        return self.is_all_but_buried and not self.gone


@dataclass
class Batch:
    """A record as it stands in the store, with what its conditions test. One of `of`; kept a while after its run."""

    run_id: str
    number: int
    of: int
    keep_until: datetime
    progress: Progress = field(default_factory=Progress)
    owner: str = ""
    leased_until: datetime | None = None
    next_at: datetime | None = None
    is_final: bool = False
    rev: int = 0

    @classmethod
    def unstarted(cls, run: Run, number: int) -> Batch:
        return cls(run.id, number, run.batches or 1, run.expires_at + KEPT_FOR)

    def is_leased(self, *, now: datetime) -> bool:
        return bool(self.owner) and self.leased_until is not None and now < self.leased_until

    def is_waiting(self, *, now: datetime) -> bool:
        """All read; nobody has anything to do before `next_at`."""
        return not self.owner and self.next_at is not None and now < self.next_at

    def release(self) -> None:
        """Nobody holds it; what is left waits for `next_at`, or is for whoever comes."""
        progress = self.progress
        self.owner, self.leased_until = "", None
        self.next_at = progress.next_at if progress.has_to_wait else None
        self.is_final = progress.is_final
