"""The local product in a process of its own, for tests that know it as outsiders do: over HTTP on loopback.

`python -m tests.fakes.local_product` is that process: it prints where it is and an operator's key, and ends when its
standard input does.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from infra.local.instance import free_port

_ROOT = Path(__file__).parents[2]
_PATIENCE_SECONDS = 60


class Product(NamedTuple):
    url: str
    operator_key: str


@contextmanager
def standing(log: IO[str] | int = subprocess.DEVNULL) -> Iterator[Product]:
    """It keeps nothing, and has no subscribers but those who come. `log` takes what the product logs."""
    program = [sys.executable, "-m", "tests.fakes.local_product"]
    pipe = subprocess.PIPE
    with subprocess.Popen(program, cwd=_ROOT, stdin=pipe, stdout=pipe, stderr=log, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            url, operator_key = (process.stdout.readline().strip() for _ in range(2))
            assert url.startswith("http://127.0.0.1:"), url
            yield Product(url, operator_key)
        finally:
            process.stdin.close()
            process.wait(_PATIENCE_SECONDS)


def main() -> None:
    from infra.local.start import Options, running

    os.environ["LIMITS_SCALE"] = "1000"  # noqa: TID251 -- an entry point: it stands for an installation that lets tests work
    here, sys.stdout = sys.stdout, sys.stderr  # the product logs to standard output, which nobody reads for long
    options = Options(port=free_port(), keeps_state=False, subscribers=0)
    with running(options) as product:
        here.write(f"{product.parts.url}\n{_operator_key()}\n")
        here.flush()
        sys.stdin.read()


def _operator_key() -> str:
    """The product's modules read their settings when they are imported, and here they are set."""
    from chalicelib.core import clock
    from chalicelib.features.identity.wiring import identity

    return identity().issue_operator_key(name="fake", now=clock.now()).key


if __name__ == "__main__":
    main()
