"""Simulated browsers. `PushService` hands out their subscriptions, the ledger lets them open their messages.

Everything about a subscriber follows from its endpoint id, so a restart needs no stored state.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chalicelib.core.encoding import b64url, unb64url

PREFIX = "sim-"
ANY_KEY = "any"
_CURVE = ec.SECP256R1()
_CURVE_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_ENDPOINT_ID = re.compile(r"sim-([0-9a-f]{1,16})-([0-9]{1,20})-(any|[0-9a-f]{16})-([0-9a-f]{16})")
_HIGHEST = 2**64 - 1
_POINT_SIZE = 65
_HEADER_SIZE = 16 + 4 + 1 + _POINT_SIZE  # RFC 8188: salt, record size, key id length, key id
_SMALLEST_RECORD = 1 + 16  # the delimiter and the tag


class Holder(Protocol):
    """Whoever is behind an endpoint."""

    def accepts(self, key_print: str) -> bool:
        """Whether the subscription was made under the VAPID key with this print."""
        ...

    def open(self, body: bytes) -> Opened:
        """As far as that is for us to read."""
        ...


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One simulated browser's subscription at one host."""

    host: str
    seed: int
    index: int
    key_print: str  # of the VAPID key it was made with, or ANY_KEY

    @property
    def endpoint_id(self) -> str:
        return f"{PREFIX}{self.seed:x}-{self.index}-{self.key_print}-{_seal(self)}"

    def accepts(self, key_print: str) -> bool:
        return self.key_print in {ANY_KEY, key_print}

    def keys(self) -> dict[str, str]:
        secrets = _secrets(self)
        point = secrets.private_key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {"p256dh": b64url(point), "auth": b64url(secrets.auth)}

    def open(self, body: bytes) -> Opened:
        secrets = _secrets(self)
        return open_message(body, private_key=secrets.private_key, auth=secrets.auth)


@dataclass(frozen=True, slots=True)
class Opened:
    """What the browser made of a message: its plaintext, or why it could not be read."""

    plaintext: bytes | None
    error: str | None = None


def new_subscriber(*, host: str, seed: int, index: int, vapid_public_key: str | None) -> Subscriber:
    if not (0 <= seed <= _HIGHEST and 0 <= index <= _HIGHEST):
        raise ValueError("seed and index must be between 0 and 2^64 - 1")
    return Subscriber(host=host, seed=seed, index=index, key_print=_print_of(vapid_public_key))


def find_subscriber(host: str, endpoint_id: str) -> Subscriber | None:
    """Whom this id was made for; None when it is no simulated one, was damaged, or belongs to another host."""
    found = _ENDPOINT_ID.fullmatch(endpoint_id)
    if found is None:
        return None
    seed, index, key_print, seal = int(found[1], 16), int(found[2]), found[3], found[4]
    subscriber = Subscriber(host=host, seed=seed, index=index, key_print=key_print)
    canonical = index <= _HIGHEST and found[1] == f"{seed:x}" and found[2] == f"{index}"
    return subscriber if canonical and hmac.compare_digest(seal, _seal(subscriber)) else None


def print_of(public_point: bytes) -> str:
    """How an endpoint id names the VAPID key that it is bound to."""
    return hashlib.sha256(public_point).hexdigest()[:16]


def open_message(body: bytes, *, private_key: ec.EllipticCurvePrivateKey, auth: bytes) -> Opened:
    """RFC 8291 as a browser applies it: exactly one record, a P-256 key id, padding and tag intact."""
    if not body:
        return Opened(None, "no payload")
    if len(body) < _HEADER_SIZE + _SMALLEST_RECORD or body[20] != _POINT_SIZE:
        return Opened(None, "not an aes128gcm message with a P-256 key")
    if len(body) - _HEADER_SIZE > int.from_bytes(body[16:20], "big"):
        return Opened(None, "more than one record")
    try:
        return Opened(http_ece.decrypt(body, private_key=private_key, auth_secret=auth, version="aes128gcm"))
    except (http_ece.ECEException, ValueError) as error:
        return Opened(None, f"undecipherable: {error}")


@dataclass(frozen=True, slots=True)
class _Secrets:
    private_key: ec.EllipticCurvePrivateKey
    auth: bytes


@lru_cache(maxsize=4096)
def _secrets(subscriber: Subscriber) -> _Secrets:
    scalar = int.from_bytes(_derive(subscriber, purpose=b"p256dh", size=40)) % (_CURVE_ORDER - 1) + 1
    return _Secrets(ec.derive_private_key(scalar, _CURVE), _derive(subscriber, purpose=b"auth", size=16))


def _seal(subscriber: Subscriber) -> str:
    return _derive(subscriber, purpose=b"seal", size=8).hex()


def _derive(subscriber: Subscriber, *, purpose: bytes, size: int) -> bytes:
    identity = f"{subscriber.host}|{subscriber.seed}|{subscriber.index}|{subscriber.key_print}".encode()
    return hashlib.blake2b(identity, person=purpose, digest_size=size).digest()


def _print_of(vapid_public_key: str | None) -> str:
    if vapid_public_key is None:
        return ANY_KEY
    point = unb64url(vapid_public_key)
    ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, point)  # a ValueError now beats a 403 later
    if len(point) != _POINT_SIZE:
        raise ValueError("a VAPID public key is an uncompressed P-256 point of 65 bytes")
    return print_of(point)
