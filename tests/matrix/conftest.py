"""One walk for all tests of this folder: with everything that was answered and logged on the way."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from app import app
from chalicelib.core import clock
from infra.local import moto_patch
from tests.fakes.clock import ManualClock
from tests.fakes.installation import Installation
from tests.matrix.canaries import Canaries, released
from tests.matrix.scene import Scene, set_up
from tests.matrix.walk import Report, walk
from tests.world import World


@dataclass(frozen=True)
class Walked:
    scene: Scene
    report: Report
    canaries: Canaries
    logged: list[str]


class _Ear(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(f"{record.getMessage()} {vars(record)}")


@pytest.fixture(scope="module")
def walked(installation: Installation) -> Iterator[Walked]:
    installation.empty()
    manual, ear = ManualClock(clock.now().replace(microsecond=0)), _Ear()
    clock.use(manual)
    moto_patch.follow(manual)
    logger = logging.getLogger(
        "pushsaas"
    )  # not the root: Powertools keeps its lines from the handlers that stand there
    logger.addHandler(ear)
    scene = set_up(World.with_people(installation, manual))
    canaries = released(scene)
    yield Walked(scene, walk(scene, app.endpoints), canaries, ear.heard)
    logger.removeHandler(ear)
    moto_patch.follow(None)
    clock.use(clock.SystemClock())
