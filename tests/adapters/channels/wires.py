"""Transports for tests: connectors that are led to the stand-in and impatient, and a way to post and wait."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pycurl

from chalicelib.channels.webpush.transport import Connector, Reply, Transport
from infra.local.push_service.service import PushService
from tests.adapters.push_service.sender import Sender

H2, H1 = pycurl.CURL_HTTP_VERSION_2TLS, pycurl.CURL_HTTP_VERSION_1_1
SENDER = Sender()
_PATIENCE_SECONDS = 15.0


@dataclass(frozen=True)
class Led:
    """Where `connector` leads, in this version of HTTP, with less patience than the product has."""

    connector: Connector
    version: int = H2
    timeout_ms: int = 5_000
    connect_ms: int = 2_000
    also: Callable[[pycurl.Curl], object] = lambda _curl: None

    def prepare(self, curl: pycurl.Curl, host: str) -> None:
        self.connector.prepare(curl, host)
        curl.setopt(pycurl.HTTP_VERSION, self.version)
        curl.setopt(pycurl.TIMEOUT_MS, self.timeout_ms)
        curl.setopt(pycurl.CONNECTTIMEOUT_MS, self.connect_ms)
        self.also(curl)


@dataclass
class Wires:
    opened: list[Transport] = field(default_factory=list)

    def to(self, connector: Connector) -> Transport:
        self.opened.append(Transport(connector))
        return self.opened[-1]

    def close(self) -> None:
        for transport in self.opened:
            transport.close()


def begin(transport: Transport, service: PushService, *, ticket: bytes = b"1", host: str | None = None) -> str:
    """One sound message to a new browser; returns its endpoint."""
    browser = service.subscribe() if host is None else service.subscribe(host=host)
    url: str = browser["endpoint"]
    headers = ["Content-Type: application/octet-stream", "Expect:", *SENDER.headers(url)]
    body = SENDER.encrypt(b"hello", browser)
    transport.start(ticket, url=url, host=url.split("/")[2], headers=headers, body=body)
    return url


def wait_for(transport: Transport, count: int = 1) -> dict[bytes, Reply]:
    found: dict[bytes, Reply] = {}
    waited = 0.0
    while len(found) < count and waited < _PATIENCE_SECONDS:
        found |= dict(transport.replies(0.5))
        waited += 0.5
    assert len(found) == count, f"{len(found)} of {count} came back"
    return found


def exchange(transport: Transport, service: PushService, *, host: str | None = None) -> Reply:
    begin(transport, service, host=host)
    return wait_for(transport)[b"1"]
