"""No test reaches a real push service: not by default, not through a stand-in, not by a host that nobody thought of."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

import pycurl
import pytest

from chalicelib.channels import registry
from chalicelib.channels.outcome import Outcome, Verdict
from chalicelib.channels.webpush.sender import Order
from chalicelib.channels.webpush.transport import Connector, Direct, Refused, Transport
from chalicelib.channels.webpush.vapid import Identity, Signer
from chalicelib.core.identity import Mode
from infra.local.connector import Everywhere, Loopback
from infra.local.push_service.service import STAND_IN_HOST, PushService
from tests.adapters.channels.wires import SENDER, Wires, wait_for
from tests.fakes.nowhere import Nowhere
from tests.unit.channels.browser import Browser, scalar_of

HOSTS = [
    "fcm.googleapis.com",
    "jmt17.google.com",
    "updates.push.services.mozilla.com",
    STAND_IN_HOST,
    "web.push.apple.com",
    "wns2-par02p.notify.windows.com",
    "example.com",
    "192.0.2.1",
]


@dataclass
class Watched:
    """Sees every address that curl would open, and lets it open loopback's only."""

    connector: Connector
    addresses: list[str] = field(default_factory=list)
    _opened: list[socket.socket] = field(default_factory=list)

    def prepare(self, curl: pycurl.Curl, host: str) -> None:
        self.connector.prepare(curl, host)
        curl.setopt(pycurl.OPENSOCKETFUNCTION, self._open)

    def _open(self, _purpose: int, address: Any) -> socket.socket | int:
        self.addresses.append(address.addr[0])
        if not ip_address(address.addr[0]).is_loopback:
            return pycurl.SOCKET_BAD
        self._opened.append(socket.socket(address.family, address.socktype, address.protocol))
        return self._opened[-1]

    def close(self) -> None:
        for opened in self._opened:
            opened.close()


@pytest.fixture
def watch() -> Iterator[list[Watched]]:
    watching: list[Watched] = []
    yield watching
    for watched in watching:
        watched.close()


def knock(transport: Transport, host: str) -> bool:
    """Whether the way there was open at all."""
    try:
        transport.start(b"1", url=f"https://{host}/x", host=host, headers=[], body=b"hello")
    except Refused:
        return False
    wait_for(transport)
    return True


@pytest.mark.parametrize("host", HOSTS)
def test_all_hosts_lead_to_the_stand_in(service: PushService, wires: Wires, watch: list[Watched], host: str) -> None:
    watch.append(Watched(Everywhere(port=service.port, ca_path=service.ca_path)))
    assert knock(wires.to(watch[0]), host)
    assert set(watch[0].addresses) == {"127.0.0.1"}


@pytest.mark.parametrize("host", HOSTS)
def test_the_local_product_knows_one_host_unless_told_otherwise(
    service: PushService, wires: Wires, watch: list[Watched], host: str
) -> None:
    watch.append(Watched(Loopback(port=service.port, ca_path=service.ca_path)))
    assert knock(wires.to(watch[0]), host) is (host == STAND_IN_HOST)
    assert set(watch[0].addresses) <= {"127.0.0.1"}


def test_the_stand_ins_host_never_leads_out_even_when_others_do(
    service: PushService, wires: Wires, watch: list[Watched]
) -> None:
    watch.append(Watched(Loopback(port=service.port, ca_path=service.ca_path, beyond=Direct())))
    transport = wires.to(watch[0])
    knock(transport, "192.0.2.1")
    knock(transport, STAND_IN_HOST)
    assert watch[0].addresses == ["192.0.2.1", "127.0.0.1"]


def test_an_escape_would_be_seen(wires: Wires, watch: list[Watched]) -> None:
    watch.append(Watched(Direct()))
    knock(wires.to(watch[0]), "192.0.2.1")
    assert watch[0].addresses == ["192.0.2.1"]


@pytest.mark.parametrize("host", HOSTS[:-2])
def test_without_a_push_service_tests_lead_nowhere(host: str) -> None:
    assert isinstance(registry._connector, Nowhere)
    browser, push = Browser(), registry.webpush(Mode.LIVE)
    signer = Signer(Identity(scalar_of(SENDER.key), "mailto:push@shop.com"))
    order = Order(
        ticket=b"1",
        endpoint=f"https://{host}/x",
        p256dh=browser.p256dh,
        auth=browser.auth,
        payload=b"{}",
        ttl_seconds=60,
        urgency="normal",
    )
    push.start(order, signer)
    assert push.outcomes(0.0) == [(b"1", Outcome(Verdict.FAILED, "endpoint_refused"))]
