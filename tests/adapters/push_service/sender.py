"""A sender for these tests: VAPID tokens, right and wrong, RFC 8291 bodies, and one push through a fresh curl handle."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import http_ece
import pycurl
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jws
from joserfc.jwk import ECKey

from chalicelib.core import clock
from chalicelib.core.encoding import b64url, unb64url
from infra.local.push_service.service import PushService

H2, H1 = "h2", "http/1.1"
_VERSIONS = {H2: pycurl.CURL_HTTP_VERSION_2TLS, H1: pycurl.CURL_HTTP_VERSION_1_1}
HALF_A_DAY_SECONDS = 12 * 3600


def generate_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def point_of(key: ec.EllipticCurvePrivateKey) -> str:
    return b64url(key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


@dataclass(frozen=True)
class Answered:
    """What the client saw; `error` is curl's code, 0 when the exchange was sound."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    error: int

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Sender:
    key: ec.EllipticCurvePrivateKey = field(default_factory=generate_key)

    @property
    def public_key(self) -> str:
        return point_of(self.key)

    def authorization(self, url: str, **changes: Any) -> str:
        """A sound header for this endpoint, but for the claims changed; a claim changed to None is left out."""
        parts = urlsplit(url)
        wanted: dict[str, Any] = {
            "aud": f"https://{parts.netloc}",
            "exp": int(clock.now().timestamp()) + HALF_A_DAY_SECONDS,
            "sub": "mailto:ops@example.com",
        } | changes
        wanted = {name: value for name, value in wanted.items() if value is not None}
        token = jws.serialize_compact(
            {"typ": "JWT", "alg": "ES256"}, json.dumps(wanted).encode(), ECKey.import_key(self.key)
        )
        return f"vapid t={token}, k={self.public_key}"

    def headers(self, url: str, **changes: str | None) -> list[str]:
        """Sound headers, but for those changed (ttl="-1", content_encoding="gzip"); None leaves one out."""
        wanted: dict[str, str | None] = {
            "ttl": "60",
            "content_encoding": "aes128gcm",
            "authorization": self.authorization(url),
        }
        present = {name: value for name, value in (wanted | changes).items() if value is not None}
        return [f"{name.replace('_', '-')}: {value}" for name, value in present.items()]

    @staticmethod
    def encrypt(plaintext: bytes, subscription: Mapping[str, Any]) -> bytes:
        keys = subscription["keys"]
        body = http_ece.encrypt(
            plaintext,
            private_key=generate_key(),
            dh=unb64url(keys["p256dh"]),
            auth_secret=unb64url(keys["auth"]),
            version="aes128gcm",
        )
        assert isinstance(body, bytes)
        return body

    def push(
        self,
        service: PushService,
        subscription: Mapping[str, Any],
        plaintext: bytes = b"hello",
        *,
        version: str = H2,
        timeout_ms: int = 10_000,
        **changes: str | None,
    ) -> Answered:
        """One message, sound but for the headers changed."""
        url = subscription["endpoint"]
        body = self.encrypt(plaintext, subscription)
        return post(service, url, body, self.headers(url, **changes), version=version, timeout_ms=timeout_ms)


def post(
    service: PushService,
    url: str,
    body: bytes = b"",
    headers: list[str] | None = None,
    *,
    method: str = "POST",
    version: str = H2,
    timeout_ms: int = 10_000,
) -> Answered:
    curl = pycurl.Curl()
    try:
        return _perform(curl, service, url, body, headers or [], method, version, timeout_ms)
    finally:
        curl.close()


def _perform(
    curl: pycurl.Curl,
    service: PushService,
    url: str,
    body: bytes,
    headers: list[str],
    method: str,
    version: str,
    timeout_ms: int,
) -> Answered:
    content, head = io.BytesIO(), io.BytesIO()
    route(curl, service, version)
    curl.setopt(pycurl.URL, url)
    curl.setopt(pycurl.POST, 1)
    curl.setopt(pycurl.POSTFIELDS, body)
    curl.setopt(pycurl.CUSTOMREQUEST, method)
    if method == "HEAD":
        curl.setopt(pycurl.NOBODY, 1)
    curl.setopt(pycurl.HTTPHEADER, ["content-type: application/octet-stream", *headers])
    curl.setopt(pycurl.WRITEDATA, content)
    curl.setopt(pycurl.HEADERFUNCTION, head.write)
    curl.setopt(pycurl.TIMEOUT_MS, timeout_ms)
    error = 0
    try:
        curl.perform()
    except pycurl.error as failure:
        error = int(failure.args[0])
    lines = head.getvalue().decode("latin-1").split("\r\n\r\n")[0].splitlines()[1:]
    pairs = (line.partition(": ") for line in lines)
    return Answered(
        curl.getinfo(pycurl.RESPONSE_CODE),
        {name.lower(): value for name, _, value in pairs},
        content.getvalue(),
        error,
    )


def route(curl: pycurl.Curl, service: PushService, version: str = H2) -> None:
    """Whatever the URL says, the connection goes to the stand-in, whose certificate must fit the URL's host."""
    curl.setopt(pycurl.CONNECT_TO, service.connect_to)
    curl.setopt(pycurl.CAINFO, str(service.ca_path))
    curl.setopt(pycurl.HTTP_VERSION, _VERSIONS[version])
