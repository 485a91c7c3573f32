"""A deployer at work: a stand-in of AWS, a terminal with answers prepared, a package, and an API that answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from infra.deploy.aws_cli import Aws
from infra.deploy.deploy import deploy
from infra.deploy.ground import Ground, find_ground
from infra.deploy.halt import Halt
from infra.deploy.rollback import roll_back
from infra.deploy.teardown import tear_down
from infra.deploy.terminal import Terminal
from infra.deploy.wishes import Wishes
from infra.packaging.stage import read_stage
from tests.adapters.deploy.api import Api, serving
from tests.adapters.deploy.dist import write_package, write_sdk
from tests.fakes.aws_cloud import Cloud
from tests.fakes.aws_state import REGION
from tests.fakes.aws_syntax import faults

ROOT = Path(__file__).parents[3]
PREFIX = "pushsaas-prod"
BUCKET = "pushsaas-prod-artifacts-123456789012"


@dataclass(frozen=True)
class Prepared(Terminal):
    """Says yes to what may be agreed to beforehand, and keeps what it was told."""

    says_yes: bool = True
    told: list[str] = field(default_factory=list)

    @property
    def is_read(self) -> bool:
        return False

    def say(self, *lines: str) -> None:
        self.told.extend("\n".join(lines).splitlines())

    @property
    def text(self) -> str:
        return "\n".join(self.told)


@dataclass
class Scene:
    folder: Path
    api: Api
    cloud: Cloud = field(default_factory=Cloud)
    terminal: Prepared = field(default_factory=Prepared)
    earlier: list[list[str]] = field(default_factory=list)  # lines of the commands before

    @classmethod
    @contextmanager
    def set_in(cls, folder: Path) -> Iterator[Scene]:
        with serving() as api:
            scene = cls(folder, api)
            scene.cloud.state.endpoint = api.url
            yield scene

    def ground(self) -> Ground:
        stage = read_stage(ROOT, "prod")
        found = find_ground(stage, region=REGION, terminal=self.terminal, aws=Aws(run=self.cloud.run))
        return replace(found, pause=lambda _seconds: None)

    def deploy(
        self,
        *,
        code: bytes = b"one",
        changed: dict[str, Any] | None = None,
        package: Path | None = None,
        **wishes: str,
    ) -> None:
        self._begin()
        package = package or write_package(self.folder / "dist", code=code, **(changed or {}))
        deploy(self.ground(), Wishes(package=package, sdk=write_sdk(self.folder / "sdk"), **wishes))

    def roll_back(self, *, release: str = "", replaced: str = "") -> None:
        self._begin()
        roll_back(self.ground(), release=release, replaced=replaced)

    def tear_down(self, *, with_data: bool = False, data: str = "") -> None:
        self._begin()
        tear_down(self.ground(), with_data=with_data, data=data)

    def _begin(self) -> None:
        self.earlier += self.cloud.lines
        self.cloud.lines = []
        self.terminal.told.clear()

    def unspeakable(self) -> list[str]:
        """Lines that the real `aws` would not take."""
        return [fault for line in [*self.earlier, *self.cloud.lines] for fault in faults(line)]

    @property
    def stack(self) -> Any:
        return self.cloud.state.stacks[PREFIX]

    @property
    def code(self) -> str:
        """The archive that runs."""
        return str(self.stack["template"]["Resources"]["APIHandler"]["Properties"]["CodeUri"]["Key"])

    def objects(self) -> dict[str, str]:
        found: dict[str, str] = self.cloud.state.buckets[BUCKET]["objects"]
        return found


def halted(act: Any, *args: Any, **kwargs: Any) -> Halt:
    try:
        act(*args, **kwargs)
    except Halt as halt:
        return halt
    raise AssertionError("it went on")
