from __future__ import annotations

import pytest

from tests.unit.web.toy_app import Toy


@pytest.fixture
def toy() -> Toy:
    return Toy()
