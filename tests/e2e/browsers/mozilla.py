"""Mozilla's push service as far as a Firefox on this machine needs it: autopush's WebSocket, where a browser says hello,
registers, and is brought its pushes until it acknowledges them.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve
from websockets.typing import Subprotocol

from chalicelib.core.encoding import b64url, unb64url
from infra.local.push_service.guests import Guest

HOST = "updates.push.services.mozilla.com"
_PROTOCOL = Subprotocol("push-notification")
_GOING_AWAY = 1001
_GOODBYE_SECONDS = 0.2  # Firefox says none


@dataclass
class Channel:
    """One subscription. `key` is the VAPID key that it was made under."""

    name: str
    endpoint_id: str
    key: bytes | None
    is_gone: bool = False


@dataclass
class Mozilla:
    """`said` keeps what the browser reports, newest last: acknowledgements, refusals, and why it unregistered."""

    channels: dict[str, Channel] = field(default_factory=dict)  # by endpoint id
    said: list[dict[str, Any]] = field(default_factory=list)
    _server: Server | None = None
    _uaid: str = ""
    _made: int = 0
    _waiting: dict[str, str] = field(default_factory=dict)
    _browser: ServerConnection | None = None
    _is_cut: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def address(self) -> str:
        assert self._server is not None
        return f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}/"

    def push(self, endpoint_id: str, body: bytes) -> None:
        """As the push service does with what a sender brought."""
        with self._lock:
            self._made += 1
            version = f"version-{self._made}"
            content = {"data": b64url(body), "headers": {"encoding": "aes128gcm"}} if body else {}
            told = {"channelID": self.channels[endpoint_id].name, "version": version, **content}
            self._waiting[version] = json.dumps({"messageType": "notification", **told})
            self._bring([self._waiting[version]])

    def find(self, host: str, endpoint_id: str) -> Guest | None:
        """For the stand-in where senders bring their pushes."""
        known = self.channels.get(endpoint_id) if host == HOST else None
        return Guest(known.key, known.is_gone, lambda body: self.push(endpoint_id, body)) if known else None

    def forget_browser(self) -> None:
        """It is given another name at its next hello, and with it loses every subscription."""
        with self._lock:
            self._uaid = ""
        self.hang_up()

    def hang_up(self) -> None:
        with self._lock:
            browser, self._browser = self._browser, None
        if browser is not None:
            browser.close(_GOING_AWAY)

    def give_up_all(self) -> None:
        """Every subscription is gone, though no browser knows."""
        for known in self.channels.values():
            known.is_gone = True

    def cut(self) -> None:
        """The line breaks. Whoever calls again is brought nothing before `mend`."""
        self._is_cut = True
        self.hang_up()

    def mend(self) -> None:
        with self._lock:
            self._is_cut = False
            self._bring(self._waiting.values())

    def _talk(self, browser: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            for text in browser:
                with self._lock:
                    self._answer(browser, json.loads(text))

    def _answer(self, browser: ServerConnection, told: dict[str, Any]) -> None:
        match told.get("messageType"):
            case None:
                browser.send("{}")  # a ping
            case "hello":
                self._greet(browser, told)
            case "register":
                browser.send(json.dumps(self._register(told)))
            case "unregister":
                self.said.append(told)
                self._end(told["channelID"])
                browser.send(json.dumps({**told, "status": 200}))
            case "ack":
                self.said.append(told)
                for update in told["updates"]:
                    self._waiting.pop(update["version"], None)
            case _:
                self.said.append(told)

    def _greet(self, browser: ServerConnection, told: dict[str, Any]) -> None:
        if not self._uaid or told.get("uaid") != self._uaid:
            self._made += 1
            self._uaid = f"{self._made:032x}"
            self._waiting.clear()
            for channel in self.channels.values():
                channel.is_gone = True
        hello = {"messageType": "hello", "uaid": self._uaid, "status": 200, "use_webpush": True, "broadcasts": {}}
        browser.send(json.dumps(hello))
        self._browser = browser
        self._bring(self._waiting.values())

    def _register(self, told: dict[str, Any]) -> dict[str, Any]:
        self._made += 1
        name, endpoint_id = told["channelID"], f"gAAAA-{self._made}-{told['channelID']}"
        key = unb64url(told["key"].rstrip("=")) if told.get("key") else None
        self.channels[endpoint_id] = Channel(name, endpoint_id, key)
        endpoint = f"https://{HOST}/wpush/v2/{endpoint_id}"
        return {"messageType": "register", "channelID": name, "status": 200, "pushEndpoint": endpoint}

    def _end(self, name: str) -> None:
        for channel in self.channels.values():
            channel.is_gone = channel.is_gone or channel.name == name

    def _bring(self, texts: Iterable[str]) -> None:
        """To be called under the lock. A browser that is away comes again, and is brought them then."""
        if self._browser is not None and not self._is_cut:
            with suppress(ConnectionClosed):
                for text in texts:
                    self._browser.send(text)


@contextmanager
def mozilla() -> Iterator[Mozilla]:
    standing = Mozilla()
    with serve(
        standing._talk,
        "127.0.0.1",
        0,
        subprotocols=[_PROTOCOL],
        compression=None,
        ping_interval=None,
        close_timeout=_GOODBYE_SECONDS,
    ) as server:
        standing._server = server
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield standing
        finally:
            standing.cut()
            server.shutdown()
            thread.join()
