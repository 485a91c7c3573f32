from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.channels import registry
from infra.local.connector import Everywhere
from infra.local.push_service.service import PushService
from tests.fakes.nowhere import Nowhere
from tests.http.analytics.counter import Counter
from tests.journeys.shop import Shop
from tests.world import World


@pytest.fixture(scope="module")
def _standing() -> Iterator[PushService]:
    with PushService() as service:
        registry.use(Everywhere(port=service.port, ca_path=service.ca_path))
        yield service
        registry.use(Nowhere())


@pytest.fixture
def counter(world: World, _standing: PushService) -> Counter:
    _standing.ledger.clear()
    _standing.set_rules([])
    return Counter(Shop(world, _standing, world.ada).open())
