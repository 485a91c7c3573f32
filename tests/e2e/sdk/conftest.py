"""The browser of the console's tests, looking at a customer's shop."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.adapters.console.chromium import Browser
from tests.adapters.console.conftest import chromium, page
from tests.e2e.sdk.shop import Shop, open_shop
from tests.e2e.sdk.visitor import Visitor
from tests.world import World

__all__ = ["chromium", "page"]


@pytest.fixture
def shop(world: World) -> Iterator[Shop]:
    with open_shop(world) as opened:
        yield opened


@pytest.fixture
def visitor(page: Browser, shop: Shop) -> Iterator[Visitor]:
    one = Visitor(page, shop)
    yield one
    one.leave()


@pytest.fixture
def subscriber(visitor: Visitor) -> Visitor:
    visitor.visits()
    assert visitor.subscribes()["state"] == "subscribed"
    return visitor
