"""A push service that decrypts, and this product's own transport led to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infra.local.connector import Everywhere
from infra.local.push_service.service import PushService
from tests.adapters.channels.wires import Led, Wires


@pytest.fixture(scope="module")
def _standing() -> Iterator[PushService]:
    with PushService() as service:
        yield service


@pytest.fixture
def service(_standing: PushService) -> PushService:
    _standing.ledger.clear()
    _standing.set_rules([])
    return _standing


@pytest.fixture
def led(service: PushService) -> Led:
    return Led(Everywhere(port=service.port, ca_path=service.ca_path))


@pytest.fixture
def wires() -> Iterator[Wires]:
    opened = Wires()
    yield opened
    opened.close()
