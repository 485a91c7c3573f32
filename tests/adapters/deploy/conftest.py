from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.deploy.scene import Scene


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Scene.set_in(tmp_path) as scene:
        yield scene
        assert scene.unspeakable() == []
