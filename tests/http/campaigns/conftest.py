from __future__ import annotations

import pytest

from tests.http.campaigns.desk import Desk, open_desk
from tests.world import World


@pytest.fixture
def desk(world: World) -> Desk:
    return open_desk(world, world.ada)
