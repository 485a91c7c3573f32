"""The push service stand-in: RFC 8030 over TLS on loopback, in a thread of its own.

with PushService() as push_service:
    subscription = push_service.subscribe(vapid_public_key=key)
    ...
    push_service.ledger.received()
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from chalicelib.core import chance, clock
from infra.local.push_service.certificate import make_certificate
from infra.local.push_service.connection import Connection, Session
from infra.local.push_service.desk import Desk
from infra.local.push_service.guests import Guests, nobody
from infra.local.push_service.http1 import Http1
from infra.local.push_service.http2 import Http2
from infra.local.push_service.ledger import Ledger
from infra.local.push_service.rules import Rule
from infra.local.push_service.server import ADDRESS, Server
from infra.local.push_service.subscriber import new_subscriber
from infra.local.push_service.vendors import vendor_of

STAND_IN_HOST = "stand-in.push.services.mozilla.com"


class PushService:
    """Start it, subscribe, push to it, read the ledger. All methods may be called from any thread."""

    def __init__(
        self,
        *,
        folder: Path | None = None,
        port: int = 0,
        accept_unknown: bool = False,
        max_concurrent_streams: int = 256,
        ledger_capacity: int = 50_000,
        now: Callable[[], datetime] = clock.now,
        guests: Guests = nobody,
    ) -> None:
        self.ledger = Ledger(capacity=ledger_capacity)
        self._desk = Desk(ledger=self.ledger, now=now, accept_unknown=accept_unknown, guests=guests)
        self._folder = folder
        self._wanted_port = port
        self._max_concurrent_streams = max_concurrent_streams
        self._seed = int.from_bytes(chance.token(8))
        self._indexes = count()
        self._server: Server | None = None
        self._temporary: TemporaryDirectory[str] | None = None
        self._ca_path = Path()

    def start(self) -> Self:
        """Raises OSError when the port is taken."""
        if self._server is None:
            self._ca_path, tls = make_certificate(self._folder or self._temporary_folder())
            try:
                self._server = Server(tls, port=self._wanted_port, open_session=self._open_session)
            except OSError:
                self.stop()
                raise
        return self

    def stop(self) -> None:
        """Cuts all connections, returns when thread, sockets and temporary files are gone. Harmless when repeated."""
        server, self._server = self._server, None
        if server is not None:
            server.stop()
        temporary, self._temporary = self._temporary, None
        if temporary is not None:
            temporary.cleanup()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def port(self) -> int:
        if self._server is None:
            raise RuntimeError("the push service is not running")
        return self._server.port

    @property
    def ca_path(self) -> Path:
        """What a client must trust. Made afresh at every start."""
        return self._ca_path

    @property
    def connect_to(self) -> list[str]:
        """For CURLOPT_CONNECT_TO: every host and port of a URL leads here."""
        return [f"::{ADDRESS}:{self.port}"]

    def subscribe(self, *, host: str = STAND_IN_HOST, vapid_public_key: str | None = None) -> dict[str, Any]:
        """A new browser's PushSubscription as JSON; without a key any sender may push to it."""
        return self.simulated(self._seed, next(self._indexes), host=host, vapid_public_key=vapid_public_key)

    @staticmethod
    def simulated(
        seed: int, index: int, *, host: str = STAND_IN_HOST, vapid_public_key: str | None = None
    ) -> dict[str, Any]:
        """The same arguments give the same browser, in every process and after every restart."""
        vendor = vendor_of(host)
        if vendor is None:
            raise ValueError(f"no push service answers for {host!r}")
        subscriber = new_subscriber(host=host, seed=seed, index=index, vapid_public_key=vapid_public_key)
        return {
            "endpoint": f"https://{host}{vendor.path_prefixes[0]}{subscriber.endpoint_id}",
            "expirationTime": None,
            "keys": subscriber.keys(),
        }

    @property
    def rules(self) -> tuple[Rule, ...]:
        return self._desk.rules

    def set_rules(self, rules: Iterable[Rule | Mapping[str, Any]]) -> None:
        """Replaces all rules at once; [] makes it behave again. Raises ValueError, naming rule and field."""
        self._desk.set_rules(rules)

    def _open_session(self, connection: Connection, alpn: str | None) -> Session:
        if alpn == "h2":
            return Http2(connection, self._desk, max_concurrent_streams=self._max_concurrent_streams)
        return Http1(connection, self._desk)

    def _temporary_folder(self) -> Path:
        self._temporary = TemporaryDirectory(prefix="push-service-")
        return Path(self._temporary.name)
