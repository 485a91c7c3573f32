"""A house over memory for every test."""

from __future__ import annotations

import pytest

from tests.unit.identity.house import House


@pytest.fixture
def house() -> House:
    return House()
