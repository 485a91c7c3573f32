"""The child of `make run`: the product itself, until it is asked to end or its parent is gone."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING

from infra.local.start import Options, running
from infra.local.supervisor import REAL

if TYPE_CHECKING:
    from infra.local.product import LocalProduct


def main(port: int, *, push: str) -> int:
    began, parent = time.monotonic(), os.getppid()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    options = Options(port=port, shop_port=port + 1, is_real_push=push == REAL, readers_tell=True)
    with running(options) as product:
        print(banner(product, seconds=time.monotonic() - began), flush=True)
        while not ended.wait(1.0) and os.getppid() == parent:
            pass
        print("Stopping; the state is kept for the next start.", flush=True)
    return 0


def banner(product: LocalProduct, *, seconds: float) -> str:
    welcome = product.welcome()
    reach = (
        "REAL_PUSH=1: endpoints made by browsers are pushed to over the internet; simulated ones never are."
        if product.is_real_push
        else "Pushes go to simulated browsers only; nothing leaves this machine."
    )
    lines = [
        f"PushSaaS is up at {welcome.url}  ({seconds:.1f} s)",
        "",
        f"  see it work   {welcome.url}/",
        f"  a shop on it  {welcome.shop_url}/",
        f"  the contract  {welcome.url}/docs",
        f"  a ready key   {welcome.api_key}",
        "",
        *(f"  # {line.says}\n  {line.command}\n" for line in welcome.curl_lines),
        reach,
        "Ctrl-C stops it; the state is kept. `make reset` forgets it.",
    ]
    return "\n".join(["", *lines, ""])


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), push=sys.argv[2]))
