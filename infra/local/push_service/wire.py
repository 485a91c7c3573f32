"""One exchange's way back to the client, and every way of spoiling it. HTTP/2 and HTTP/1.1 bring the primitives."""

from __future__ import annotations

import asyncio
import gzip
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from http import HTTPStatus

from infra.local.push_service.exchange import KEPT_BODY_BYTES, Action, Answer, Reply, Spoiling
from infra.local.push_service.ledger import Ledger

_CHUNK = b"x" * 65_536
_FILLER = b"a body where there was none, so that there is something to spoil"
_BODILESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
_GARBAGE = b"\xff" * 64


class Wire(ABC):
    """Lives from the request's arrival until its answer is out, or never can be: then the ledger hears of the loss."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._reply: Reply | None = None
        self._timers: list[asyncio.TimerHandle] = []
        self.is_open = True
        self.carries_body = True  # not so when HEAD was asked
        self.body = bytearray()
        self.body_size = 0

    def add_body(self, piece: bytes) -> None:
        """The request's, as it arrives: all is counted, not all kept."""
        self.body_size += len(piece)
        if len(self.body) < KEPT_BODY_BYTES:
            self.body += piece[: KEPT_BODY_BYTES - len(self.body)]

    def perform(self, reply: Reply) -> None:
        self._reply = reply
        action, delay_seconds = reply.spoiling.action, reply.spoiling.delay_seconds
        if delay_seconds and action is not Action.DRIP:
            self._later(delay_seconds, partial(self._act, reply))
        else:
            self._act(reply)

    def close(self, *, answered: bool) -> None:
        """Nothing more can be said. Harmless when repeated."""
        if not self.is_open:
            return
        self.is_open = False
        for timer in self._timers:
            timer.cancel()
        record = self._reply.record if self._reply else None
        if not answered and record is not None and record.status is not None:
            self._ledger.mark_lost(record)

    @abstractmethod
    def begin(self, answer: Answer, *, length: int) -> None:
        """Sends status and headers; a body of `length` bytes will follow."""

    @abstractmethod
    def feed(self, chunk: bytes) -> None:
        """Queues a piece of the body; it leaves as fast as the client takes it."""

    @abstractmethod
    def finish(self) -> None:
        """The body is complete: once it has left, close(answered=True)."""

    @abstractmethod
    def flush(self) -> None:
        """Called after a timer has spoken; what is said while requests arrive leaves with the batch."""

    @abstractmethod
    def reset_stream(self, *, refused: bool) -> None: ...

    @abstractmethod
    def reset_connection(self) -> None: ...

    @abstractmethod
    def go_away(self) -> None: ...

    @abstractmethod
    def blurt(self, noise: bytes) -> None:
        """Sends these bytes as they are, under TLS, and ends the connection."""

    def _act(self, reply: Reply) -> None:
        match reply.spoiling.action:
            case Action.HANG:
                pass
            case Action.RESET | Action.LOSE_ANSWER:
                self.reset_connection()
            case Action.RESET_STREAM:
                self.reset_stream(refused=False)
            case Action.REFUSE_STREAM:
                self.reset_stream(refused=True)
            case Action.GOAWAY:
                self.go_away()
            case Action.GARBAGE:
                self.blurt(_GARBAGE)
            case _:
                assert reply.answer is not None, "only the actions above do without"
                self._answer(reply.answer, reply.spoiling)

    def _answer(self, answer: Answer, spoiling: Spoiling) -> None:
        body = answer.body or _FILLER
        bodiless = not self.carries_body or answer.status in _BODILESS
        match None if bodiless else spoiling.action:
            case Action.TRUNCATE:
                self.begin(answer, length=len(body))
                self.feed(body[: len(body) // 2])
                self.reset_stream(refused=False)
            case Action.DRIP:
                self.begin(answer, length=len(body))
                self._drip(body, spoiling.delay_seconds)
            case Action.OVERSIZE:
                self.begin(answer, length=spoiling.size_bytes)
                whole, rest = divmod(spoiling.size_bytes, len(_CHUNK))
                for chunk in [_CHUNK] * whole + [_CHUNK[:rest]]:
                    self.feed(chunk)
                self.finish()
            case Action.BOMB:
                packed = _bomb(spoiling.size_bytes)
                self.begin(replace(answer, headers=(*answer.headers, ("content-encoding", "gzip"))), length=len(packed))
                self.feed(packed)
                self.finish()
            case _:
                body = b"" if bodiless else answer.body
                self.begin(answer, length=len(body))
                self.feed(body)
                self.finish()

    def _drip(self, body: bytes, delay_seconds: float) -> None:
        self.feed(body[:1])
        if len(body) > 1:
            self._later(delay_seconds, partial(self._drip, body[1:], delay_seconds))
        else:
            self.finish()

    def _later(self, seconds: float, then: Callable[[], None]) -> None:
        def act() -> None:
            then()
            self.flush()

        self._timers = [timer for timer in self._timers if timer.when() > asyncio.get_running_loop().time()]
        self._timers.append(asyncio.get_running_loop().call_later(seconds, act))


@cache
def _bomb(size_bytes: int) -> bytes:
    """A thousandth of what it unpacks to."""
    return gzip.compress(bytes(size_bytes), mtime=0)
