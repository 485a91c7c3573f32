"""One TCP connection: TLS in memory, ALPN, then HTTP/2 or HTTP/1.1. The server makes one per client.

TLS is driven here rather than by asyncio because misbehaving needs the socket itself: a reset is a reset, and a server
that stops must be able to cut a connection that is still shaking hands.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol, cast

_READ_BYTES = 65_536
_HANDSHAKE_SECONDS = 10.0
_LINGER_SECONDS = 1.0
_DRAIN_LOOKS, _DRAIN_LOOK_SECONDS = 200, 0.01
_NO_LINGER = struct.pack("ii", 1, 0)  # l_onoff, l_linger: closing sends RST


class Session(Protocol):
    """What HTTP does with the decrypted bytes."""

    def start(self) -> None: ...

    def receive(self, received: bytes) -> None: ...

    def resume(self) -> None:
        """The client reads again: go on with what was held back."""
        ...

    def end(self) -> None:
        """The connection is gone."""
        ...


class Connection(asyncio.Protocol):
    """Asyncio calls the first five; the session the rest."""

    def __init__(
        self,
        tls: ssl.SSLContext,
        open_session: Callable[[Connection, str | None], Session],
        forget: Callable[[Connection], None],
    ) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = tls.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._open_session = open_session
        self._forget = forget
        self._session: Session | None = None
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.is_congested = False
        self.is_open = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._in(_HANDSHAKE_SECONDS, self.abort)

    def data_received(self, received: bytes) -> None:
        if not self.is_open:
            return
        self._incoming.write(received)
        try:
            if self._session is None and not self._shake_hands():
                return
            self._read()
        except ssl.SSLError:
            self._flush()  # the alert that says why
            self.close()

    def pause_writing(self) -> None:
        self.is_congested = True

    def resume_writing(self) -> None:
        self.is_congested = False
        if self._session is not None and self.is_open:
            self._session.resume()

    def connection_lost(self, _: Exception | None) -> None:
        self.is_open = False
        self._clear_timer()
        self._end_session()
        self._forget(self)

    def send(self, plain: bytes) -> None:
        if plain and self.is_open:
            sent = 0
            while sent < len(plain):
                sent += self._tls.write(memoryview(plain)[sent:])
            self._flush()

    def close(self) -> None:
        """Politely: TLS and TCP say goodbye. What the client still sends is taken, or TCP would reset our last word."""
        if self.is_open and self._transport is not None:
            self.is_open = False
            self._end_session()
            self._say_goodbye()
            self._in(_LINGER_SECONDS, self._transport.close)
            self._end_writing(self._transport)

    def reset(self) -> None:
        """Rudely, by TCP RST, but true to the ledger: what was sent before is with the kernel first, so it arrives."""
        self.is_open = False
        self._end_session()
        self._abort_once_drained(_DRAIN_LOOKS)

    def abort(self) -> None:
        """At once, whatever is still on its way."""
        self.is_open = False
        if self._transport is None:
            return
        raw: socket.socket | None = self._transport.get_extra_info("socket")
        if raw is not None and raw.fileno() != -1:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self._transport.abort()

    def _abort_once_drained(self, looks: int) -> None:
        if looks and self._transport is not None and self._transport.get_write_buffer_size():
            asyncio.get_running_loop().call_later(_DRAIN_LOOK_SECONDS, self._abort_once_drained, looks - 1)
        else:
            self.abort()

    def _end_session(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.end()

    def _in(self, seconds: float, then: Callable[[], None]) -> None:
        self._clear_timer()
        self._timer = asyncio.get_running_loop().call_later(seconds, then)

    def _clear_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _shake_hands(self) -> bool:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        finally:
            self._flush()
        self._clear_timer()
        self._session = self._open_session(self, self._tls.selected_alpn_protocol())
        self._session.start()
        return True

    def _read(self) -> None:
        chunks: list[bytes] = []
        ended = False
        try:
            while chunk := self._tls.read(_READ_BYTES):
                chunks.append(chunk)
            ended = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            ended = True
        if chunks and self._session is not None and self.is_open:
            self._session.receive(b"".join(chunks))
        self._flush()  # TLS may have something to say of its own
        if ended:
            self.close()

    def _say_goodbye(self) -> None:
        with suppress(ssl.SSLError):  # the client has not said goodbye itself yet, and need not
            self._tls.unwrap()
        self._flush()

    @staticmethod
    def _end_writing(transport: asyncio.Transport) -> None:
        if not transport.is_closing():
            try:
                transport.write_eof()
            except OSError:  # the client was quicker
                transport.abort()

    def _flush(self) -> None:
        if self._outgoing.pending and self._transport is not None and not self._transport.is_closing():
            self._transport.write(self._outgoing.read())
