from __future__ import annotations

import pytest

from tests.http.campaigns.desk import Desk, open_desk
from tests.http.operations.house import House
from tests.world import World


@pytest.fixture
def desk(world: World) -> Desk:
    return open_desk(world, world.ada)


@pytest.fixture
def house(desk: Desk) -> House:
    return House(desk, desk.world.operator_key())
