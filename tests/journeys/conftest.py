"""The whole product: real app, real handlers, moto, and a push service that decrypts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.channels import registry
from infra.local.connector import Everywhere
from infra.local.push_service.service import PushService
from tests.fakes.nowhere import Nowhere
from tests.journeys.shop import Shop
from tests.world import World


@pytest.fixture(scope="module")
def _standing_push_service() -> Iterator[PushService]:
    with PushService() as push_service:
        registry.use(Everywhere(port=push_service.port, ca_path=push_service.ca_path))
        yield push_service
        registry.use(Nowhere())


@pytest.fixture
def push_service(_standing_push_service: PushService) -> PushService:
    _standing_push_service.ledger.clear()
    _standing_push_service.set_rules([])
    return _standing_push_service


@pytest.fixture
def shop(world: World, push_service: PushService) -> Shop:
    return Shop(world, push_service, world.ada).open()
