"""Who gets which way out: test mode never a socket, each thread its own handles, a new connector new ones."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from chalicelib.channels import registry
from chalicelib.channels.endpoints import Vendor
from chalicelib.channels.webpush.sender import Sink
from chalicelib.channels.webpush.transport import Connector, Transport
from chalicelib.core.identity import Mode
from chalicelib.core.outside import Reason, Unreached
from tests.fakes.nowhere import Nowhere


@pytest.fixture(autouse=True)
def connector() -> Iterator[Connector]:
    before = registry._connector
    connector = Nowhere()
    registry.use(connector)
    yield connector
    registry.use(before)


def test_test_mode_ends_in_the_sink() -> None:
    assert isinstance(registry.webpush(Mode.TEST)._wire, Sink)


def test_live_mode_keeps_its_warm_handles() -> None:
    first = registry.webpush(Mode.LIVE)
    assert isinstance(first._wire, Transport)
    assert registry.webpush(Mode.LIVE) is first


def test_each_thread_has_its_own() -> None:
    mine = registry.webpush(Mode.LIVE)
    others = []
    thread = threading.Thread(target=lambda: others.append(registry.webpush(Mode.LIVE)))
    thread.start()
    thread.join()
    assert others[0] is not mine


def test_another_connector_means_other_handles() -> None:
    before = registry.webpush(Mode.LIVE)
    registry.use(Nowhere())
    assert registry.webpush(Mode.LIVE) is not before


def test_whatever_an_earlier_batch_left_is_forgotten() -> None:
    kept = registry.webpush(Mode.LIVE)
    kept._under_way[b"left"] = Vendor.FCM
    assert registry.webpush(Mode.LIVE)._under_way == {}


def test_what_a_tenant_names_is_led_by_the_same_hand() -> None:
    with pytest.raises(Unreached) as failed:
        registry.outside().fetch("https://example.com/", kinds=frozenset({"image/png"}), limit_bytes=10)
    assert failed.value.reason is Reason.UNKNOWN
