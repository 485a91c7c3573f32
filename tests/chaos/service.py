"""The push services of the simulation: the seed fixes every answer, and a ledger knows what they took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Protocol

from chalicelib.channels.outcome import ACCEPTED, Outcome, Verdict
from tests.chaos.simulation import Actor, Call, Simulation, ask


@dataclass(frozen=True)
class Habits:
    gone: float = 0.05
    refused: float = 0.0
    throttled: float = 0.0
    broken: float = 0.0
    unknown: float = 0.0
    hanging: float = 0.0


ORDINARY = Habits()


class _Recipient(Protocol):
    @property
    def key(self) -> bytes: ...


class PushServices:
    LATENCY = (0.010, 0.120)
    HANG_SECONDS = 10.0

    def __init__(self, simulation: Simulation, habits: Habits) -> None:
        self.simulation = simulation
        self.accepted: Counter[bytes] = Counter()
        self.attempts: Counter[bytes] = Counter()
        self.unknown = 0
        self._habits = habits
        self._salt = simulation.rng.getrandbits(64)

    def is_gone(self, key: bytes) -> bool:
        return self._fate(key, 0).random() < self._habits.gone

    def answer(self, key: bytes) -> tuple[Outcome, float]:
        """The outcome as the sender will hear it, and after how long."""
        self.attempts[key] += 1
        rng, habits = self._fate(key, self.attempts[key]), self._habits
        latency = rng.uniform(*self.LATENCY)
        if self.is_gone(key):
            return Outcome(Verdict.GONE, "ended"), latency
        if rng.random() < habits.refused:
            return Outcome(Verdict.FAILED, "message_refused"), latency
        if rng.random() < habits.throttled:
            return Outcome(Verdict.LATER, "throttled", rng.choice([None, 1.0, 30.0, 1_200.0])), latency
        if rng.random() < habits.broken:
            return Outcome(Verdict.LATER, "service_busy"), latency
        if rng.random() < habits.hanging:
            self.unknown += 1
            return Outcome(Verdict.UNKNOWN, "no_answer"), self.HANG_SECONDS
        if rng.random() < habits.unknown:
            self.unknown += 1
            if rng.random() < 0.5:
                self.accepted[key] += 1
            return Outcome(Verdict.UNKNOWN, "no_answer"), latency
        self.accepted[key] += 1
        return ACCEPTED, latency

    def _fate(self, key: bytes, attempt: int) -> Random:
        return Random(f"{self._salt}/{key.hex()}/{attempt}")


class Pushes:
    """One worker's way there. What was sent arrives even when the sender has died."""

    def __init__(self, services: PushServices) -> None:
        self._services = services
        self._simulation = services.simulation
        self._come: list[tuple[bytes, Outcome]] = []
        self._waiting: Actor | None = None
        self._is_open = True

    def start(self, recipient: _Recipient) -> str:
        key = recipient.key
        outcome, latency = self._services.answer(key)
        self._simulation.after(latency, lambda: self._arrive(key, outcome))
        return "push.example"

    async def outcomes(self, wait_seconds: float) -> Sequence[tuple[bytes, Outcome]]:
        found: Sequence[tuple[bytes, Outcome]] = await ask(
            Call(None, may_fail=False, wake=lambda actor: self._wait(actor, wait_seconds))
        )
        return found

    def abandon(self) -> None:
        self._is_open = False

    def _wait(self, actor: Actor, wait_seconds: float) -> None:
        self._waiting = actor
        self._simulation.after(0.001 if self._come else wait_seconds, lambda: self._wake(actor))

    def _arrive(self, key: bytes, outcome: Outcome) -> None:
        if self._is_open:
            self._come.append((key, outcome))
            if self._waiting is not None:
                self._wake(self._waiting)

    def _wake(self, actor: Actor) -> None:
        if self._waiting is actor:
            self._waiting = None
            found, self._come = self._come, []
            self._simulation.resume(actor, found)
