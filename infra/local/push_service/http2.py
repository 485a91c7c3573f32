"""HTTP/2 over a connection: many requests at once, answers under flow control. `h2` keeps the protocol's books."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache, partial
from typing import Any

import hpack.hpack
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    PingAckReceived,
    RemoteSettingsChanged,
    RequestReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings
from hpack import HeaderTuple, NeverIndexedHeaderTuple
from hpack.huffman_table import decode_huffman

from infra.local.push_service.connection import Connection
from infra.local.push_service.desk import Desk
from infra.local.push_service.exchange import Answer, Request, headers_of
from infra.local.push_service.wire import Wire

_CONNECTION_WINDOW_BYTES = 2**24  # 256 streams with the largest message each, sixteen times over
_LONGEST_HEADERS_BYTES = 65_536
_LAST_PING = b"got that"
_LAST_ROUNDS, _ROUND_SECONDS, _PATIENCE_SECONDS = 5, 0.01, 2.0

# A sender repeats one Authorization value of several hundred characters, and decoding its Huffman code in Python costs
# as much as the rest of a request. Decoding is a pure function: remembering it changes nothing but the time.
vars(hpack.hpack)["decode_huffman"] = lru_cache(maxsize=2048)(decode_huffman)

# Judging every header's every character is a third of h2's work on a request and no push service's concern: a client's
# odd header is simply not the one the checks look for. What we say ourselves is in lower case and sound.
_CONFIGURATION = H2Configuration(
    client_side=False,
    header_encoding=None,
    validate_inbound_headers=False,
    normalize_inbound_headers=False,
    validate_outbound_headers=False,
    normalize_outbound_headers=False,
)
# Never the same twice: kept out of the compression table, which they would only churn.
_UNIQUE_HEADERS = frozenset({"location", "apns-id", "x-wns-msg-id"})


class Http2:
    """One connection's streams."""

    def __init__(self, connection: Connection, desk: Desk, *, max_concurrent_streams: int) -> None:
        self.connection = connection
        self.desk = desk
        self.h2 = H2Connection(_CONFIGURATION)
        self.h2.local_settings = _Announced(max_concurrent_streams)
        self._max_concurrent_streams = max_concurrent_streams
        self._streams: dict[int, _Stream] = {}
        self._last_act: Callable[[], None] | None = None
        self._rounds_left = _LAST_ROUNDS
        self._takers: dict[type, Any] = {
            RequestReceived: self._take_request,
            DataReceived: self._take_body,
            StreamEnded: self._take_end,
            StreamReset: self._take_reset,
            WindowUpdated: self._take_window,
            RemoteSettingsChanged: self._take_settings,
            ConnectionTerminated: self._take_goodbye,
            PingAckReceived: self._take_ping_ack,
        }

    def start(self) -> None:
        self.h2.initiate_connection()
        self.h2.increment_flow_control_window(_CONNECTION_WINDOW_BYTES)
        self.flush()

    def receive(self, received: bytes) -> None:
        try:
            events = self.h2.receive_data(received)
        except ProtocolError:
            self.flush()  # GOAWAY with the reason
            self.connection.close()
            return
        for event in events:
            if self.is_doomed and type(event) is not PingAckReceived:
                continue  # a rule has cut the connection: what came after that was never here
            taker = self._takers.get(type(event))
            if taker is not None:
                taker(event)
        self.flush()

    @property
    def is_doomed(self) -> bool:
        return self._last_act is not None or not self.connection.is_open

    def end_with(self, last_act: Callable[[], None]) -> None:
        """Cuts the connection by that act, but only once the client has read all that was answered before.

        A client that meets a broken socket throws away the answers it has received and not yet looked at, and the
        ledger would call them delivered. So it is pinged a few times: an answer means that it has parsed what came
        before, several in a row that its loop has been round since.
        """
        if self.is_doomed:
            return
        self._last_act = last_act
        self.end()
        self._ping()
        asyncio.get_running_loop().call_later(_PATIENCE_SECONDS, self._act)

    def resume(self) -> None:
        for stream in list(self._streams.values()):
            stream.pump()
        self.flush()

    def end(self) -> None:
        for stream in list(self._streams.values()):
            stream.close(answered=False)
        self._streams.clear()

    def flush(self) -> None:
        self.connection.send(self.h2.data_to_send())

    def forget(self, stream_id: int) -> None:
        self._streams.pop(stream_id, None)

    def _take_request(self, event: RequestReceived) -> None:
        assert event.stream_id is not None
        if len(self._streams) >= self._max_concurrent_streams:
            with suppress(ProtocolError):  # it has just been taken back
                self.h2.reset_stream(event.stream_id, ErrorCodes.REFUSED_STREAM)
            return
        self._streams[event.stream_id] = _Stream(self, event.stream_id, event.headers or [])

    def _take_body(self, event: DataReceived) -> None:
        assert event.stream_id is not None
        self.h2.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id)
        if event.stream_id in self._streams:
            self._streams[event.stream_id].add_body(event.data or b"")

    def _take_end(self, event: StreamEnded) -> None:
        stream = self._streams.get(event.stream_id or 0)
        if stream is not None:
            stream.perform(self.desk.receive(stream.request()))

    def _take_reset(self, event: StreamReset) -> None:
        stream = self._streams.pop(event.stream_id or 0, None)
        if stream is not None:
            stream.close(answered=False)

    def _take_window(self, event: WindowUpdated) -> None:
        streams = [self._streams.get(event.stream_id)] if event.stream_id else list(self._streams.values())
        for stream in streams:
            if stream is not None:
                stream.pump()

    def _take_settings(self, _: RemoteSettingsChanged) -> None:
        for stream in list(self._streams.values()):
            stream.pump()

    def _take_ping_ack(self, event: PingAckReceived) -> None:
        if event.ping_data == _LAST_PING:
            self._rounds_left -= 1
            asyncio.get_running_loop().call_later(_ROUND_SECONDS, self._ping if self._rounds_left else self._act)

    def _ping(self) -> None:
        if self.connection.is_open:
            with suppress(ProtocolError):  # the client has just said goodbye
                self.h2.ping(_LAST_PING)
            self.flush()

    def _act(self) -> None:
        if self._last_act is not None and self.connection.is_open:
            self._last_act()

    def _take_goodbye(self, _: ConnectionTerminated) -> None:
        self.connection.close()


class _Announced(Settings):
    """What the client is told. A stream too many is refused above, as real services do; h2 would end the connection."""

    def __init__(self, max_concurrent_streams: int) -> None:
        super().__init__(
            client=False,
            initial_values={
                SettingCodes.MAX_CONCURRENT_STREAMS: max_concurrent_streams,
                SettingCodes.MAX_HEADER_LIST_SIZE: _LONGEST_HEADERS_BYTES,
            },
        )

    @property
    def max_concurrent_streams(self) -> int:
        return 2**31 - 1

    @max_concurrent_streams.setter
    def max_concurrent_streams(self, value: int) -> None:
        self[SettingCodes.MAX_CONCURRENT_STREAMS] = value


class _Stream(Wire):
    def __init__(self, session: Http2, stream_id: int, headers: list[tuple[bytes, bytes]]) -> None:
        super().__init__(session.desk.ledger)
        self._session = session
        self._id = stream_id
        self._headers = headers
        self._pending: deque[memoryview] = deque()
        self._is_complete = False

    def request(self) -> Request:
        headers = headers_of(self._headers)
        authority = headers.get(":authority") or headers.get("host", "")
        self.carries_body = headers.get(":method") != "HEAD"
        return Request(
            method=headers.get(":method", ""),
            authority=authority.lower().removesuffix(":443"),
            path=headers.get(":path", ""),
            headers=headers,
            body=bytes(self.body),
            body_size=self.body_size,
            protocol="h2",
        )

    def begin(self, answer: Answer, *, length: int) -> None:
        headers = [(b":status", b"%d" % answer.status), (b"content-length", b"%d" % length)]
        headers += [_header(name, value) for name, value in answer.headers]
        is_all = length == 0
        if self._attempt(partial(self._session.h2.send_headers, self._id, headers, end_stream=is_all)) and is_all:
            self._leave(answered=True)

    def feed(self, chunk: bytes) -> None:
        if self.is_open and chunk:
            self._pending.append(memoryview(chunk))
            self.pump()

    def finish(self) -> None:
        self._is_complete = True
        self.pump()

    def pump(self) -> None:
        """Sends what windows and socket allow."""
        self._attempt(self._pump)

    def _pump(self) -> None:
        """Full frames are flushed one by one, so that a slow reader is noticed."""
        session = self._session
        while self.is_open and self._pending and not session.connection.is_congested:
            window = min(session.h2.local_flow_control_window(self._id), session.h2.max_outbound_frame_size)
            if window <= 0:
                return
            piece = self._pending[0][:window]
            session.h2.send_data(self._id, piece.tobytes())
            self._pending[0] = self._pending[0][len(piece) :]
            if not self._pending[0]:
                self._pending.popleft()
            if len(piece) == window:
                session.flush()
        if self.is_open and self._is_complete and not self._pending:
            session.h2.end_stream(self._id)
            self._leave(answered=True)

    def flush(self) -> None:
        self._session.flush()

    def reset_stream(self, *, refused: bool) -> None:
        code = ErrorCodes.REFUSED_STREAM if refused else ErrorCodes.INTERNAL_ERROR
        self._attempt(partial(self._session.h2.reset_stream, self._id, code))
        self._leave(answered=False)

    def reset_connection(self) -> None:
        self._session.end_with(self._session.connection.reset)

    def go_away(self) -> None:
        self._session.end_with(self._refuse_from_here)

    def blurt(self, noise: bytes) -> None:
        self._session.end_with(partial(self._say_noise, noise))

    def _refuse_from_here(self) -> None:
        self._session.h2.close_connection(last_stream_id=max(self._id - 2, 0))
        self._session.flush()
        self._session.connection.close()

    def _say_noise(self, noise: bytes) -> None:
        self._session.connection.send(noise)
        self._session.connection.close()

    def _attempt(self, speak: Callable[[], None]) -> bool:
        """False when nobody listens: the client may take back stream or connection in the breath that it asks in."""
        try:
            speak()
        except ProtocolError:
            self._leave(answered=False)
            return False
        return True

    def _leave(self, *, answered: bool) -> None:
        self.close(answered=answered)
        self._session.forget(self._id)


def _header(name: str, value: str) -> tuple[bytes, bytes]:
    header = NeverIndexedHeaderTuple if name in _UNIQUE_HEADERS else HeaderTuple
    return header(name.encode(), value.encode())
