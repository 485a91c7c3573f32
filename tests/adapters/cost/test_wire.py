"""What pushes send out is what the kernel says was sent."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.channels.webpush.transport import Transport
from infra.cost.wire import Metered
from infra.local.connector import Loopback
from infra.local.push_service.service import STAND_IN_HOST, PushService

_BODY = b"x" * 3_000


@pytest.fixture
def wire() -> Iterator[Metered]:
    with PushService(accept_unknown=True) as service:
        metered = Metered(Loopback(port=service.port, ca_path=service.ca_path))
        yield metered
        metered.close()


def _push(transport: Transport, times: int) -> None:
    for number in range(times):
        url = f"https://{STAND_IN_HOST}/wpush/v2/somebody-{number}"
        transport.start(b"%d" % number, url=url, host=STAND_IN_HOST, headers=["TTL: 60"], body=_BODY)
    left = times
    while left:
        left -= len(transport.replies(1.0))


def test_every_byte_of_every_push_is_in_the_count(wire: Metered) -> None:
    transport = Transport(wire)
    _push(transport, 10)
    first = wire.traffic()
    _push(transport, 10)
    second = wire.traffic()
    transport.close()
    assert first.payload_bytes > 10 * len(_BODY)
    assert 10 * len(_BODY) < second.payload_bytes - first.payload_bytes < 10 * (len(_BODY) + 1_000)


def test_connections_that_curl_has_closed_still_count(wire: Metered) -> None:
    transport = Transport(wire)
    _push(transport, 1)
    transport.close()
    traffic = wire.traffic()
    assert traffic.connections >= 1
    assert traffic.payload_bytes > len(_BODY)
