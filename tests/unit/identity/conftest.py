"""A house over memory for every test."""

from __future__ import annotations

import pytest

from chalicelib.features.identity.model.session import Tokens
from tests.unit.identity.house import House


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def ada(house: House) -> Tokens:
    return house.open()
