"""Puts something between a worker process' senders and the world: an ear that counts lost answers, a hand that counts
batches, and mutants.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache

from chalicelib.aws.worker import Invocation
from chalicelib.channels.outcome import Outcome, Verdict
from chalicelib.features.sending.model.run import Run
from chalicelib.features.sending.schemas.messages import WakeMessage
from chalicelib.features.sending.service.ports import Channel, Ports, Pushes, Recipient
from tests.chaos.real.fate import Hand

Change = Callable[[Ports], Ports]


def rebuild(hand: Hand, change: Change) -> None:
    """For good, in this process."""
    from chalicelib.features.sending import worker
    from chalicelib.features.sending.wiring import ports

    deliver = worker._work

    def watched(message: WakeMessage, invocation: Invocation) -> None:
        with hand.delivering():
            deliver(message, invocation)

    worker.ports = cache(lambda: _listening(change(ports()), hand))  # type: ignore[attr-defined]  # all its doors ask it
    worker._work = watched


class Between:
    """Pushes that are passed on; for those who want to see them."""

    def __init__(self, pushes: Pushes) -> None:
        self._real = pushes

    def host_of(self, recipient: Recipient) -> str:
        return self._real.host_of(recipient)

    def start(self, recipient: Recipient) -> str:
        return self._real.start(recipient)

    async def outcomes(self, wait_seconds: float) -> Sequence[tuple[bytes, Outcome]]:
        return await self._real.outcomes(wait_seconds)

    def abandon(self) -> None:
        self._real.abandon()


class BetweenAll:
    """A channel whose pushes go through somebody's hands."""

    def __init__(self, channel: Channel, hands: Callable[[Pushes], Pushes]) -> None:
        self._real = channel
        self._hands = hands

    async def open(self, run: Run) -> Pushes:
        return self._hands(await self._real.open(run))


class _Listening(Between):
    def __init__(self, pushes: Pushes, hand: Hand) -> None:
        super().__init__(pushes)
        self._hand = hand

    async def outcomes(self, wait_seconds: float) -> Sequence[tuple[bytes, Outcome]]:
        found = await super().outcomes(wait_seconds)
        for _, outcome in found:
            if outcome.verdict is Verdict.UNKNOWN:
                self._hand.missed_an_answer()
        return found


def _listening(ports: Ports, hand: Hand) -> Ports:
    return replace(ports, channel=BetweenAll(ports.channel, lambda pushes: _Listening(pushes, hand)))
