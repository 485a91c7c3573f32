"""Where the microseconds of one of our pushes go, piece by piece: `python -m bench.peers.parts` prints the table of
docs/performance.md. Each piece is the product's own call, repeated over many browsers; the least of many turns counts.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bench import _aws
from bench.peers import bare
from bench.peers.contender import SENDERS_CORE, on_core, sink, sink_command
from bench.peers.job import PAYLOAD_BYTES, Job, new_job
from bench.peers.ours import CLICKS, RECEIPTS, Sender
from chalicelib.channels import registry
from chalicelib.channels.webpush.encrypt import _hmac, encrypt
from chalicelib.channels.webpush.sender import Sink, WebPush
from chalicelib.channels.webpush.transport import Transport
from chalicelib.core import chance, clock
from chalicelib.features.sending.adapters.webpush import RunPushes, paper_of
from chalicelib.features.subscriptions.model import Packed, unpack
from infra.local import aws
from infra.local.connector import Loopback

_TURNS = 9
_PUSHES = 4_096
_CURVE = ec.SECP256R1()
_PAYLOAD = b"." * PAYLOAD_BYTES
Piece = Callable[[int], object]


def main() -> None:
    os.environ.update(aws.environment(prefix=_aws.PREFIX, stage="test"))
    with TemporaryDirectory() as name, sink(sink_command(), Path(name), delay_ms=0) as port:
        job = new_job(port=port, ca_path=Path(name) / "ca.pem", at_once=1)
        registry.use(Loopback(port=port, ca_path=Path(job.ca_path)))
        sender = Sender(job)
        with _aws.listening("before-send.dynamodb.Query", sender.answer), on_core(SENDERS_CORE):
            _print(_least_of(_pieces(job, sender)))


def _print(costs: dict[str, float]) -> None:
    for name, cost in costs.items():
        print(f"| {name} | {cost:.1f} |")


def _pieces(job: Job, sender: Sender) -> dict[str, Callable[[], float]]:
    recipients = list(sender.read(len(job.subscriptions)))
    browsers = [unpack(recipient.packed) for recipient in recipients]
    keys = [ec.generate_private_key(_CURVE) for _ in browsers]
    points = [ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, browser.p256dh) for browser in browsers]
    transport = Transport(Loopback(port=job.port, ca_path=Path(job.ca_path)))
    each = partial(_each, len(browsers))
    return {
        "**all of a push**": lambda: _timed(_PUSHES, lambda: asyncio.run(sender.push(_PUSHES))),
        "a page of DynamoDB, asked for, read and parsed": lambda: _timed(_PUSHES, lambda: list(sender.read(_PUSHES))),
        "prepare, sign and book-keep, in Python": lambda: _around(recipients, sender) - each(_encrypting(browsers)),
        "**encrypt**, of which": lambda: each(_encrypting(browsers)),
        "· ECDH": lambda: each(lambda number: keys[number].exchange(ec.ECDH(), points[number])),
        "· the message's own key": lambda: each(lambda _: ec.generate_private_key(_CURVE)),
        "· its public half, encoded": lambda: each(lambda number: _encoded(keys[number])),
        "· the browser's key, checked": lambda: each(
            lambda number: ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, browsers[number].p256dh)
        ),
        "· five HMACs": lambda: 5 * each(lambda _: _hmac(_PAYLOAD[:32], _PAYLOAD[:144])),
        "· AES-GCM and the salt": lambda: each(_sealing),
        "**transport** (curl, HTTP/2, TLS, kernel)": lambda: _timed(
            _PUSHES, lambda: bare.push(job, transport, _PUSHES)
        ),
    }


def _least_of(pieces: dict[str, Callable[[], float]]) -> dict[str, float]:
    turns = [{name: piece() for name, piece in pieces.items()} for _ in range(_TURNS)]
    return {name: min(turn[name] for turn in turns) for name in pieces}


def _each(count: int, piece: Piece) -> float:
    return _timed(count, lambda: [piece(number) for number in range(count)])


def _timed(count: int, work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return (time.process_time() - began) / count * 1e6


def _around(recipients: list[Any], sender: Sender) -> float:
    """Everything but rows and wire: the pushes end in the sink of test mode."""
    paper = paper_of(sender.run, RECEIPTS, clicks=CLICKS)
    pushes = RunPushes(sender.run, WebPush(Sink(), now=clock.now), sender.key, paper)

    def work() -> None:
        for recipient in recipients:
            pushes.host_of(recipient)
            pushes.start(recipient)
        asyncio.run(pushes.outcomes(0.0))

    return _timed(len(recipients), work)


def _encrypting(browsers: list[Packed]) -> Piece:
    return lambda number: encrypt(_PAYLOAD, p256dh=browsers[number].p256dh, auth=browsers[number].auth)


def _encoded(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _sealing(_: int) -> bytes:
    return chance.token(16) + AESGCM(_PAYLOAD[:16]).encrypt(_PAYLOAD[:12], _PAYLOAD, None)


if __name__ == "__main__":
    main()
