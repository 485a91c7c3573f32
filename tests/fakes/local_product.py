"""The local product in a process of its own, for tests that know it as outsiders do: over HTTP on loopback.

`python -m tests.fakes.local_product` is that process: it prints where it is, and ends when its standard input does.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.local.instance import free_port

_ROOT = Path(__file__).parents[2]
_PATIENCE_SECONDS = 60


@contextmanager
def standing() -> Iterator[str]:
    """Its URL. It keeps nothing, and has no subscribers but those who come."""
    program = [sys.executable, "-m", "tests.fakes.local_product"]
    with subprocess.Popen(program, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            url = process.stdout.readline().strip()
            assert url.startswith("http://127.0.0.1:"), url
            yield url
        finally:
            process.stdin.close()
            process.wait(_PATIENCE_SECONDS)


def main() -> None:
    from infra.local.start import Options, running

    options = Options(port=free_port(), keeps_state=False, subscribers=0)
    with running(options) as product:
        sys.stdout.write(f"{product.parts.url}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
