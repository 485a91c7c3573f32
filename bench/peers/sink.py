"""Says 201 to every push, after a while if so told: the push service of a machine that has no Go.

The local product's own, less its judgement; `go/sink` is several times as fast and leaves the sender less to wait for.
"""

from __future__ import annotations

import argparse
import signal
from pathlib import Path

from chalicelib.core import clock
from infra.local.push_service.certificate import make_certificate
from infra.local.push_service.connection import Connection, Session
from infra.local.push_service.desk import Desk
from infra.local.push_service.exchange import Answer, Reply, Request, Spoiling
from infra.local.push_service.http1 import Http1
from infra.local.push_service.http2 import Http2
from infra.local.push_service.ledger import Ledger
from infra.local.push_service.server import Server

_SMALLEST_BODY = 200 + 103  # what is asked to be sent, and what RFC 8291 adds
_STREAMS = 256
_AS_GOOGLE_SAYS = (
    ("location", "https://fcm.googleapis.com/0:1698742625827058%e609af1cf9fd7ecd"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "SAMEORIGIN"),
    ("x-xss-protection", "0"),
    ("date", "Sat, 21 Nov 2026 12:00:00 GMT"),
    ("content-type", "text/html; charset=UTF-8"),
    ("alt-svc", 'h3=":443"; ma=2592000,h3-29=":443"; ma=2592000'),
)
_YES, _NO = Answer(201, _AS_GOOGLE_SAYS), Answer(400)


class ObligingDesk(Desk):
    def __init__(self, *, delay_seconds: float) -> None:
        super().__init__(ledger=Ledger(capacity=0), now=clock.now, accept_unknown=True)
        self._spoiling = Spoiling(delay_seconds=delay_seconds)

    def receive(self, request: Request) -> Reply:
        is_push = request.body_size >= _SMALLEST_BODY and "authorization" in request.headers
        return Reply(_YES if is_push else _NO, spoiling=self._spoiling)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.peers.sink")
    parser.add_argument("--folder", type=Path, required=True, help="for its certificate")
    parser.add_argument("--delay-ms", type=int, default=0)
    wishes = parser.parse_args()
    desk = ObligingDesk(delay_seconds=wishes.delay_ms / 1000)

    def open_session(connection: Connection, alpn: str | None) -> Session:
        if alpn == "h2":
            return Http2(connection, desk, max_concurrent_streams=_STREAMS)
        return Http1(connection, desk)

    _, tls = make_certificate(wishes.folder)
    server = Server(tls, port=0, open_session=open_session)
    print(server.port, flush=True)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    server.stop()


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    main()
