"""The local product in a process of its own, for tests that know it as outsiders do: over HTTP on loopback.

`python -m tests.fakes.local_product` is that process: it prints where it is and what opens it, and ends when its standard
input does.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from infra.local.instance import free_port
from infra.local.push_service.service import PushService

_ROOT = Path(__file__).parents[2]
_PATIENCE_SECONDS = 60


class Product(NamedTuple):
    url: str
    operator_key: str
    api_key: str
    shop_url: str


@contextmanager
def standing(log: IO[str] | int = subprocess.DEVNULL, *, push_service: PushService | None = None) -> Iterator[Product]:
    """It keeps nothing, and has no subscribers but those who come. `log` takes what the product logs. Every push service
    is `push_service`, if there is one; without it only simulated subscribers are reached.
    """
    reach = [str(push_service.port), str(push_service.ca_path)] if push_service else []
    program = [sys.executable, "-m", "tests.fakes.local_product", *reach]
    pipe = subprocess.PIPE
    with subprocess.Popen(program, cwd=_ROOT, stdin=pipe, stdout=pipe, stderr=log, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            product = Product(*(process.stdout.readline().strip() for _ in Product._fields))
            assert product.url.startswith("http://127.0.0.1:"), product.url
            yield product
        finally:
            process.stdin.close()
            process.wait(_PATIENCE_SECONDS)


def main(push_service: Sequence[str]) -> None:
    from infra.local.start import Options, running

    os.environ["LIMITS_SCALE"] = "1000"  # noqa: TID251 -- an entry point: it stands for an installation that lets tests work
    here, sys.stdout = sys.stdout, sys.stderr  # the product logs to standard output, which nobody reads for long
    options = Options(port=free_port(), keeps_state=False, subscribers=0)
    with running(options) as product:
        if push_service:
            _lead_to(port=int(push_service[0]), ca_path=Path(push_service[1]))
        welcome = product.welcome()
        lines = Product(welcome.url, _operator_key(), welcome.api_key, welcome.shop_url)
        here.write("".join(f"{line}\n" for line in lines))
        here.flush()
        sys.stdin.read()


def _operator_key() -> str:
    """The product's modules read their settings when they are imported, and here they are set."""
    from chalicelib.core import clock
    from chalicelib.features.identity.wiring import identity

    return identity().issue_operator_key(name="fake", now=clock.now()).key


def _lead_to(*, port: int, ca_path: Path) -> None:
    from chalicelib.channels import registry
    from infra.local.connector import Everywhere

    registry.use(Everywhere(port=port, ca_path=ca_path))


if __name__ == "__main__":
    main(sys.argv[1:])
