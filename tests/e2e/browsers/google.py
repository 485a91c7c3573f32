"""Google's push service as far as a Chromium on this machine needs it: check-in, registration, and the stream of pushes.

The browser makes real subscriptions here and decrypts what it is brought. What it has not acknowledged is brought again.
"""

from __future__ import annotations

import base64
import hashlib
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO
from urllib.parse import parse_qs

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_pem_x509_certificate

from chalicelib.core.encoding import unb64url
from infra.local.push_service.certificate import make_certificate
from infra.local.push_service.guests import Guest

_MCS_VERSION = 41
_PING, _PING_ANSWER, _LOGIN, _LOGIN_ANSWER, _ACKNOWLEDGED, _PUSH = 0, 1, 2, 3, 7, 8
_GOODBYE_SECONDS = 5.0
_TOUCHY_SECONDS = 11.0
_DEVICE_ID, _DEVICE_SECRET = 4_815_162_342, 2_342


HOSTS = ("fcm.googleapis.com", "jmt17.google.com")  # what browsers are given depends on who built them


@dataclass
class Registration:
    token: str
    sender: str
    subtype: str
    is_gone: bool = False

    @property
    def key(self) -> bytes | None:
        """The VAPID key that it was made under, which is the sender's name."""
        return unb64url(self.sender) if self.subtype.startswith("wp:") else None


@dataclass
class Google:
    """`flags` are what a Chromium is started with to come here."""

    web: ThreadingHTTPServer
    stream: socket.socket
    folder: Path
    registrations: dict[str, Registration] = field(default_factory=dict)
    _waiting: list[bytes] = field(default_factory=list)
    _browser: BinaryIO | None = None  # the login that came last: at its start a browser makes two
    _line: ssl.SSLSocket | None = None
    _called_at: float = 0.0
    _pushed: int = 0
    _is_cut: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def flags(self) -> tuple[str, ...]:
        certificate = load_pem_x509_certificate((self.folder / "leaf.pem").read_bytes())
        key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        web = f"http://127.0.0.1:{self.web.server_port}"
        return (
            f"--gcm-checkin-url={web}/checkin",
            f"--gcm-registration-url={web}/register3",
            f"--gcm-mcs-endpoint=https://127.0.0.1:{self.stream.getsockname()[1]}",
            f"--ignore-certificate-errors-spki-list={base64.b64encode(hashlib.sha256(key).digest()).decode()}",
        )

    def push(self, endpoint_id: str, body: bytes) -> None:
        """As the push service would after a POST to an endpoint that ends like this."""
        to = self.registrations[endpoint_id]
        now = int(time.time())  # noqa: TID251 -- the browser's clock, not the product's
        self._pushed += 1
        stanza = b"".join(
            [
                _text(3, to.sender),
                _text(5, "org.chromium.linux"),
                _pair("subtype", to.subtype),
                _pair("content-encoding", "aes128gcm"),
                _text(9, f"push-{self._pushed}-{now}"),
                _number(17, 60),
                _number(18, now * 1000),
                _bytes(21, body),
                _number(24, 1),
            ]
        )
        with self._lock:
            self._waiting.append(stanza)
            self._bring([stanza])

    def find(self, host: str, endpoint_id: str) -> Guest | None:
        """For the stand-in where senders bring their pushes."""
        known = self.registrations.get(endpoint_id) if host in HOSTS else None
        return Guest(known.key, known.is_gone, lambda body: self.push(endpoint_id, body)) if known else None

    def give_up_all(self) -> None:
        """Every subscription is gone, though no browser knows."""
        for known in self.registrations.values():
            known.is_gone = True

    def cut(self) -> None:
        """The line breaks. Whoever calls again is brought nothing before `mend`.

        A Chromium that has just logged in takes it ill, and would let half a minute pass before it tries again.
        """
        time.sleep(max(0.0, self._called_at + _TOUCHY_SECONDS - time.monotonic()))
        self._is_cut = True
        self.hang_up()

    def hang_up(self) -> None:
        with self._lock:
            line, self._line, self._browser = self._line, None, None
        if line is not None:
            with suppress(OSError):  # it has hung up itself
                line.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        with self._lock:
            self._is_cut = False
            self._bring(self._waiting)

    def register(self, form: dict[str, list[str]]) -> str:
        if "delete" in form:
            for known in self.registrations.values():
                known.is_gone = known.is_gone or known.subtype == form["X-subtype"][0]
            return form["X-subtype"][0]
        token = f"token-{len(self.registrations)}"
        subtype = form.get("X-subtype", form["app"])[0]
        self.registrations[token] = Registration(token, sender=form["sender"][0], subtype=subtype)
        return token

    def talk(self, line: ssl.SSLSocket) -> None:
        """With one login of a browser, until it goes."""
        with line.makefile("rwb", buffering=0) as browser:
            self._serve(browser, line)  # type: ignore[arg-type]  # raw is written whole here

    def _serve(self, browser: BinaryIO, line: ssl.SSLSocket) -> None:
        if browser.read(1) != bytes([_MCS_VERSION]):
            raise EOFError
        browser.write(bytes([_MCS_VERSION]))
        while True:
            tag = _read(browser)
            with self._lock:
                if tag == _LOGIN:
                    _write(browser, _LOGIN_ANSWER, _text(1, "chrome-1") + _number(8, 1))
                    self._browser, self._line, self._called_at = browser, line, time.monotonic()
                    self._bring(self._waiting)
                elif tag == _PING:
                    _write(browser, _PING_ANSWER, b"")
                elif tag == _ACKNOWLEDGED and browser is self._browser and not self._is_cut:
                    self._waiting.clear()

    def _bring(self, stanzas: Sequence[bytes]) -> None:
        """To be called under the lock. A browser that is away comes again, and is brought them then."""
        if self._browser is not None and not self._is_cut:
            with suppress(OSError):
                for stanza in stanzas:
                    _write(self._browser, _PUSH, stanza)


@contextmanager
def google(folder: Path) -> Iterator[Google]:
    _, context = make_certificate(folder)
    web = ThreadingHTTPServer(("127.0.0.1", 0), _Desk)
    web.daemon_threads = True
    stream = socket.create_server(("127.0.0.1", 0))
    standing = Google(web, stream, folder)
    vars(web)["google"] = standing

    def listen() -> None:
        with suppress(OSError):
            while True:
                raw, _ = stream.accept()
                threads.append(threading.Thread(target=serve, args=[raw], daemon=True))
                threads[-1].start()

    def serve(raw: socket.socket) -> None:
        with suppress(OSError, EOFError), context.wrap_socket(raw, server_side=True) as secure:
            standing.talk(secure)

    threads = [threading.Thread(target=web.serve_forever, daemon=True), threading.Thread(target=listen, daemon=True)]
    for thread in threads[:]:
        thread.start()
    try:
        yield standing
    finally:
        standing.hang_up()
        web.shutdown()
        web.server_close()
        stream.shutdown(socket.SHUT_RDWR)
        stream.close()
        for thread in threads:
            thread.join(_GOODBYE_SECONDS)


class _Desk(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        standing: Google = vars(self.server)["google"]
        if self.path == "/checkin":
            now = int(time.time() * 1000)  # noqa: TID251 -- as above
            answer = _number(1, 1) + _number(3, now) + _fixed(7, _DEVICE_ID) + _fixed(8, _DEVICE_SECRET)
        else:
            answer = f"token={standing.register(parse_qs(body.decode()))}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


# --- As much of protocol buffers as it takes ---


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])


def _number(name: int, value: int) -> bytes:
    return _varint(name << 3) + _varint(value)


def _fixed(name: int, value: int) -> bytes:
    return _varint(name << 3 | 1) + value.to_bytes(8, "little")


def _bytes(name: int, value: bytes) -> bytes:
    return _varint(name << 3 | 2) + _varint(len(value)) + value


def _text(name: int, value: str) -> bytes:
    return _bytes(name, value.encode())


def _pair(key: str, value: str) -> bytes:
    return _bytes(7, _text(1, key) + _text(2, value))


def _write(stream: BinaryIO, tag: int, body: bytes) -> None:
    stream.write(bytes([tag]) + _varint(len(body)) + body)


def _read(stream: BinaryIO) -> int:
    """The tag of what comes next; what it says more is not needed."""
    tag = _whole(stream, 1)[0]
    size = shift = 0
    while True:
        byte = _whole(stream, 1)[0]
        size |= (byte & 0x7F) << shift
        if byte < 0x80:
            _whole(stream, size)
            return tag
        shift += 7


def _whole(stream: BinaryIO, count: int) -> bytes:
    found = b""
    while len(found) < count:
        chunk = stream.read(count - len(found))
        if not chunk:
            raise EOFError
        found += chunk
    return found
