"""New VAPID key pairs (RFC 8292: P-256), as the bytes that are kept of them."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_SCALAR_BYTES = 32


def key_pair() -> tuple[bytes, bytes]:
    private = generate_private_key(SECP256R1())
    scalar = private.private_numbers().private_value.to_bytes(_SCALAR_BYTES)
    return scalar, private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
