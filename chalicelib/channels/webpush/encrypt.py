"""RFC 8291 over RFC 8188: one record, aes128gcm. On the hot path: about half of what a push costs."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chalicelib.core import chance

LARGEST_PLAINTEXT = 3_993  # 4,096 less the header (86), the padding delimiter (1) and the tag (16)
_RECORD_SIZE = (4_096).to_bytes(4)
_SALT_BYTES = _AUTH_BYTES = 16
_POINT_BYTES = 65
_CURVE = SECP256R1()
_AGREEMENT = ECDH()
_KEY_INFO = b"WebPush: info\0"
_CEK_INFO = b"Content-Encoding: aes128gcm\0\x01"
_NONCE_INFO = b"Content-Encoding: nonce\0\x01"
_BLOCK_BYTES = 64
_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))


class BadKey(Exception):
    """The browser's keys are not an uncompressed point on the curve and 16 bytes: it could never read the message."""


@dataclass(frozen=True, slots=True)
class Ephemeral:
    """The sender's half of one message; given in only to reproduce a known vector."""

    private: EllipticCurvePrivateKey
    salt: bytes


def encrypt(plaintext: bytes, *, p256dh: bytes, auth: bytes, ephemeral: Ephemeral | None = None) -> bytes:
    if len(plaintext) > LARGEST_PLAINTEXT:
        raise ValueError("the plaintext does not fit one record")
    if len(p256dh) != _POINT_BYTES or len(auth) != _AUTH_BYTES:
        raise BadKey
    private = ephemeral.private if ephemeral else generate_private_key(_CURVE)
    salt = ephemeral.salt if ephemeral else chance.token(_SALT_BYTES)
    try:
        browser = EllipticCurvePublicKey.from_encoded_point(_CURVE, p256dh)
    except ValueError:
        raise BadKey from None
    own = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    secret = _hmac(auth, private.exchange(_AGREEMENT, browser))
    keying = _hmac(secret, _KEY_INFO + p256dh + own + b"\x01")
    pseudorandom = _hmac(salt, keying)
    key = _hmac(pseudorandom, _CEK_INFO)[:16]
    nonce = _hmac(pseudorandom, _NONCE_INFO)[:12]
    return salt + _RECORD_SIZE + bytes([len(own)]) + own + AESGCM(key).encrypt(nonce, plaintext + b"\x02", None)


def _hmac(key: bytes, message: bytes) -> bytes:
    """RFC 2104, SHA-256, for keys of a block at most: `hmac.digest` sets OpenSSL up anew each time, and takes twice as
    long for the five of a message.
    """
    block = key.ljust(_BLOCK_BYTES, b"\0")
    return sha256(block.translate(_OUTER) + sha256(block.translate(_INNER) + message).digest()).digest()
