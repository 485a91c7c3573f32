from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.channels import registry
from infra.local.connector import Everywhere
from infra.local.push_service.service import PushService
from tests.fakes.nowhere import Nowhere
from tests.http.campaigns.desk import open_desk
from tests.http.sending.walk import Walk
from tests.world import World


@pytest.fixture(scope="module")
def _standing() -> Iterator[PushService]:
    with PushService() as service:
        registry.use(Everywhere(port=service.port, ca_path=service.ca_path))
        yield service
        registry.use(Nowhere())


@pytest.fixture
def walk(world: World, _standing: PushService) -> Walk:
    _standing.ledger.clear()
    _standing.set_rules([])
    return Walk(open_desk(world, world.ada), _standing)
