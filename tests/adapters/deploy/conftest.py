from __future__ import annotations

import os
import pty
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.adapters.deploy.scene import Scene

Answering = Callable[..., None]


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Scene.set_in(tmp_path) as scene:
        yield scene
        assert scene.unspeakable() == []


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answering]:
    """Types these answers beforehand; standard input is the other end of a real terminal."""
    person, terminal = pty.openpty()
    with os.fdopen(terminal) as read, os.fdopen(person, "w") as typed:
        monkeypatch.setattr(sys, "stdin", read)
        yield lambda *answers: print(*answers, sep="\n", file=typed, flush=True)
