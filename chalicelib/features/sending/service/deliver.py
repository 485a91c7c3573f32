"""One batch, from its first unread key to its last outcome, by one worker that may be killed at any await.

Keys are started in ring order. The cursor passes a key only when its outcome is in the record, or the key itself is
(in `in_doubt` or `later`); so a successor repeats at most the window W: keys started whose outcome is not stored.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from chalicelib.channels.outcome import Outcome, Verdict
from chalicelib.core.errors import Unavailable
from chalicelib.core.retry import full_jitter_seconds
from chalicelib.features.sending.model.batch import MOST_ATTEMPTS, MOST_IN_DOUBT, Batch, Grave, Progress, Wait
from chalicelib.features.sending.model.guard import verdict
from chalicelib.features.sending.model.run import EXPIRED, Run
from chalicelib.features.sending.model.tally import Tally, age_seconds
from chalicelib.features.sending.service.claim import LEASE, claim
from chalicelib.features.sending.service.hosts import Hosts
from chalicelib.features.sending.service.patience import patiently
from chalicelib.features.sending.service.ports import Ports, Pushes, Recipient
from chalicelib.features.sending.service.source import Candidate, Source
from chalicelib.features.subscriptions.model import NEEDS_RESUBSCRIBE

_SILENT = timedelta(seconds=3)
_SAVE_AT_LEAST = timedelta(seconds=1)
_RENEW = LEASE / 3
_LOOK_AROUND = timedelta(seconds=5)
_LAST_ANSWERS = timedelta(seconds=11)  # longer than the transport waits for any answer
_LAST_WRITES = timedelta(seconds=4)
_TURN_SECONDS = 0.25
_SLOWED = timedelta(seconds=5)
_REOPENING = timedelta(seconds=30)  # not everybody at the very instant a gate opens
_GRAVES_PER_SAVE = 100
_MOST_MISFITS = 100  # that one worker notes in one go: the next run finds the others
_MILLISECOND = timedelta(milliseconds=1)
_BROKEN = {Verdict.UNREACHED, Verdict.UNKNOWN}

Effect = Callable[[Progress], None]


@dataclass(slots=True)
class _Step:
    """One key of the range, in order. Its effect on the record is applied when all before it are."""

    key: bytes
    effect: Effect | None = None
    is_settled_push: bool = False


@dataclass(slots=True)
class _Push:
    """On its way since `since`, or held back since then because its host takes no more at once."""

    candidate: Candidate
    recipient: Recipient
    step: _Step | None
    host: str
    since: datetime
    reached: str = ""  # the host, once it has left
    is_again: bool = False


class _Lost(Exception):
    """Another worker holds the batch now: whatever we know is worth nothing."""


async def deliver(ports: Ports, run: Run, number: int, *, deadline: datetime) -> Batch | None:
    """Returns the batch as it was released, or None when there was nothing to do or it was lost."""
    batch = await claim(ports, run, number)
    if batch is None:
        return None
    tally = Tally(age_seconds=age_seconds(run, batch, now=ports.clock.now()))
    pushes = await patiently(ports.channel.open, run)
    try:
        hosts = await Hosts.of(ports, run)
        return await Delivery(ports, run, batch, pushes, hosts, deadline, tally).work()
    except _Lost:
        return None
    finally:
        pushes.abandon()
        ports.meter.delivered(run, tally)


class Delivery:
    def __init__(
        self,
        ports: Ports,
        run: Run,
        batch: Batch,
        pushes: Pushes,
        hosts: Hosts,
        deadline: datetime,
        tally: Tally,
    ) -> None:
        self._ports = ports
        self._run = run
        self._batch = batch
        self._progress = batch.progress
        self._pushes = pushes
        self._hosts = hosts
        self._tally = tally
        self._window = ports.tuning.window_of(run)
        self._stop_at = deadline - _LAST_ANSWERS - _LAST_WRITES
        self._give_up_at = deadline - _LAST_WRITES
        self._source = Source(ports, run, batch)
        self._steps: deque[_Step] = deque()
        self._flights: dict[bytes, _Push] = {}
        self._held: dict[bytes, _Push] = {}
        self._unstored = 0  # pushes that have an outcome which no record holds yet
        self._stuck = 0  # those of them that wait in `_steps` for a key before them
        self._misfits: list[Grave] = []
        self._is_stopped = False
        self._reopening = _REOPENING * ports.chance.uniform()
        self._saved_at = self._looked_at = self._now()

    async def work(self) -> Batch:
        while not self._is_done():
            await self._fill()
            await self._collect()
            self._advance()
            self._pass_the_slow()
            await self._hosts.tell()
            if self._should_save():
                await self._save()
            if self._now() - self._looked_at >= _LOOK_AROUND:
                await self._look_around()
        await self._close()
        return self._batch

    def _now(self) -> datetime:
        return self._ports.clock.now()

    @property
    def _must_stop(self) -> bool:
        now = self._now()
        return now >= self._stop_at or self._is_stopped or self._run.is_paused(now=now)

    def _is_done(self) -> bool:
        if self._flights:
            return self._now() >= self._give_up_at
        return (self._source.is_empty and not self._held) or self._must_stop

    def _has_room(self) -> bool:
        return len(self._flights) + len(self._held) + self._unstored < self._window

    async def _fill(self) -> None:
        for key in list(self._held) if not self._must_stop else ():
            self._dispatch(self._held.pop(key))
        while self._has_room() and not self._must_stop:
            candidate = await self._source.next()
            if candidate is None:
                return
            self._begin(candidate)

    def _begin(self, candidate: Candidate) -> None:
        step = _Step(candidate.key) if candidate.origin == "range" else None
        if step:
            self._steps.append(step)
        now = self._now()
        refusal = self._source.verdict(candidate, now=now)
        if refusal is None and candidate.recipient is not None:
            host = self._pushes.host_of(candidate.recipient)
            self._dispatch(_Push(candidate, candidate.recipient, step, host, since=now))
        elif refusal:
            self._apply(candidate, step, lambda progress: progress.count(refusal))
        else:
            self._apply(candidate, step, _leave_out)

    def _dispatch(self, push: _Push) -> None:
        host, now = self._hosts[push.host], self._now()
        if host.gate.closed_until is not None and host.gate.is_closed(now=now):
            self._put_off(push, until=host.gate.closed_until + self._reopening, reason="host_closed")
        elif host.has_room:
            push.since = now
            self._flights[push.candidate.key] = push
            self._hosts.started(push.host)
            push.reached = self._pushes.start(push.recipient)
        else:
            self._held[push.candidate.key] = push

    def _put_off(self, push: _Push, *, until: datetime, reason: str) -> None:
        """It was not tried, so this is no attempt."""
        key, _, origin = push.candidate
        attempt = origin.attempt if isinstance(origin, Wait) else 0
        self._apply(push.candidate, push.step, self._wait(key, until, attempt=attempt, reason=reason))

    async def _collect(self) -> None:
        if not self._flights:
            return
        for key, outcome in await self._pushes.outcomes(_TURN_SECONDS):
            push = self._flights[key]
            if outcome.verdict is Verdict.UNKNOWN:
                self._progress.count("unknown")
            if outcome.verdict in _BROKEN and not push.is_again and not self._must_stop:
                self._try_again(push)
            else:
                self._land(key, push, outcome)

    def _try_again(self, push: _Push) -> None:
        """Once, at once: most broken connections are just that."""
        push.is_again = True
        push.since = self._now()
        self._pushes.start(push.recipient)

    def _land(self, key: bytes, push: _Push, outcome: Outcome) -> None:
        del self._flights[key]
        self._hosts.landed(push.host, outcome, now=self._now())
        self._unstored += 1
        if push.reached and outcome.verdict not in _BROKEN:
            self._tally.push_ms.add(round((self._now() - push.since) / _MILLISECOND))
        if push.step is not None and push.step.effect is None:
            push.step.is_settled_push = True
            self._stuck += 1
        self._apply(push.candidate, push.step, self._effect(push, outcome))

    def _effect(self, push: _Push, outcome: Outcome) -> Effect:
        key, _, origin = push.candidate
        if outcome.verdict in {Verdict.ACCEPTED, Verdict.GONE, Verdict.FAILED}:
            self._tally.count(outcome.verdict)
            grave = Grave(key, push.recipient.active_since)
            if outcome.reason == NEEDS_RESUBSCRIBE and len(self._misfits) < _MOST_MISFITS:
                self._misfits.append(grave)
            return lambda progress: progress.settle(outcome, host=push.reached, grave=grave)
        attempt = 1 + (origin.attempt if isinstance(origin, Wait) else 0)
        if attempt >= MOST_ATTEMPTS:
            self._tally.count(Verdict.FAILED)
            return lambda progress: progress.count("failed:attempts_exhausted")
        pause = outcome.retry_after_seconds or full_jitter_seconds(attempt, self._ports.chance)
        return self._wait(key, self._now() + timedelta(seconds=pause), attempt=attempt, reason=outcome.reason)

    def _wait(self, key: bytes, until: datetime, *, attempt: int, reason: str) -> Effect:
        if until >= self._run.expires_at:
            return lambda progress: progress.count(EXPIRED)
        self._tally.count(Verdict.LATER)
        wait = Wait.until(until, attempt=attempt, reason=reason)
        return lambda progress: progress.postpone(key, wait)

    def _apply(self, candidate: Candidate, step: _Step | None, effect: Effect) -> None:
        """A key of the range waits for its turn; one that the record already holds leaves its place there."""
        if step is not None and step.effect is None:
            step.effect = effect
            return
        if isinstance(candidate.origin, Wait):
            self._progress.resume(candidate.key, candidate.origin)
        else:
            self._progress.in_doubt.pop(candidate.key, None)
        effect(self._progress)

    def _advance(self) -> None:
        while self._steps and (effect := self._steps[0].effect) is not None:
            step = self._steps.popleft()
            effect(self._progress)
            self._progress.cursor = step.key
            self._stuck -= step.is_settled_push

    def _pass_the_slow(self) -> None:
        """The first in line must not hold up all behind it: the record names it, and the cursor passes."""
        while self._steps and len(self._progress.in_doubt) < MOST_IN_DOUBT:
            step = self._steps[0]
            held = self._held.get(step.key)
            if self._now() - (held or self._flights[step.key]).since < _SILENT:
                return
            if held is None:
                step.effect = partial(_doubt, step.key)
            else:
                self._hand_over(self._held.pop(step.key))
            self._advance()

    def _hand_over(self, held: _Push) -> None:
        self._put_off(held, until=self._now() + _SLOWED, reason="host_slow")

    def _should_save(self) -> bool:
        since = self._now() - self._saved_at
        fresh = self._unstored - self._stuck
        if fresh >= max(1, self._window // 2) or since >= _RENEW:
            return True
        return fresh > 0 and not self._has_room() and since >= _SAVE_AT_LEAST

    async def _save(self) -> None:
        now = self._now()
        if self._batch.owner:
            self._batch.leased_until = now + LEASE
        if not await patiently(self._ports.batches.save, self._run.tenant_id, self._batch):
            raise _Lost
        self._unstored = self._stuck
        self._saved_at = now

    async def _look_around(self) -> None:
        """A pause, a cancel, an operator's stop and a closed host are heard here."""
        run = await patiently(self._ports.runs.get, self._run.tenant_id, self._run.id)
        if run is not None:
            self._run = self._source.run = run
        self._is_stopped = await patiently(self._ports.switch.is_stopped, self._run.tenant_id)
        await self._hosts.listen()
        self._looked_at = self._now()

    async def _close(self) -> None:
        for key, push in self._flights.items():  # the transport has given up on these, too
            self._progress.count("unknown")
            if push.step is not None and push.step.effect is None:
                push.step.effect = partial(_doubt, key)
        for push in self._held.values():
            self._hand_over(push)
        self._advance()
        await self._hosts.tell()
        if self._source.is_empty and self._source.has_read_all and not self._flights:
            self._progress.is_read = True
            self._progress.passes += 1
            await self._bury()
        self._batch.release()
        await self._save()
        with suppress(Unavailable):  # what is not told now, the next batches hear
            await self._hosts.add_up()
            await self._note_misfits()

    async def _note_misfits(self) -> None:
        """Whom only their own visit can mend. Nothing is counted by it, so what a death forgets the next run notes."""
        for misfit in self._misfits:
            await self._ports.audience.note_misfit(
                self._run.tenant_id, self._run.site_id, key=misfit.key, active_since=misfit.active_since
            )

    async def _bury(self) -> None:
        """What was answered is stored first: a successor finds buried rows no more and could not count them."""
        if self._progress.gone:
            await self._save()
        for host in list(self._progress.gone):
            gate, now = self._hosts[host].gate, self._now()
            belief = gate.believes(now=now)
            if belief is None:
                belief = verdict(self._run, self._progress, host)
            if belief:
                await self._bury_all(self._progress.gone[host])
                del self._progress.gone[host]
            elif belief is False:
                self._progress.spare(host)
                if not gate.is_suspected:
                    answers, gone = self._progress.hosts[host]
                    await self._hosts.change(gate.suspected(now=now, answers=answers, gone=gone))

    async def _bury_all(self, graves: Sequence[Grave]) -> None:
        for position, grave in enumerate(graves, start=1):
            await patiently(partial(self._bury_one, grave))
            if position % _GRAVES_PER_SAVE == 0:
                await self._save()

    async def _bury_one(self, grave: Grave) -> None:
        await self._ports.audience.bury(
            self._run.tenant_id,
            self._run.site_id,
            key=grave.key,
            active_since=grave.active_since,
            at=self._now(),
        )


def _leave_out(_progress: Progress) -> None:
    """An ended subscription in the range is no part of the audience."""


def _doubt(key: bytes, progress: Progress) -> None:
    progress.in_doubt[key] = None
