"""HTTPS to push services: one thread, pycurl's multi interface, HTTP/2 with many streams on a connection or two.

Nothing is followed, decoded or trusted: no redirects, no cookies, no proxies, of an answer 4 kB and 64 headers, 10 s in
all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import certifi
import pycurl

_CONNECT_MS = 3_000
_TOTAL_MS = 10_000
_LARGEST_ANSWER = 4_096
_MOST_HEADERS = 64
_LONGEST_HEADER = 1_024
_CONNECTIONS_PER_HOST = 2
_STREAMS_PER_CONNECTION = 256  # curl's own limit is 100; the service's holds all the same
_LEAVE_TOGETHER = 32  # a whole window takes 25 ms to encrypt: its first push must not wait for its last
_IDLE_SELECT_SECONDS = 0.05
_CONNECTIONS_KEPT = 32
_FIRST_FINAL_STATUS = 200  # below it a service only says that it is still thinking
_FIRST_WITH_REASONS = 300  # a yes says all with its status, and there are thousands


class Connector(Protocol):
    """How a socket to a push service is opened. Production goes straight there; stand-ins live outside the package."""

    def prepare(self, curl: pycurl.Curl, host: str) -> None:
        """Called once per request, before it starts. Raises Refused for a host that must not be reached."""
        ...


class Refused(Exception):
    """The connector does not lead there."""


class Direct:
    """By the resolver's word. The authorities come along: pycurl's own OpenSSL looks where Lambda has none."""

    def prepare(self, curl: pycurl.Curl, host: str) -> None:  # noqa: ARG002 -- all hosts alike
        curl.setopt(pycurl.CONNECT_TO, [])  # handles are used again, perhaps after another connector
        curl.setopt(pycurl.CAINFO, certifi.where())


@dataclass(slots=True)
class Reply:
    """`status` 0 means no answer; `left` says whether the whole request may have reached the service. A yes comes
    without its headers.
    """

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    left: bool = True


class _Exchange:
    """One reusable handle and what came back on it."""

    __slots__ = ("body", "curl", "lines", "size", "ticket", "unsent")

    def __init__(self) -> None:
        self.curl = pycurl.Curl()
        self.ticket = b""
        self.lines: list[bytes] = []
        self.body = self.unsent = b""
        self.size = 0
        for option, value in (
            (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS),
            (pycurl.PIPEWAIT, 1),
            (pycurl.PROTOCOLS, pycurl.PROTO_HTTPS),
            (pycurl.FOLLOWLOCATION, 0),
            (pycurl.PROXY, ""),
            (pycurl.NOSIGNAL, 1),
            (pycurl.CONNECTTIMEOUT_MS, _CONNECT_MS),
            (pycurl.TIMEOUT_MS, _TOTAL_MS),
            (pycurl.POST, 1),
            (pycurl.READFUNCTION, self._give),
            (pycurl.HEADERFUNCTION, self._take_header),
            (pycurl.WRITEFUNCTION, self._take_body),
        ):
            self.curl.setopt(option, value)

    def begin(self, ticket: bytes, url: str, headers: Sequence[str], body: bytes) -> None:
        self.ticket, self.unsent, self.body = ticket, body, b""
        self.lines.clear()
        self.curl.setopt(pycurl.URL, url)
        self.curl.setopt(pycurl.HTTPHEADER, headers)
        self.size = len(body)
        self.curl.setopt(pycurl.POSTFIELDSIZE, self.size)

    def reply(self) -> Reply:
        """The status decides, also when the rest of the answer is too long, too slow or cut off."""
        status = int(self.curl.getinfo(pycurl.RESPONSE_CODE))
        if status >= _FIRST_FINAL_STATUS:
            headers = _read(self.lines) if status >= _FIRST_WITH_REASONS else {}
            return Reply(status, headers, self.body)
        return Reply(0, left=self.curl.getinfo(pycurl.SIZE_UPLOAD_T) >= self.size)

    def _give(self, size: int) -> bytes:
        """Once only. A body that curl could rewind it would send again by itself when an answer is lost on a warm
        connection, and nobody would count the doubt.
        """
        piece, self.unsent = self.unsent[:size], self.unsent[size:]
        return piece

    def _take_header(self, line: bytes) -> None:
        """What there is no room for passes by: the status counts. With each status line an answer begins anew."""
        if line.startswith(b"HTTP/"):
            self.lines.clear()
        if len(line) <= _LONGEST_HEADER and len(self.lines) < _MOST_HEADERS:
            self.lines.append(line)

    def _take_body(self, chunk: bytes) -> int:
        room = _LARGEST_ANSWER - len(self.body)
        self.body += chunk[:room]
        return len(chunk) if len(chunk) <= room else 0  # fewer than given: curl stops reading


class Transport:
    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_PIPELINING, pycurl.PIPE_MULTIPLEX)
        self._multi.setopt(pycurl.M_MAX_HOST_CONNECTIONS, _CONNECTIONS_PER_HOST)
        self._multi.setopt(pycurl.M_MAXCONNECTS, _CONNECTIONS_KEPT)
        self._multi.setopt(pycurl.M_MAX_CONCURRENT_STREAMS, _STREAMS_PER_CONNECTION)
        self._idle: list[_Exchange] = []
        self._busy: dict[pycurl.Curl, _Exchange] = {}
        self._fresh = 0  # put under way, but curl has not been told to go on

    def start(self, ticket: bytes, *, url: str, host: str, headers: Sequence[str], body: bytes) -> None:
        exchange = self._idle.pop() if self._idle else _Exchange()
        exchange.begin(ticket, url, headers, body)
        try:
            self._connector.prepare(exchange.curl, host)
        except Refused:
            self._idle.append(exchange)
            raise
        self._busy[exchange.curl] = exchange
        self._multi.add_handle(exchange.curl)
        self._fresh += 1
        if self._fresh >= _LEAVE_TOGETHER:
            self._perform()

    def replies(self, wait_seconds: float) -> list[tuple[bytes, Reply]]:
        """What has come back; waits up to `wait_seconds` for the first."""
        self._perform()
        found = self._finished()
        if found or not self._busy or wait_seconds <= 0:
            return found
        while wait_seconds > 0 and not found:
            turn = min(wait_seconds, _IDLE_SELECT_SECONDS)
            self._multi.select(turn)
            self._perform()
            found = self._finished()
            wait_seconds -= turn
        return found

    def abandon(self) -> None:
        """Forgets what is under way; whether it arrived nobody knows. The handles serve again."""
        for curl in list(self._busy):
            self._release(curl)
        self._fresh = 0

    def close(self) -> None:
        self.abandon()
        for exchange in self._idle:
            exchange.curl.close()
        self._idle.clear()
        self._multi.close()

    def _perform(self) -> None:
        self._multi.perform()
        self._fresh = 0

    def _finished(self) -> list[tuple[bytes, Reply]]:
        found: list[tuple[bytes, Reply]] = []
        more = 1
        while more:
            more, succeeded, failed = self._multi.info_read()
            found += [self._take(curl) for curl in [*succeeded, *(curl for curl, _, _ in failed)]]
        return found

    def _take(self, curl: pycurl.Curl) -> tuple[bytes, Reply]:
        reply = self._busy[curl].reply()
        return self._release(curl).ticket, reply

    def _release(self, curl: pycurl.Curl) -> _Exchange:
        exchange = self._busy.pop(curl)
        self._multi.remove_handle(curl)
        self._idle.append(exchange)
        return exchange


def _read(lines: list[bytes]) -> dict[str, str]:
    """What came with an interim answer is not this one's."""
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.decode("latin-1").partition(":")
        if line.startswith(b"HTTP/"):
            headers = {}
        elif colon:
            headers[name.strip().lower()] = value.strip()
    return headers
