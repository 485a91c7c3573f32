"""`make demo N=1000`: one campaign through the whole product, over HTTP, and a judgement of every payload that arrived.

A product of its own, that keeps nothing. Exits 0 only if the numbers add up and everyone read what was written.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TextIO
from urllib.request import Request, urlopen

from infra.local.instance import free_port
from infra.local.start import Options, running

if TYPE_CHECKING:
    from infra.local.product import LocalProduct

_MESSAGE = {"title": "Grüße aus dem Demo 👋", "body": "Everyone gets this once.", "url": "https://shop.example/new"}
_FAMILIES = ("accepted", "gone", "failed", "skipped", "expired", "pending")
_POLL_SECONDS = 0.2
_LONGEST_SECONDS = 600.0
_BAR = 40


@dataclass(frozen=True)
class Caller:
    """The API as any client sees it."""

    url: str
    key: str

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        sent = json.dumps(body).encode() if body is not None else None
        with urlopen(Request(self.url + path, data=sent, headers=headers, method=method), timeout=30) as answer:  # nosec B310 # noqa: S310 -- loopback
            return json.load(answer)


def main(subscribers: int) -> int:
    began = time.monotonic()
    options = Options(port=free_port(), keeps_state=False, subscribers=subscribers)
    with running(options) as product:
        print(f"The product is up with {subscribers:,} simulated subscribers ({time.monotonic() - began:.1f} s).")
        time.sleep(_POLL_SECONDS)  # who subscribes in the instant of a launch is not in its audience
        began = time.monotonic()
        stats = _send(product)
        seconds = time.monotonic() - began
        faults = _faults(product, stats, subscribers)
    _report(stats, faults, seconds)
    return 1 if faults else 0


def _send(product: LocalProduct) -> dict[str, Any]:
    demo = product.parts.demo
    api = Caller(product.parts.url, demo.api_key)
    campaigns = f"/v1/sites/{demo.site_id}/campaigns"
    campaign = api.ask("POST", campaigns, {"name": "Demo", "message": _MESSAGE, "audience": {"all": True}})
    path = f"{campaigns}/{campaign['id']}"
    api.ask("POST", f"{path}/send")
    deadline = time.monotonic() + _LONGEST_SECONDS
    bar = Bar(sys.stdout)
    while True:
        stats: dict[str, Any] = api.ask("GET", f"{path}/stats")
        bar.draw(settled=stats["audience"] - stats["pending"], audience=stats["audience"])
        if stats["state"] == "sent" or time.monotonic() > deadline:
            bar.close()
            return stats
        if stats["run"] and not stats["pending"]:
            product.advance(seconds=60)  # everyone is reached; the sweeper closes a large run at its next look
        time.sleep(_POLL_SECONDS)


class Bar:
    """Moves on a terminal; a file or a pipe gets its last state as one line. Nothing until the audience is known."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._moves = out.isatty()
        self._line = ""

    def draw(self, *, settled: int, audience: int) -> None:
        if not audience:
            return
        done = round(_BAR * settled / audience)
        self._line = f"  {'█' * done}{'·' * (_BAR - done)} {settled:,} of {audience:,}"
        if self._moves:
            print(f"\r{self._line}", end="", file=self._out, flush=True)

    def close(self) -> None:
        if self._line:
            print("" if self._moves else self._line, file=self._out, flush=True)


def _faults(product: LocalProduct, stats: Mapping[str, Any], subscribers: int) -> list[str]:
    found = []
    if stats["state"] != "sent":
        found.append(f"the run is {stats['state']}")
    if sum(stats[name] for name in _FAMILIES) != stats["audience"]:
        found.append("the numbers do not add up to the audience")
    if stats["accepted"] != subscribers:
        found.append(f"{stats['accepted']} accepted, {subscribers} expected")
    records = product.parts.push_service.ledger.received()
    copies = Counter(record.endpoint for record in records)
    wrong = sum(1 for record in records if not _is_right(record.plaintext, stats["run"]))
    if len(copies) != subscribers:
        found.append(f"{len(copies)} browsers reached, {subscribers} expected")
    if doubled := sum(1 for count in copies.values() if count > 1):
        found.append(f"{doubled} browsers were reached more than once")
    if wrong:
        found.append(f"{wrong} payloads were not what was written")
    return found


def _is_right(plaintext: bytes | None, run: str) -> bool:
    if plaintext is None:
        return False
    told = json.loads(plaintext)
    shown = told["notification"]
    return bool(
        shown["title"] == _MESSAGE["title"]
        and shown["body"] == _MESSAGE["body"]
        and told["page"] == _MESSAGE["url"]
        and shown["navigate"].endswith(f"/c/{told['receipt']}")
        and shown["tag"] == run
    )


def _report(stats: Mapping[str, Any], faults: list[str], seconds: float) -> None:
    for name in _FAMILIES:
        print(f"  {name:<9} {stats[name]:>9,}")
    print(f"  {'audience':<9} {stats['audience']:>9,}   in {seconds:.1f} s")
    print("\n".join(f"  WRONG: {fault}" for fault in faults) or "  Every number adds up; every payload decrypts.")


if __name__ == "__main__":
    asked = os.environ.get("N", "1000")  # noqa: TID251 -- how make hands its variables over
    if not asked.isdigit():
        sys.exit(f"N={asked} is no number of subscribers")
    sys.exit(main(int(asked)))
