"""HTTP/1.1 over a connection: one request at a time, kept alive, for those who speak no HTTP/2. `h11` parses."""

from __future__ import annotations

from collections import deque

import h11

from infra.local.push_service.connection import Connection
from infra.local.push_service.desk import Desk
from infra.local.push_service.exchange import Answer, Request, headers_of
from infra.local.push_service.wire import Wire

_LONGEST_HEADERS_BYTES = 65_536


class Http1:
    """One connection's requests, in turn."""

    def __init__(self, connection: Connection, desk: Desk) -> None:
        self.connection = connection
        self.desk = desk
        self.h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=_LONGEST_HEADERS_BYTES)
        self._turn: _Turn | None = None

    def start(self) -> None:
        """The client speaks first."""

    def receive(self, received: bytes) -> None:
        self.h11.receive_data(received)
        self.go_on()

    def resume(self) -> None:
        if self._turn is not None:
            self._turn.pump()
        self.go_on()

    def end(self) -> None:
        if self._turn is not None:
            self._turn.close(answered=False)

    def go_on(self) -> None:
        """Takes events until more bytes, or the present answer, are needed."""
        try:
            while self.connection.is_open:
                event = self.h11.next_event()
                if event is h11.NEED_DATA or event is h11.PAUSED:
                    return
                self._take(event)
        except h11.RemoteProtocolError as error:
            self._protest(error)

    def next_turn(self) -> None:
        self._turn = None
        if self.h11.our_state is h11.DONE and self.h11.their_state is h11.DONE:
            self.h11.start_next_cycle()
        else:
            self.connection.close()

    def _take(self, event: h11.Event | type[h11.NEED_DATA | h11.PAUSED]) -> None:
        if isinstance(event, h11.Request):
            self._turn = _Turn(self, event)
            if self.h11.they_are_waiting_for_100_continue:
                self.connection.send(self.h11.send(h11.InformationalResponse(status_code=100, headers=[])) or b"")
        elif isinstance(event, h11.Data) and self._turn is not None:
            self._turn.add_body(bytes(event.data))
        elif isinstance(event, h11.EndOfMessage) and self._turn is not None:
            self._turn.perform(self.desk.receive(self._turn.request()))
        elif isinstance(event, h11.ConnectionClosed):
            self.connection.close()

    def _protest(self, error: h11.RemoteProtocolError) -> None:
        if self.h11.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            head = h11.Response(status_code=error.error_status_hint, headers=[("connection", "close")])
            self.connection.send((self.h11.send(head) or b"") + (self.h11.send(h11.EndOfMessage()) or b""))
        self.connection.close()


class _Turn(Wire):
    def __init__(self, session: Http1, head: h11.Request) -> None:
        super().__init__(session.desk.ledger)
        self._session = session
        self._head = head
        self._pending: deque[bytes] = deque()
        self.carries_body = head.method != b"HEAD"
        self._is_complete = False

    def request(self) -> Request:
        headers = headers_of(self._head.headers)
        return Request(
            method=self._head.method.decode("latin-1"),
            authority=headers.get("host", "").lower().removesuffix(":443"),
            path=self._head.target.decode("latin-1"),
            headers=headers,
            body=bytes(self.body),
            body_size=self.body_size,
            protocol="http/1.1",
        )

    def begin(self, answer: Answer, *, length: int) -> None:
        headers = [*answer.headers, ("content-length", str(length))]
        self._send(h11.Response(status_code=answer.status, headers=headers))

    def feed(self, chunk: bytes) -> None:
        if self.is_open and chunk:
            self._pending.append(chunk)
            self.pump()

    def finish(self) -> None:
        self._is_complete = True
        self.pump()

    def pump(self) -> None:
        while self.is_open and self._pending and not self._session.connection.is_congested:
            self._send(h11.Data(data=self._pending.popleft()))
        if self.is_open and self._is_complete and not self._pending:
            self._send(h11.EndOfMessage())
            self.close(answered=True)
            self._session.next_turn()

    def flush(self) -> None:
        """All is sent at once; but a late answer may have kept the next request waiting."""
        if not self.is_open:
            self._session.go_on()

    def reset_stream(self, *, refused: bool) -> None:  # noqa: ARG002 -- a connection is the only stream there is
        self.reset_connection()

    def reset_connection(self) -> None:
        self._session.connection.reset()

    def go_away(self) -> None:
        self._session.connection.close()

    def blurt(self, noise: bytes) -> None:
        self._session.connection.send(noise)
        self._session.connection.close()

    def _send(self, event: h11.Event) -> None:
        self._session.connection.send(self._session.h11.send(event) or b"")
