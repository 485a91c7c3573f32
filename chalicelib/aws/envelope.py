"""Envelope encryption: AES-256-GCM under a KMS data key, bound to its context: moved elsewhere, a ciphertext is noise.

Layout, version 1: `0x01 | length of wrapped key (2) | wrapped key | nonce (12) | ciphertext and tag`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from botocore.exceptions import BotoCoreError, ClientError
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chalicelib.aws.clients import client
from chalicelib.config import settings
from chalicelib.core import chance, clock
from chalicelib.core.errors import PushError, Unavailable

Context = Mapping[str, str]

_VERSION = 1
_NONCE_BYTES = 12
_KEPT_FOR = timedelta(minutes=5)
_MOST_KEPT = 1_000
_opened: dict[tuple[bytes, bytes], tuple[datetime, bytes]] = {}


class Tampered(PushError):
    """A secret at rest was changed, or stands where it does not belong. It was not used.

    When: A stored key was altered or moved to another site, or its encryption key was replaced.

    Do: Nothing on your side will help. Tell us the request id that stands in `instance`.
    """

    code = "tampered_secret"
    title = "A stored secret does not open in its place."


def seal(plaintext: bytes, context: Context) -> bytes:
    try:
        fresh = client("kms").generate_data_key(
            KeyId=settings().kms_key, KeySpec="AES_256", EncryptionContext=dict(context)
        )
    except (ClientError, BotoCoreError) as error:
        raise Unavailable from error
    wrapped: bytes = fresh["CiphertextBlob"]
    nonce = chance.token(_NONCE_BYTES)
    header = bytes([_VERSION]) + len(wrapped).to_bytes(2) + wrapped
    return header + nonce + AESGCM(fresh["Plaintext"]).encrypt(nonce, plaintext, _bound(header, context))


def unseal(sealed: bytes, context: Context) -> bytes:
    wrapped_length = int.from_bytes(sealed[1:3])
    header, rest = sealed[: 3 + wrapped_length], sealed[3 + wrapped_length :]
    if sealed[:1] != bytes([_VERSION]) or len(rest) < _NONCE_BYTES:
        raise Tampered
    key = _data_key(header[3:], context)
    try:
        return AESGCM(key).decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], _bound(header, context))
    except InvalidTag:
        raise Tampered from None


def _bound(header: bytes, context: Context) -> bytes:
    return header + json.dumps(dict(context), sort_keys=True, separators=(",", ":")).encode()


def _data_key(wrapped: bytes, context: Context) -> bytes:
    place = (wrapped, _bound(b"", context))
    kept = _opened.get(place)
    if kept and clock.now() - kept[0] < _KEPT_FOR:
        return kept[1]
    try:
        answer = client("kms").decrypt(CiphertextBlob=wrapped, EncryptionContext=dict(context))
    except ClientError as error:
        if error.response["Error"]["Code"] in {"InvalidCiphertextException", "IncorrectKeyException"}:
            raise Tampered from None
        raise Unavailable from error
    except BotoCoreError as error:
        raise Unavailable from error
    if len(_opened) >= _MOST_KEPT:
        _opened.clear()
    _opened[place] = (clock.now(), answer["Plaintext"])
    return bytes(answer["Plaintext"])
