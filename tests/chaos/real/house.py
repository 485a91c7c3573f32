"""The house in which a real crew works: moto behind HTTP, the push service stand-in, one clock, and an owner's calls."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from ctypes import c_double
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.local import aws, moto_patch
from infra.local.clock import LocalClock
from infra.local.push_service.service import PushService
from tests.chaos.real.crew import context
from tests.chaos.real.fate import Fate
from tests.chaos.real.labour import Surroundings
from tests.chaos.real.shared_clock import SharedClock

PREFIX = "pushsaas-chaos"
WINDOW = 4
ROWS_PER_BATCH = 16


@dataclass(frozen=True)
class House:
    push_service: PushService
    clock: LocalClock
    passed: c_double
    fate: Fate
    aws_url: str
    log: Path

    @property
    def surroundings(self) -> Surroundings:
        push_service = self.push_service
        return Surroundings(self.aws_url, push_service.port, push_service.ca_path, self.passed, self.log, self.fate)

    def is_quiet(self) -> bool:
        """No message is ready to be read."""
        from infra.local import status

        return not any(queue.ready for queue in status.queues(PREFIX))


@contextmanager
def standing() -> Iterator[House]:
    """Sets the environment of this process, and so of those it starts."""
    os.environ.update(environment())
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with ExitStack() as stack:
        stack.enter_context(aws.running())
        passed = context().RawValue(c_double, 0.0)
        clock = SharedClock(passed)
        _go_by(clock)
        stack.callback(moto_patch.follow, None)
        aws.create_resources(PREFIX, secrets=_secrets())
        push_service = stack.enter_context(PushService(now=clock.now))
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="chaos-")))
        aws_url = stack.enter_context(aws.serving())
        yield House(push_service, clock, passed, Fate(context()), aws_url, folder / "workers.log")


def environment() -> dict[str, str]:
    return aws.environment(prefix=PREFIX, stage="test") | {
        "WINDOW": str(WINDOW),
        "ROWS_PER_BATCH": str(ROWS_PER_BATCH),
        "LOG_LEVEL": "ERROR",
    }


def _go_by(clock: LocalClock) -> None:
    from chalicelib.core import clock as product_clock

    product_clock.use(clock)
    moto_patch.follow(clock)


def _secrets() -> dict[str, str]:
    from chalicelib.features.identity.adapters.key_set import new_key_set

    names = {"jwt": new_key_set(), "pepper": "chaos-pepper", "installation": "chaos-installation"}
    return {f"/{PREFIX}/{name}": value for name, value in names.items()}
