from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.deploy.scene import Scene


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with Scene.set_in(tmp_path) as scene:
        yield scene
        assert scene.unspeakable() == []
