"""What every sender under test is given, whatever it is written in: a file of JSON, named by its first argument.

Then it reads counts from its standard input, a line each: pushes to so many of the subscriptions (over and over when
they are fewer) and repeats the count when all have been answered with 201. Anything else ends it with an error.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chalicelib.core.encoding import b64url
from infra.local.push_service.service import PushService

PAYLOAD_BYTES = 400  # of a short message with its receipt in two places, and its page
SCALAR = (1).to_bytes(31) + b"\x07"  # a key for nobody
SUBSCRIPTIONS = 2_048
_SEED = 7


Subscription = dict[str, Any]  # as a browser's `PushSubscription.toJSON()`


class Job(msgspec.Struct):
    port: int
    ca_path: str
    at_once: int
    subscriptions: list[Subscription]
    payload: str = "." * PAYLOAD_BYTES
    subject: str = "mailto:bench@shop.example"
    ttl_seconds: int = 60
    vapid_private_key: str = b64url(SCALAR)
    vapid_public_key: str = ""

    def first(self, count: int) -> Iterator[Subscription]:
        return islice(cycle(self.subscriptions), count)


def new_job(*, port: int, ca_path: Path, at_once: int, subscriptions: int = SUBSCRIPTIONS) -> Job:
    browsers = [PushService.simulated(_SEED, number) for number in range(subscriptions)]
    public = derive_private_key(int.from_bytes(SCALAR), SECP256R1()).public_key()
    return Job(
        port=port,
        ca_path=str(ca_path),
        at_once=at_once,
        subscriptions=[browser | {"endpoint": _here(browser["endpoint"], port)} for browser in browsers],
        vapid_public_key=b64url(public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)),
    )


def _here(endpoint: str, port: int) -> str:
    """Most libraries have no way to lead a push service's name to loopback."""
    return f"https://127.0.0.1:{port}/{endpoint.split('/', 3)[3]}"


def given() -> Job:
    return msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Job)


def serve(push: Callable[[int], None]) -> None:
    for line in sys.stdin:
        push(int(line))
        print(int(line), flush=True)
