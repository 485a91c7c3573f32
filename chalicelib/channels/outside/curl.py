"""The guarded way out to addresses that tenants name: looked up once, every address judged, only those connected to.

Two locks, either of which would do: curl is given the judged addresses and asks no resolver, and each socket that it
wants is judged again by the address it would really go to.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, ip_address
from typing import Any, Protocol

import certifi
import pycurl

from chalicelib.channels.outside.dns import SystemResolver
from chalicelib.core.addresses import Address, is_public
from chalicelib.core.outside import HTTPS, PATIENCE_SECONDS, Found, Reason, Reply, Target, Unreached, parse

_SHARE_OF_RESOLVER = 0.3  # of the patience: what is left is curl's, and no clock needs asking
_CONNECT_MS = 3_000
_MOST_ADDRESSES = 8
_LARGEST_HEADERS = 16 * 1024
_OK = 200
_AGENT = "PushSaaS"
_REASONS: dict[int | str, Reason] = {
    pycurl.E_OPERATION_TIMEDOUT: Reason.TOO_SLOW,
    pycurl.E_PEER_FAILED_VERIFICATION: Reason.UNTRUSTED,
    pycurl.E_WRITE_ERROR: Reason.TOO_LARGE,  # we took no more of it: of headers, here
}


class Resolver(Protocol):
    def addresses(self, host: str, *, within_seconds: float) -> Sequence[str]:
        """All that the name has; none when nobody knows it. Raises Unreached when it takes too long."""
        ...


def open_socket(place: Any) -> socket.socket:
    """`place` is curl's word for where it would connect to, which it does by itself afterwards."""
    return socket.socket(place.family, place.socktype, place.protocol)


@dataclass(frozen=True)
class Way:
    """How the outside is reached. No setting leads elsewhere: stand-ins are handed in, by code that does not ship."""

    resolver: Resolver = field(default_factory=SystemResolver)
    admits: Callable[[Address], bool] = is_public
    ca_path: str = field(default_factory=certifi.where)
    open: Callable[[Any], socket.socket] = open_socket


class Sockets:
    """The second lock: curl's sockets go to the judged addresses and to this port, or nowhere."""

    def __init__(self, way: Way, addresses: Sequence[Address], port: int) -> None:
        self._way = way
        self._addresses = addresses
        self._port = port
        self._opened: list[socket.socket] = []

    def open(self, _purpose: int, place: Any) -> socket.socket | int:
        address = ip_address(place.addr[0])
        if address not in self._addresses or place.addr[1] != self._port or not self._way.admits(address):
            return pycurl.SOCKET_BAD
        self._opened.append(self._way.open(place))
        return self._opened[-1]

    def close(self) -> None:
        """What curl has is a copy."""
        for each in self._opened:
            each.close()


class Curl:
    """`core.outside.Outside`. Each call has a handle of its own: nothing of one tenant's is there for another's."""

    def __init__(self, way: Way) -> None:
        self._way = way

    def fetch(
        self,
        url: str,
        *,
        kinds: frozenset[str],
        limit_bytes: int,
        ports: frozenset[int] = HTTPS,
        within_seconds: float = PATIENCE_SECONDS,
    ) -> Found:
        target, exchange = parse(url, ports=ports), _Exchange(limit_bytes)
        status = self._perform(exchange, target, {"Accept": ", ".join(sorted(kinds))}, within_seconds)
        if status != _OK:
            raise Unreached(Reason.STATUS, status=status)
        if exchange.kind not in kinds:
            raise Unreached(Reason.KIND, status=status)
        if exchange.is_packed:
            raise Unreached(Reason.PACKED, status=status)
        if exchange.is_cut:
            raise Unreached(Reason.TOO_LARGE, status=status)
        return Found(exchange.kind, bytes(exchange.body))

    def look(
        self,
        url: str,
        *,
        accept: str,
        headers: frozenset[str],
        limit_bytes: int,
        ports: frozenset[int] = HTTPS,
        within_seconds: float = PATIENCE_SECONDS,
    ) -> Reply:
        target, exchange = parse(url, ports=ports), _Exchange(limit_bytes, kept=headers)
        status = self._perform(exchange, target, {"Accept": accept}, within_seconds)
        return exchange.reply(status)

    def post(
        self,
        url: str,
        *,
        body: bytes,
        headers: Mapping[str, str],
        limit_bytes: int,
        ports: frozenset[int] = HTTPS,
        within_seconds: float = PATIENCE_SECONDS,
    ) -> Reply:
        target, exchange = parse(url, ports=ports), _Exchange(limit_bytes)
        exchange.curl.setopt(pycurl.POSTFIELDS, body)
        status = self._perform(exchange, target, {**headers, "Expect": ""}, within_seconds)
        return exchange.reply(status)

    def _perform(self, exchange: _Exchange, target: Target, headers: Mapping[str, str], within_seconds: float) -> int:
        try:
            addresses = self._judged(target.host, within_seconds * _SHARE_OF_RESOLVER)
            exchange.lead(target, addresses, self._way)
            exchange.curl.setopt(pycurl.HTTPHEADER, _lines(headers))
            exchange.curl.setopt(pycurl.TIMEOUT_MS, max(1, int(within_seconds * (1 - _SHARE_OF_RESOLVER) * 1_000)))
            return exchange.run()
        finally:
            exchange.close()

    def _judged(self, host: str, within_seconds: float) -> list[Address]:
        """All or nothing: a name with one foot in a network that is not the public one is not asked at all."""
        found = [ip_address(text) for text in self._way.resolver.addresses(host, within_seconds=within_seconds)]
        if not found:
            raise Unreached(Reason.UNKNOWN)
        if not all(map(self._way.admits, found)):
            raise Unreached(Reason.NOT_PUBLIC)
        return found[:_MOST_ADDRESSES]


class _Exchange:
    """One request, and what comes back of it: never more than `limit_bytes`, counted as they come in."""

    def __init__(self, limit_bytes: int, *, kept: frozenset[str] = frozenset()) -> None:
        self.curl = pycurl.Curl()
        self.headers: dict[str, tuple[str, ...]] = {}
        self.kind = ""
        self.body = bytearray()
        self.is_cut = False
        self.is_packed = False
        self._kept = kept
        self._limit_bytes = limit_bytes
        self._room_for_headers = _LARGEST_HEADERS
        self._sockets: Sockets | None = None

    def lead(self, target: Target, addresses: Sequence[Address], way: Way) -> None:
        spelled = ",".join(str(each) if isinstance(each, IPv4Address) else f"[{each}]" for each in addresses)
        self._sockets = Sockets(way, addresses, target.port)
        for option, value in (
            (pycurl.URL, target.url),
            (pycurl.PATH_AS_IS, 1),
            (pycurl.RESOLVE, [f"{target.host}:{target.port}:{spelled}"]),
            (pycurl.OPENSOCKETFUNCTION, self._sockets.open),
            (pycurl.CAINFO, way.ca_path),
            *_ALWAYS,
            (pycurl.HEADERFUNCTION, self._take_header),
            (pycurl.WRITEFUNCTION, self._take_body),
        ):
            self.curl.setopt(option, value)

    def run(self) -> int:
        try:
            self.curl.perform()
        except pycurl.error as error:
            if not self.is_cut:
                raise Unreached(_REASONS.get(error.args[0], Reason.UNREACHABLE)) from None
        said: bytes = self.curl.getinfo_raw(pycurl.CONTENT_TYPE) or b""  # anything: it need not be text
        self.kind = said.decode("latin-1").partition(";")[0].strip().lower()
        return int(self.curl.getinfo(pycurl.RESPONSE_CODE))

    def reply(self, status: int) -> Reply:
        body, is_whole = (b"", False) if self.is_packed else (bytes(self.body), not self.is_cut)
        return Reply(status, self.kind, body, is_whole, self.headers)

    def close(self) -> None:
        self.curl.close()
        if self._sockets is not None:
            self._sockets.close()

    def _take_header(self, line: bytes) -> int:
        self._room_for_headers -= len(line)
        if line.startswith(b"HTTP/"):  # what came with an interim answer is not this one's
            self.is_packed, self.headers = False, {}
        else:
            name, _, value = line.decode("latin-1").partition(":")
            self._note(name.strip().lower(), value.strip())
        return len(line) if self._room_for_headers >= 0 else 0  # fewer than given: curl stops reading

    def _note(self, name: str, value: str) -> None:
        if name == "content-encoding" and value.lower() not in {"", "identity"}:
            self.is_packed = True
        if name in self._kept:
            self.headers[name] = (*self.headers.get(name, ()), value)

    def _take_body(self, chunk: bytes) -> int:
        room = self._limit_bytes - len(self.body)
        self.body += chunk[:room]
        self.is_cut = len(chunk) > room
        return 0 if self.is_cut else len(chunk)


_ALWAYS = (
    (pycurl.PROTOCOLS, pycurl.PROTO_HTTPS),
    (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1),
    (pycurl.SSLVERSION, pycurl.SSLVERSION_TLSv1_2),  # or newer
    (pycurl.SSL_VERIFYPEER, 1),
    (pycurl.SSL_VERIFYHOST, 2),
    (pycurl.FOLLOWLOCATION, 0),
    (pycurl.PROXY, ""),  # and none that the environment names
    (pycurl.NOSIGNAL, 1),
    (pycurl.CONNECTTIMEOUT_MS, _CONNECT_MS),
)


def _lines(headers: Mapping[str, str]) -> list[str]:
    """Nothing that is unpacked is counted before it is there: so nothing is asked for packed, nor unpacked."""
    sent = {**headers, "Accept-Encoding": "identity", "User-Agent": _AGENT}
    if any(ord(letter) < ord(" ") for name, value in sent.items() for letter in name + value):
        raise ValueError("a header of one line only")
    return [f"{name}: {value}" if value else f"{name}:" for name, value in sent.items()]
