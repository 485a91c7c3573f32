"""Our own way: from a page as DynamoDB answers it, through the store and the channel, to Outcomes.

All is the product's but that answer, which botocore finds ready instead of asking for it.
"""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from typing import Any

import msgspec
from botocore.awsrequest import AWSResponse

from bench import _aws
from bench.peers.job import PAYLOAD_BYTES, SCALAR, Job, Subscription, given, serve
from chalicelib.aws.values import to_wire
from chalicelib.channels import registry
from chalicelib.channels.message import Message
from chalicelib.channels.outcome import ACCEPTED
from chalicelib.channels.webpush.payload import envelope
from chalicelib.core.encoding import unb64url
from chalicelib.core.receipts import Receipts
from chalicelib.features.sending.adapters.webpush import RunPushes, WebPushChannel
from chalicelib.features.sending.model.run import Run
from chalicelib.features.sites.model import SigningKey
from chalicelib.features.subscriptions.model import KEY_BYTES, Packed, Recipient
from chalicelib.features.subscriptions.model import Subscription as Stored
from chalicelib.features.subscriptions.store import _FOR_SENDING, SubscriptionRows, _row
from infra.local import aws
from infra.local.connector import Loopback
from infra.local.push_service.service import STAND_IN_HOST

CLICKS = "https://push.example.com/c/"
RECEIPTS = Receipts(b"pepper")
_PAGE_ROWS = 512
_WINDOW = 256
_SHARD = (b"\x00" * KEY_BYTES, b"\x0f" + b"\xff" * (KEY_BYTES - 1))


class Key:
    def __init__(self, job: Job) -> None:
        self._subject = job.subject

    def signing_key(self, *, tenant_id: str, site_id: str, key_id: str) -> SigningKey:  # noqa: ARG002 -- one key
        return SigningKey(key_id, SCALAR, b"", self._subject)


class Page:
    """An answer's body, as botocore takes it from the socket."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self._body = msgspec.json.encode({"Items": rows, "Count": len(rows), "ScannedCount": len(rows)})

    def stream(self) -> Iterator[bytes]:
        yield self._body


class Sender:
    def __init__(self, job: Job) -> None:
        rows = [row(number, subscription) for number, subscription in enumerate(job.subscriptions)]
        pages = [Page(rows[start : start + _PAGE_ROWS]) for start in range(0, len(rows), _PAGE_ROWS)]
        self._pages = cycle(pages)
        self._rows = SubscriptionRows()
        self.key = Key(job)
        self.channel = WebPushChannel(self.key, receipts=lambda: RECEIPTS, clicks=CLICKS)
        self.run = new_run()

    def answer(self, **_: object) -> AWSResponse:
        return AWSResponse("", 200, {}, next(self._pages))

    async def push(self, count: int) -> None:
        pushes = await self.channel.open(self.run)
        under_way = 0
        for recipient in self.read(count):
            pushes.host_of(recipient)
            pushes.start(recipient)
            under_way += 1
            if under_way >= _WINDOW:
                under_way -= await _settled(pushes)
        while under_way:
            under_way -= await _settled(pushes)

    def read(self, count: int) -> Iterator[Recipient]:
        start, end = _SHARD
        while count > 0:
            page, _ = self._rows.read(_aws.TENANT, "site_bench", start=start, end=end, limit=_PAGE_ROWS)
            yield from page[:count]
            count -= len(page)


def row(number: int, subscription: Subscription) -> dict[str, Any]:
    """As JSON spells it on the wire."""
    keys = subscription["keys"]
    endpoint = f"https://{STAND_IN_HOST}/{subscription['endpoint'].split('/', 3)[3]}"
    packed = Packed(endpoint, unb64url(keys["p256dh"]), unb64url(keys["auth"]))
    key = number.to_bytes(KEY_BYTES)
    stored = _row(Stored(_aws.TENANT, "site_bench", key=key, key_id="key_bench", packed=packed, active_since=1))
    wire = {name: to_wire(stored[name]) for name in _FOR_SENDING if stored[name] is not None}
    wire["packed"] = {"B": base64.b64encode(stored["packed"]).decode()}
    return wire


def new_run() -> Run:
    """Its message is so long that the envelope has the wanted size."""
    run: Run = _aws.campaign_run()
    bare = Message(title="Price drop", url="https://shop.example/sale", body=".")
    missing = PAYLOAD_BYTES - len(envelope(bare, tag=run.id, clicks=CLICKS))
    message = msgspec.structs.replace(bare, body="." * (1 + missing))
    return replace(run, order=msgspec.structs.replace(run.order, message=message))


async def _settled(pushes: RunPushes) -> int:
    outcomes = await pushes.outcomes(10.0)
    refused = {outcome for _, outcome in outcomes} - {ACCEPTED}
    if refused or not outcomes:
        raise RuntimeError(f"not accepted: {refused or 'no answer'}")
    return len(outcomes)


def main() -> None:
    os.environ.update(aws.environment(prefix=_aws.PREFIX, stage="test"))
    job = given()
    registry.use(Loopback(port=job.port, ca_path=Path(job.ca_path)))
    sender = Sender(job)
    with _aws.listening("before-send.dynamodb.Query", sender.answer), asyncio.Runner() as runner:
        serve(lambda count: runner.run(sender.push(count)))


if __name__ == "__main__":
    main()
