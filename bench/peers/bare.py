"""Our transport with bodies that were ready before: what is left of a push when nothing is read or encrypted."""

from __future__ import annotations

from pathlib import Path

from bench.peers.job import PAYLOAD_BYTES, Job, given, serve
from chalicelib.channels.webpush.transport import Transport
from infra.local.connector import Loopback
from infra.local.push_service.service import STAND_IN_HOST

_BODY = b"." * (PAYLOAD_BYTES + 103)
_HEADERS = ("TTL: 60", "Content-Encoding: aes128gcm", f"Authorization: vapid t={'.' * 300}", "Expect:")
_WINDOW = 256


def push(job: Job, transport: Transport, count: int) -> None:
    under_way = 0
    for number, subscription in enumerate(job.first(count)):
        url = f"https://{STAND_IN_HOST}/{subscription['endpoint'].split('/', 3)[3]}"
        transport.start(number.to_bytes(4), url=url, host=STAND_IN_HOST, headers=_HEADERS, body=_BODY)
        under_way += 1
        if under_way >= _WINDOW:
            under_way -= _answered(transport)
    while under_way:
        under_way -= _answered(transport)


def _answered(transport: Transport) -> int:
    replies = transport.replies(10.0)
    if {reply.status for _, reply in replies} != {201}:
        raise RuntimeError("not accepted")
    return len(replies)


def main() -> None:
    job = given()
    transport = Transport(Loopback(port=job.port, ca_path=Path(job.ca_path)))
    serve(lambda count: push(job, transport, count))


if __name__ == "__main__":
    main()
