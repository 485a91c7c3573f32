"""Ada's shop, over the real app, with a push service that nobody has to answer for."""

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
def push_service() -> Iterator[PushService]:
    with PushService() as service:
        registry.use(Everywhere(port=service.port, ca_path=service.ca_path))
        yield service
    registry.use(Nowhere())


@pytest.fixture
def shop(world: World, push_service: PushService) -> Shop:
    push_service.ledger.clear()
    push_service.set_rules([])
    return Shop(world, push_service, world.ada).open()
