"""The push service stand-in as a process of its own, and how each of the senders under test is led to it."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from socket import AF_INET, AddressFamily
from typing import Any

from aiohttp import TCPConnector
from aiohttp.abc import AbstractResolver, ResolveResult
from requests import Session
from requests.adapters import HTTPAdapter
from urllib3 import HTTPSConnectionPool

from infra.local.push_service.service import STAND_IN_HOST

_LOOPBACK = "127.0.0.1"
_LAST_WORDS_SECONDS = 10


@dataclass(frozen=True)
class StandIn:
    port: int
    ca_path: str


@contextmanager
def stand_in() -> Iterator[StandIn]:
    """It judges every request as always, and keeps none."""
    command = [sys.executable, "-m", "infra.local.push_service", "--accept-unknown", "--ledger-capacity", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None, "it was asked for"
        try:
            yield StandIn(**json.loads(process.stdout.readline()))
        finally:
            process.terminate()
            process.wait(_LAST_WORDS_SECONDS)


class _Adapter(HTTPAdapter):
    """Requests' usual way, with one warm pool to loopback under the stand-in's name."""

    def __init__(self, place: StandIn) -> None:
        super().__init__()
        self._pool = HTTPSConnectionPool(
            _LOOPBACK, place.port, ca_certs=place.ca_path, server_hostname=STAND_IN_HOST, assert_hostname=STAND_IN_HOST
        )

    def get_connection_with_tls_context(self, request: Any, *_: Any, **__: Any) -> HTTPSConnectionPool:
        request.headers["Host"] = STAND_IN_HOST
        return self._pool

    def cert_verify(self, *_: Any) -> None:
        """The pool knows its authority already."""

    def close(self) -> None:
        super().close()
        self._pool.close()


def requests_session(place: StandIn) -> Session:
    session = Session()
    session.trust_env = False  # no proxy between
    session.mount("https://", _Adapter(place))
    return session


class _Resolver(AbstractResolver):
    def __init__(self, port: int) -> None:
        self._port = port

    async def resolve(self, host: str, port: int = 0, family: AddressFamily = AF_INET) -> list[ResolveResult]:  # noqa: ARG002 -- all lead to one place
        found = ResolveResult(hostname=host, host=_LOOPBACK, port=self._port, family=family, proto=0, flags=0)
        return [found]

    async def close(self) -> None:
        """Nothing is open."""


def aiohttp_connector(place: StandIn) -> TCPConnector:
    """Inside a running loop only."""
    return TCPConnector(resolver=_Resolver(place.port), ssl=ssl.create_default_context(cafile=place.ca_path))
