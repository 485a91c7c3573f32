from __future__ import annotations

import pytest

from tests.http.subscriptions.pages import Shop, open_shop
from tests.world import World


@pytest.fixture
def shop(world: World) -> Shop:
    return open_shop(world, world.ada)


@pytest.fixture
def foreign_shop(world: World) -> Shop:
    return open_shop(world, world.cyd)
