"""The listening thread: accepts on loopback, and leaves nothing behind when it stops. `PushService` owns one."""

from __future__ import annotations

import asyncio
import logging
import ssl
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from infra.local.push_service.connection import Connection, Session

ADDRESS = "127.0.0.1"
_BACKLOG = 512

log = logging.getLogger(__name__)


class Server:
    """Listens from construction (OSError when the port is taken) until `stop`."""

    def __init__(
        self, tls: ssl.SSLContext, *, port: int, open_session: Callable[[Connection, str | None], Session]
    ) -> None:
        self._tls = tls
        self._open_session = open_session
        self._connections: set[Connection] = set()
        self._stopping = asyncio.Event()
        self._listening: Future[tuple[int, asyncio.AbstractEventLoop]] = Future()
        self._thread = threading.Thread(target=self._run, args=(port,), name="push-service", daemon=True)
        self._thread.start()
        try:
            self.port, self._loop = self._listening.result()
        except OSError:
            self._thread.join()
            raise

    def stop(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join()

    def _run(self, port: int) -> None:
        asyncio.run(self._serve(port))

    async def _serve(self, port: int) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(_report)
        try:
            server = await loop.create_server(self._accept, ADDRESS, port, backlog=_BACKLOG)
        except OSError as error:
            self._listening.set_exception(error)
            return
        self._listening.set_result((server.sockets[0].getsockname()[1], loop))
        await self._stopping.wait()
        server.close()
        while self._connections:
            for connection in list(self._connections):
                connection.abort()
            await asyncio.sleep(0)

    def _accept(self) -> Connection:
        connection = Connection(self._tls, self._open_session, self._connections.discard)
        self._connections.add(connection)
        return connection


def _report(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Asyncio has already cut the connection concerned; the thread goes on, the log tells of our mistake."""
    log.error("push service stand-in: %s", context.get("message"), exc_info=context.get("exception"))
