"""A browser's side of web push, for tests of the channel: its keys, and what it makes of a message."""

from __future__ import annotations

from dataclasses import dataclass, field

import http_ece
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chalicelib.core import chance


@dataclass(frozen=True)
class Browser:
    private: EllipticCurvePrivateKey = field(default_factory=lambda: generate_private_key(SECP256R1()))
    auth: bytes = field(default_factory=lambda: chance.token(16))

    @property
    def p256dh(self) -> bytes:
        return point_of(self.private)

    @property
    def scalar(self) -> bytes:
        return scalar_of(self.private)

    def read(self, body: bytes) -> bytes:
        """By the library that pywebpush encrypts with, which shares no code with ours."""
        plaintext = http_ece.decrypt(body, private_key=self.private, auth_secret=self.auth, version="aes128gcm")
        assert isinstance(plaintext, bytes)
        return plaintext


def point_of(private: EllipticCurvePrivateKey) -> bytes:
    return private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def scalar_of(private: EllipticCurvePrivateKey) -> bytes:
    return private.private_numbers().private_value.to_bytes(32)
